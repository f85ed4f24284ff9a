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
  /** Where the form is posted, with `login`, its fields, `csrf`, `return_to`, and `decision`: `sign-in` or `sign-out`. */
  readonly action: string;
  readonly logins: readonly LoginView[];
  /** Which of several logins was used last. */
  readonly login?: string | undefined;
  /** Where to go afterwards: a path of this site, checked by whoever calls. */
  readonly returnTo?: string | undefined;
  readonly csrf?: string | undefined;
  /** Who is signed in; the page then shows the account instead of the logins. */
  readonly account?: AccountView | null;
  /** What just happened: "You are signed out." */
  readonly notice?: string | undefined;
  readonly brand?: Brand | undefined;
  /** 200 unless told; 429 with `retryAfter`. */
  readonly status?: number;
}

/** The sign-in page. */
export function loginPage(view: LoginPageView): Response {
  const title = view.account ? 'You are signed in' : 'Sign in';
  const body = html`<h1>${title}</h1>
    ${view.notice && html`<p class="lead" role="status">${view.notice}</p>`}
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      ${view.csrf && html`<input type="hidden" name="csrf" value="${view.csrf}" />`}
      ${view.returnTo && html`<input type="hidden" name="return_to" value="${view.returnTo}" />`} ${problemBox(view)}
      ${view.account ? signOut(view.account, view.returnTo) : signIn(view)}
    </form>`;
  return page({ title, body, status: view.status, ...problemAnswer(view), formAction: [], brand: view.brand });
}

function signIn({ logins, login }: LoginPageView): Html {
  return html`<div class="part">${loginFields(logins, login)}</div>
    <div class="actions"><button class="main" name="decision" value="sign-in" ${unchecked(logins)}>Sign in</button></div>`;
}

function signOut(account: AccountView, returnTo: string | undefined): Html {
  return html`<div class="panel">${accountRow(account)}</div>
    <div class="actions">
      ${returnTo && html`<a class="button main" href="${returnTo}">Go on</a>`}<button name="decision" value="sign-out">Sign out</button>
    </div>`;
}
