/**
 * The pages below the account page and beside the sign-in page: their frame of heading, content and the way back, and the content of those on which
 * accounts at other providers are linked. Logins bring the content of their own.
 */
import { askFirst, errorBox, html, type Html, type HtmlValue } from '../lib/html.ts';
import { sayDay, type Words } from '../words/words.ts';
import { type Brand, page, type PageParts, TICK } from './layout.ts';
import { linkLine, type LinkView, problemAnswer, type SiteButton, siteMark } from './sign-in.ts';

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
  /** Where the forms are posted, with `join` or `part`. */
  readonly action: string;
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
  readonly error?: string | undefined;
}

/** The upstream logins that are linked to an account. */
export function signInsBody({ action, joined, mayPart, sites, error }: SignInsView, words: Words): Html {
  const say = words.account;
  return html`${errorBox(error)}
    ${joined.map(
      ({ mark, site, account, since }) =>
        html`<div class="panel">
          <b><bdi>${site}</bdi></b>
          ${account !== null && html`<p><bdi>${account}</bdi></p>`}
          <p class="hint">${say.joined(sayDay(since, words))}</p>
          ${
            mayPart &&
            html`<form method="post" action="${action}">
              ${askFirst(say.part, say.surePart(html`<bdi>${site}</bdi>`), html`<button name="part" value="${mark}">${say.part}</button>`)}
            </form>`
          }
        </div>`,
    )}
    <form method="post" action="${action}">
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
