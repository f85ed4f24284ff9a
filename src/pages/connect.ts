/** Page on which a user connects an upstream account that a tool asked for. */
import { errorBox, html, type Html, type HtmlValue } from '../lib/html.ts';
import { TICK } from './layout.ts';
import type { Words } from '../words/words.ts';

/** Content of the page. */
export interface ConnectView {
  /** Where the form is posted, with `account`. */
  readonly action: string;
  /** Identifies the account that the page was shown to. */
  readonly account: string;
  readonly app: string;
  readonly site: string;
  readonly scopes: readonly string[];
  readonly error?: HtmlValue;
}

/** The content. */
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
