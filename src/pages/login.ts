/**
 * Sign-in page without an authorization request; for a signed-in user, the account and the sign-out button.
 */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import { page } from './layout.ts';
import type { Brand } from '../model/brand.ts';
import {
  accountRow,
  type AccountView,
  apart,
  describedByProblem,
  enterButton,
  linkLine,
  type LinkView,
  loginFields,
  type LoginView,
  type Problem,
  problemAnswer,
  problemBox,
  type SiteButton,
  unchecked,
  waysIn,
} from './sign-in.ts';
import type { Words } from '../words/words.ts';

/** Content of the page. */
export interface LoginPageView extends Problem {
  /** Where the form is posted, with `login`, its fields, and `decision`: `sign-in` or `sign-out`. */
  readonly action: string;
  readonly logins: readonly LoginView[];
  /** The upstream logins; their buttons are posted as `with`. */
  readonly sites?: readonly (SiteButton & { readonly site: string })[];
  /** Ids of logins and providers in the order of the option `logins`. */
  readonly order?: readonly string[];
  /** The login that was used last. */
  readonly login?: string | undefined;
  /** The signed-in account, shown instead of the logins. */
  readonly account?: AccountView | null;
  /** Whether a user is signed in and has to authenticate again. */
  readonly again?: boolean;
  /** Whether the user has just signed out. */
  readonly signedOut?: boolean;
  /** URL of the account page, for a signed-in user. */
  readonly accountPath?: string;
  /** Links for users who cannot sign in. */
  readonly links?: readonly LinkView[];
  readonly words: Words;
  readonly brand?: Brand | undefined;
  /** Default 200; 429 with `retryAfter`. */
  readonly status?: number;
}

/** The sign-in page. */
export function loginPage(view: LoginPageView): Response {
  const { account, signIn: signInWords } = view.words;
  const title = view.account ? signInWords.signedInTitle : view.again ? account.again : signInWords.title;
  const body = html`<h1>${title}</h1>
    ${view.signedOut && html`<p class="lead" role="status">${signInWords.signedOut}</p>`}
    ${view.again && html`<p class="lead">${view.words.account.againWhy}</p>`}
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      ${problemBox(view, view.words)} ${view.account ? signOut(view.account, view) : signIn(view)}
    </form>
    ${!view.account && linkLine(view.links ?? [])}`;
  return page({
    words: view.words,
    title,
    body,
    status: view.status,
    ...problemAnswer(view),
    formAction: view.account || (view.sites ?? []).length === 0 ? 'own' : 'leaves',
    brand: view.brand,
    shows: { page: 'signIn', view },
  });
}

function signIn(view: LoginPageView): Html {
  const { logins, sites = [], order, login, words } = view;
  const ways = { logins, sites, order };
  const { typed } = apart(logins);
  const fields = html`<div class="part">${loginFields(typed, login, view)}</div>
    <div class="actions">
      <button class="main" name="decision" value="sign-in" ${unchecked(typed)}>
        ${typed.length === 1 ? (typed[0]?.next ?? words.signIn.button) : words.signIn.button}
      </button>
    </div>`;
  return html`${enterButton(ways, 'sign-in')} ${waysIn(ways, words, fields, words.approve.continueWith)}`;
}

function signOut(account: AccountView, { accountPath, words }: LoginPageView): Html {
  return html`<div class="panel">${accountRow(account)}</div>
    <div class="actions">
      ${accountPath && html`<a class="button main" href="${accountPath}">${words.account.title}</a>`}
      <button name="decision" value="sign-out">${words.signIn.signOut}</button>
    </div>`;
}
