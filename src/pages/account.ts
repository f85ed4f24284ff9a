/**
 * The account page: the person, the parts that logins bring along, the connected apps, and the browsers that are signed in.
 * Every button is a form of its own to one address; nothing on it needs a script.
 */
import { html } from '../lib/html.ts';
import type { Html, HtmlValue } from '../lib/html.ts';
import { page } from './layout.ts';
import type { Brand } from './layout.ts';
import { accountRow } from './sign-in.ts';
import type { AccountView } from './sign-in.ts';

const TEXTS = {
  title: 'Your account',
  signOut: 'Sign out',
  apps: 'Connected apps',
  noApps: 'No app is connected.',
  nameless: 'An app without a name',
  since: 'Connected since',
  used: 'last used',
  may: 'May:',
  organization: 'Organization:',
  disconnect: 'Disconnect',
  disconnectAll: 'Disconnect all apps',
  more: 'More apps',
  sessions: 'Signed-in browsers',
  here: 'This browser',
  browser: (browser: string | undefined, system: string | undefined): string =>
    browser && system ? `${browser} on ${system}` : (browser ?? system ?? 'A browser'),
  signedIn: 'Signed in',
  seen: 'last seen',
  end: 'Sign out there',
  everywhere: 'Sign out everywhere',
  andApps: 'Disconnect all apps too',
} as const;

/** An app as the page lists it: all that was allowed to one client. */
export interface AppView {
  readonly id: string;
  readonly name?: string | undefined;
  /** Host of the document that describes it: the one thing about it that was checked. */
  readonly host?: string | undefined;
  /** What it may do, in words where there are words. */
  readonly scopes: readonly string[];
  readonly organization?: string | undefined;
  readonly since: number;
  readonly used: number;
}

/** A signed-in browser. */
export interface SessionView {
  /** Names it in the form. */
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
  readonly title: string;
  readonly detail: string;
}

/** All that the page shows. */
export interface AccountPageView {
  /** Where the forms are posted. */
  readonly action: string;
  /** Where "Sign out" is posted. */
  readonly signOut: string;
  readonly account: AccountView;
  readonly lines: readonly LineView[];
  readonly apps: readonly AppView[];
  /** Where the list goes on. */
  readonly more?: string | undefined;
  readonly sessions: readonly SessionView[];
  readonly brand?: Brand;
  readonly status?: number;
}

/** The account page. */
export function accountPage(view: AccountPageView): Response {
  const body = html`<h1>${TEXTS.title}</h1>
    <div class="panel">
      ${accountRow(view.account)}
      <form method="post" action="${view.signOut}"><button class="plain" name="decision" value="sign-out">${TEXTS.signOut}</button></form>
    </div>
    ${view.lines.length > 0 && lines(view.lines)} ${apps(view)} ${sessions(view)}`;
  return page({ title: TEXTS.title, body, status: view.status, formAction: [], brand: view.brand });
}

function lines(list: readonly LineView[]): Html {
  return html`<nav class="part" aria-label="${TEXTS.title}">
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

function apps({ action, account, apps: list, more }: AccountPageView): Html {
  return html`<section class="part" aria-labelledby="apps-title">
    <h2 id="apps-title">${TEXTS.apps}</h2>
    ${list.length === 0 && html`<p class="lead">${TEXTS.noApps}</p>`}
    ${list.map((app) => html`<div class="panel">${appText(app)}${form(action, account, { client: app.id }, 'disconnect', TEXTS.disconnect)}</div>`)}
    ${more && html`<p class="foot"><a href="${more}">${TEXTS.more}</a></p>`}
    ${list.length > 1 && form(action, account, {}, 'disconnect-all', TEXTS.disconnectAll)}
  </section>`;
}

function appText({ name, host, scopes, organization, since, used }: AppView): Html {
  return html`<b><bdi>${name ?? TEXTS.nameless}</bdi></b>
    ${host && html`<p class="hint"><bdi>${host}</bdi></p>`}
    ${scopes.length > 0 && html`<p class="hint">${TEXTS.may} ${scopes.map((scope, at): HtmlValue => [at > 0 && ' · ', html`<bdi>${scope}</bdi>`])}</p>`}
    ${organization && html`<p class="hint">${TEXTS.organization} <bdi>${organization}</bdi></p>`}
    <p class="hint">${TEXTS.since} ${day(since)}, ${TEXTS.used} ${day(used)}</p>`;
}

function sessions({ action, account, sessions: list }: AccountPageView): Html {
  return html`<section class="part" aria-labelledby="sessions-title">
    <h2 id="sessions-title">${TEXTS.sessions}</h2>
    ${list.map((session) => html`<div class="panel">${sessionText(session)}${!session.here && form(action, account, { session: session.mark }, 'end-session', TEXTS.end)}</div>`)}
    <form method="post" action="${action}">
      <input type="hidden" name="account" value="${account.mark}" />
      <label class="tick"><input type="checkbox" name="apps" value="1" /><span>${TEXTS.andApps}</span></label>
      <button name="decision" value="sign-out-everywhere">${TEXTS.everywhere}</button>
    </form>
  </section>`;
}

function sessionText({ here, browser, system, network, since, seen }: SessionView): Html {
  return html`<b>${TEXTS.browser(browser, system)}</b>
    ${here && html`<p class="hint">${TEXTS.here}</p>`} ${network && html`<p class="hint"><bdi>${network}</bdi></p>`}
    <p class="hint">${TEXTS.signedIn} ${day(since)}, ${TEXTS.seen} ${day(seen)}</p>`;
}

/** One button that does one thing. */
function form(action: string, account: AccountView, fields: { readonly [name: string]: string }, decision: string, text: string): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="account" value="${account.mark}" />
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button class="plain" name="decision" value="${decision}">${text}</button>
  </form>`;
}

const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

function day(seconds: number): Html {
  const date = new Date(seconds * 1000);
  return html`<time datetime="${date.toISOString()}">${DAY.format(date)} UTC</time>`;
}
