/**
 * The sign-in page outside of an authorization; for someone who is signed in, the account and the way out.
 */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';
import { page } from './layout.ts';
import type { Brand } from './layout.ts';
import { accountRow, describedByProblem, loginFields, problemAnswer, problemBox, unchecked } from './sign-in.ts';
import type { AccountView, LoginView, Problem } from './sign-in.ts';

/** All that the page shows. */
export interface LoginPageView extends Problem {
  /** Where the form is posted, with `login`, its fields, and `decision`: `sign-in` or `sign-out`. */
  readonly action: string;
  readonly logins: readonly LoginView[];
  /** Which of several logins was used last. */
  readonly login?: string | undefined;
  /** Who is signed in; the page then shows the account instead of the logins. */
  readonly account?: AccountView | null;
  /** Whether somebody is signed in and has to prove it once more. */
  readonly again?: boolean;
  /** Where somebody who is signed in finds their account. */
  readonly accountPath?: string;
  readonly brand?: Brand | undefined;
  /** 200 unless told; 429 with `retryAfter`. */
  readonly status?: number;
}

/** The sign-in page. */
export function loginPage(view: LoginPageView): Response {
  const title = view.account ? 'You are signed in' : view.again ? 'Confirm that it is you' : 'Sign in';
  const body = html`<h1>${title}</h1>
    ${view.again && html`<p class="lead">For what you are about to do, sign in once more.</p>`}
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      ${problemBox(view)} ${view.account ? signOut(view.account, view.accountPath) : signIn(view)}
    </form>`;
  return page({ title, body, status: view.status, ...problemAnswer(view), formAction: [], brand: view.brand });
}

function signIn({ logins, login }: LoginPageView): Html {
  return html`<div class="part">${loginFields(logins, login)}</div>
    <div class="actions"><button class="main" name="decision" value="sign-in" ${unchecked(logins)}>Sign in</button></div>`;
}

function signOut(account: AccountView, path: string | undefined): Html {
  return html`<div class="panel">${accountRow(account)}</div>
    <div class="actions">
      ${path && html`<a class="button main" href="${path}">Your account</a>`}
      <button name="decision" value="sign-out">Sign out</button>
    </div>`;
}
