/**
 * The sign-in page outside of an authorization; for someone who is signed in, the account and the way out.
 */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import { page } from './layout.ts';
import type { Brand } from './layout.ts';
import { accountRow, describedByProblem, loginFields, problemAnswer, problemBox, unchecked } from './sign-in.ts';
import type { AccountView, LoginView, Problem } from './sign-in.ts';
import type { Words } from './words/words.ts';

/** All that the page shows. */
export interface LoginPageView extends Problem {
  /** Where the form is posted, with `login`, its fields, and `decision`: `sign-in` or `sign-out`. */
  readonly action: string;
  readonly logins: readonly LoginView[];
  /** Which of several logins was used last. */
  readonly login?: string | undefined;
  /** Who is signed in; the page then shows the account instead of the logins. */
  readonly account?: AccountView | null;
  readonly words: Words;
  readonly brand?: Brand | undefined;
  /** 200 unless told; 429 with `retryAfter`. */
  readonly status?: number;
}

/** The sign-in page. */
export function loginPage(view: LoginPageView): Response {
  const title = view.account ? view.words.signIn.signedInTitle : view.words.signIn.title;
  const body = html`<h1>${title}</h1>
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      ${problemBox(view, view.words)} ${view.account ? signOut(view.account, view.words) : signIn(view)}
    </form>`;
  return page({ words: view.words, title, body, status: view.status, ...problemAnswer(view), formAction: [], brand: view.brand });
}

function signIn({ logins, login, words }: LoginPageView): Html {
  return html`<div class="part">${loginFields(logins, login)}</div>
    <div class="actions"><button class="main" name="decision" value="sign-in" ${unchecked(logins)}>${words.signIn.button}</button></div>`;
}

function signOut(account: AccountView, words: Words): Html {
  return html`<div class="panel">${accountRow(account)}</div>
    <div class="actions">
      <button name="decision" value="sign-out">${words.signIn.signOut}</button>
    </div>`;
}
