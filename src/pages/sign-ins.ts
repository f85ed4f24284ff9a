/**
 * Page of the upstream logins that are linked to an account.
 */
import { askFirst, errorBox, html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import { sayDay, type Words } from '../words/words.ts';
import { type SiteButton, siteMark } from './sign-in.ts';

/** Content of the page. */
export interface SignInsView {
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

/** The content. */
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
