/**
 * Account page: the user, the sections that logins add, the connected apps, and the signed-in browsers. Every button is a form of its own with the same
 * action; no script is needed. Its sections have pages below it: their frame of heading, content and the way back, which pages beside the sign-in page
 * have as well, and the content of those on which accounts at other providers are linked. Logins bring the content of their own.
 */
import { askFirst, errorBox, html, type Html, type HtmlValue } from '../lib/html.ts';
import { isLoopbackNetwork } from '../lib/http.ts';
import { type Brand, page, type PageParts, TICK } from './layout.ts';
import { accountRow, type AccountView, linkLine, type LinkView, problemAnswer, type SiteButton, siteMark } from './sign-in.ts';
import { sayDay, sayTime, type Words } from '../words/words.ts';

/** A connected app: all grants of one client. */
export interface AppView {
  readonly id: string;
  readonly name?: string | undefined;
  /** Host of its metadata document: the only verified fact about it. */
  readonly host?: string | undefined;
  /** What it may do: descriptions of its scopes, or their names. */
  readonly scopes: readonly string[];
  /** The organization that it may act for. */
  readonly organizations?: readonly string[];
  readonly since: number;
  readonly used: number;
}

/** A signed-in browser. */
export interface SessionView {
  /** Identifies it in the form. */
  readonly mark: string;
  readonly here: boolean;
  readonly browser?: string | undefined;
  readonly system?: string | undefined;
  readonly network?: string | undefined;
  readonly since: number;
  readonly seen: number;
}

/** A part of the account with a page of its own. */
export interface LineView {
  readonly path: string;
  readonly title: HtmlValue;
  readonly detail: HtmlValue;
}

/** Content of the page. */
export interface AccountPageView {
  /** Where the forms are posted. */
  readonly action: string;
  /** Where "Sign out" is posted. */
  readonly signOut: string;
  readonly account: AccountView;
  readonly lines: readonly LineView[];
  readonly apps: readonly AppView[];
  /** URL of the next page of the list. */
  readonly more?: string | undefined;
  readonly sessions: readonly SessionView[];
  readonly words: Words;
  readonly brand?: Brand;
  readonly status?: number;
}

/** The account page. */
export function accountPage(view: AccountPageView): Response {
  const { words } = view;
  const body = html`<h1>${words.account.title}</h1>
    <div class="panel">
      ${accountRow(view.account)}
      <form method="post" action="${view.signOut}">
        <button class="plain" name="decision" value="sign-out">${words.signIn.signOut}</button>
      </form>
    </div>
    ${view.lines.length > 0 && lines(view)} ${apps(view)} ${sessions(view)}`;
  return page({
    words,
    title: words.account.title,
    body,
    status: view.status,
    formAction: 'own',
    brand: view.brand,
    shows: { page: 'account', view },
  });
}

function lines({ lines: list, words }: AccountPageView): Html {
  return html`<nav class="part" aria-labelledby="settings-title">
    <h2 id="settings-title">${words.account.settings}</h2>
    <ul class="scopes">
      ${list.map(
        ({ path, title, detail }) =>
          html`<li class="tick fixed">
            <span><a href="${path}">${title}</a><small>${detail}</small></span>
          </li>`,
      )}
    </ul>
  </nav>`;
}

function apps({ action, account, apps: list, more, words }: AccountPageView): Html {
  return html`<section class="part" aria-labelledby="apps-title">
    <h2 id="apps-title">${words.account.apps}</h2>
    ${list.length === 0 && html`<p class="lead">${words.account.noApps}</p>`}
    ${list.map((app) => html`<div class="panel">${appText(app, words)}${form(action, account, { client: app.id }, 'disconnect', words.account.disconnect, words.account.sureApp(html`<bdi>${app.name ?? words.account.nameless}</bdi>`))}</div>`)}
    ${more && html`<p class="foot"><a href="${more}">${words.account.more}</a></p>`}
    ${list.length > 1 && form(action, account, {}, 'disconnect-all', words.account.disconnectAll, words.account.sureAll)}
  </section>`;
}

function appText({ name, host, scopes, organizations = [], since, used }: AppView, words: Words): Html {
  const texts = words.account;
  return html`<b><bdi>${name ?? texts.nameless}</bdi></b>
    ${host && html`<p class="hint"><bdi>${host}</bdi></p>`} ${scopes.length > 0 && html`<p class="hint">${texts.can} ${listed(scopes)}</p>`}
    ${organizations.length > 0 && html`<p class="hint">${texts.organization} ${listed(organizations)}</p>`}
    <p class="hint">${texts.connected(time(since, words), time(used, words, sayTime))}</p>`;
}

/** Untrusted texts in a row, each isolated by `<bdi>`. */
function listed(texts: readonly string[]): Html {
  return html`${texts.map((text, at): HtmlValue => [at > 0 && ' · ', html`<bdi>${text}</bdi>`])}`;
}

function sessions({ action, account, sessions: list, words }: AccountPageView): Html {
  return html`<section class="part" aria-labelledby="sessions-title">
    <h2 id="sessions-title">${words.account.sessions}</h2>
    ${list.map((session) => html`<div class="panel">${sessionText(session, words)}${!session.here && form(action, account, { session: session.mark }, 'end-session', words.account.end)}</div>`)}
    <form method="post" action="${action}">
      <input type="hidden" name="account" value="${account.mark}" />
      ${askFirst(
        words.account.everywhere,
        words.account.sureEverywhere,
        html`<label class="tick"><input type="checkbox" name="apps" value="1" /><span>${words.account.andApps}</span></label>
          <button name="decision" value="sign-out-everywhere">${words.account.everywhere}</button>`,
      )}
    </form>
  </section>`;
}

function sessionText({ here, browser, system, network, since, seen }: SessionView, words: Words): Html {
  const texts = words.account;
  const name = browser && system ? texts.browserOn(browser, system) : (browser ?? system ?? texts.browser);
  const place = network && (isLoopbackNetwork(network) ? !here && texts.thisComputer : html`<bdi>${network}</bdi>`);
  const where: readonly HtmlValue[] = [here && texts.here, place].filter((one) => one);
  return html`<b>${name}</b>
    ${where.length > 0 && html`<p class="hint">${where.map((one, at): HtmlValue => [at > 0 && ' · ', one])}</p>`}
    <p class="hint">${texts.session(time(since, words), time(seen, words, sayTime))}</p>`;
}

/** A form with one button. @param why what will happen, if the button must ask first. */
function form(
  action: string,
  account: AccountView,
  fields: { readonly [name: string]: string },
  decision: string,
  text: string,
  why?: HtmlValue,
): Html {
  const button = html`<button class="${why === undefined && 'plain'}" name="decision" value="${decision}">${text}</button>`;
  return html`<form method="post" action="${action}">
    <input type="hidden" name="account" value="${account.mark}" />
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    ${why === undefined ? button : askFirst(text, why, button)}
  </form>`;
}

function time(seconds: number, words: Words, say: typeof sayDay = sayDay): Html {
  return html`<time datetime="${new Date(seconds * 1000).toISOString()}">${say(seconds, words)}</time>`;
}

/** Content of the page. */
export interface SectionPageView {
  readonly title: HtmlValue;
  readonly body: Html;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly script?: PageParts['script'];
  /** Whether its forms may lead to another site. */
  readonly leaves?: boolean;
  /** The way back. */
  readonly back: LinkView;
  /** Nothing is left to do but to go back: shows that link as the button of the page. */
  readonly isDone?: boolean;
  readonly words: Words;
  readonly brand?: Brand;
}

/** A page below the account page. */
export function sectionPage(view: SectionPageView): Response {
  const { title, body, status, retryAfter, script, leaves = false, back, isDone = false, words, brand } = view;
  const shows = { page: 'section', view };
  const framed = html`<h1>${title}</h1>
    ${body} ${isDone ? html`<div class="actions"><a class="button main" href="${back.href}">${back.text}</a></div>` : linkLine([back])}`;
  const formAction = leaves ? 'leaves' : 'own';
  return page({ words, title, body: framed, status, ...problemAnswer({ retryAfter }), formAction, script, brand, shows });
}

/** Content of {@link signInsBody}. */
interface SignInsView {
  /** Where the forms are posted, with `account` and `join` or `part`. */
  readonly action: string;
  /** Identifies the account that the page was shown to. */
  readonly account: string;
  readonly joined: readonly {
    readonly mark: string;
    readonly site: string;
    /** Name of the account at the provider, if known. */
    readonly account: string | null;
    readonly since: number;
  }[];
  /** Whether one of them may be removed. */
  readonly mayPart: boolean;
  /** Providers that can be linked. */
  readonly sites: readonly SiteButton[];
  readonly error?: HtmlValue;
}

/** The upstream logins that are linked to an account. */
export function signInsBody({ action, account, joined, mayPart, sites, error }: SignInsView, words: Words): Html {
  const say = words.account;
  const shownTo = html`<input type="hidden" name="account" value="${account}" />`;
  return html`${errorBox(error)}
    ${joined.map(
      ({ mark, site, account: name, since }) =>
        html`<div class="panel">
          <b><bdi>${site}</bdi></b>
          ${name !== null && html`<p><bdi>${name}</bdi></p>`}
          <p class="hint">${say.joined(sayDay(since, words))}</p>
          ${
            mayPart &&
            html`<form method="post" action="${action}">
              ${shownTo}
              ${askFirst(say.part, say.surePart(html`<bdi>${site}</bdi>`), html`<button name="part" value="${mark}">${say.part}</button>`)}
            </form>`
          }
        </div>`,
    )}
    <form method="post" action="${action}">
      ${shownTo}
      <div class="sites">
        ${sites.map(
          ({ id, label, icon }) => html`<button name="join" value="${id}">${siteMark(icon)}${say.join(html`<bdi>${label}</bdi>`)}</button>`,
        )}
      </div>
    </form>`;
}

/** Content of {@link connectBody}. */
interface ConnectView {
  /** Where the form is posted, with `account`. */
  readonly action: string;
  /** Identifies the account that the page was shown to. */
  readonly account: string;
  readonly app: string;
  readonly site: string;
  readonly scopes: readonly string[];
  readonly error?: HtmlValue;
}

/** The upstream account that a tool asked for. */
export function connectBody({ action, account, app, site, scopes, error }: ConnectView, words: Words): Html {
  const say = words.connect;
  return html`${errorBox(error)}
    <p class="lead long">${say.lead(html`<strong><bdi>${app}</bdi></strong>`, html`<bdi>${site}</bdi>`)}</p>
    ${
      scopes.length > 0 &&
      html`<ul class="scopes part">
        ${scopes.map(
          (scope) =>
            html`<li>
              <div class="tick fixed">${TICK}<code>${scope}</code></div>
            </li>`,
        )}
      </ul>`
    }
    <form method="post" action="${action}">
      <input type="hidden" name="account" value="${account}" />
      <div class="actions"><button class="main">${say.go(html`<bdi>${site}</bdi>`)}</button></div>
    </form>`;
}
