/**
 * Confirmation page: shown after the login if the user has to choose an organization or may not grant all selected scopes.
 * It is the last approval of the request, with the same form as the consent page; the form decides nothing else.
 */
import { html, type Html } from '../lib/html.ts';
import type { ScopeView } from './approve.ts';
import type { ClientView } from './client.ts';
import { type Brand, page, TICK } from './layout.ts';
import { accountRow, type AccountView, organizationPicker, type OrganizationView } from './sign-in.ts';
import type { Words } from '../words/words.ts';

type ScopeName = Pick<ScopeView, 'name' | 'description'>;

/** Content of the page. */
export interface ConfirmView {
  /** Where the form is posted, with `pending`, `account`, `scope` (repeated), `organization` and `decision`: `approve`, `deny` or `switch`. */
  readonly action: string;
  readonly pendingId: string;
  readonly client: ClientView;
  readonly redirectUri: string;
  readonly redirectHost: string;
  readonly resourceName: string;
  /** Scopes to be granted. */
  readonly scopes: readonly ScopeName[];
  /** Selected scopes that this user cannot grant. */
  readonly dropped: readonly ScopeName[];
  /** Organizations to choose from; empty if there is no choice. */
  readonly organizations: readonly OrganizationView[];
  readonly account: AccountView;
  /** The selection of "do not ask again", posted as `remember`. */
  readonly remember: boolean;
  readonly brand?: Brand | undefined;
  readonly words: Words;
}

/** The page. */
export function confirmPage(view: ConfirmView): Response {
  const { words, account } = view;
  const { approve: say, confirm } = words;
  const title = view.organizations.length > 0 ? confirm.chooseTitle : confirm.title;
  const body = html`<h1>${title}</h1>
    <p class="lead long">
      ${confirm.lead(html`<strong><bdi>${view.client.name ?? view.client.id}</bdi></strong>`, html`<bdi>${view.redirectHost}</bdi>`)}
    </p>
    <form method="post" action="${view.action}">
      <input type="hidden" name="pending" value="${view.pendingId}" />
      <input type="hidden" name="client" value="${view.client.id}" />
      ${account.mark && html`<input type="hidden" name="account" value="${account.mark}" />`}
      ${view.remember && html`<input type="hidden" name="remember" value="yes" />`}
      <section class="part" aria-labelledby="account-title">
        <h2 id="account-title">${say.account}</h2>
        <div class="panel">
          ${accountRow(account)}<button class="plain" name="decision" value="switch" formnovalidate>${say.switch}</button>
        </div>
      </section>
      ${organizationPicker(view.organizations, words)} ${list(say.scopes, view.scopes, true)} ${list(confirm.dropped, view.dropped, false)}
      <div class="actions">
        <button class="main" name="decision" value="approve">${say.allow}</button>
        <button name="decision" value="deny" formnovalidate>${say.deny}</button>
      </div>
    </form>`;
  return page({ words, title, body, formAction: 'leaves', brand: view.brand, shows: { page: 'confirm', view } });
}

function list(legend: string, scopes: readonly ScopeName[], given: boolean): Html | false {
  return (
    scopes.length > 0 &&
    html`<div class="part">
      <h2>${legend}</h2>
      <ul class="scopes">
        ${scopes.map(
          ({ name, description }) =>
            html`<li>
              <div class="tick fixed">
                ${given && html`${TICK}<input type="hidden" name="scope" value="${name}" />`}<span
                  >${description ?? html`<code>${name}</code>`}${description && html`<small><code>${name}</code></small>`}</span
                >
              </div>
            </li>`,
        )}
      </ul>
    </div>`
  );
}
