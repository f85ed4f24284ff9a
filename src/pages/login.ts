/**
 * Pages on which a user signs in without the consent page or before it: the sign-in page, which for a signed-in user has the account and the sign-out
 * button; the page of a step, a later page of a login or a second factor; and the page for the code that a device shows.
 */
import { field, html, type Html, markWrong } from '../lib/html.ts';
import type { Brand } from '../model/display.ts';
import type { StepView } from '../model/login.ts';
import type { Words } from '../words/words.ts';
import { page, type PageParts } from './layout.ts';
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

/** Content of the sign-in page. */
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

/** Content of the page of a step. */
export interface StepPageView extends Problem {
  /** Where the form is posted, with `step`, the fields, and `decision`: `go` or `restart`. */
  readonly action: string;
  /** The secret that opens the step. */
  readonly step: string;
  readonly view: StepView;
  /** SHA-256 of the view's script, in base64. */
  readonly scriptHash?: string | undefined;
  /** Whether the sign-in ends with a redirect to an app. */
  readonly leaves: boolean;
  readonly words: Words;
  readonly brand?: PageParts['brand'];
  /** Default 200; 429 with `retryAfter`. */
  readonly status?: number | undefined;
}

/**
 * The page of a step. Its first button continues, so that Enter does that. The form only has what the user typed: the rest is stored by the
 * server (SEC-158).
 */
export function stepPage(view: StepPageView): Response {
  const { title, text, fields, button, more, script } = view.view;
  const body = html`<h1>${title}</h1>
    ${text && html`<p class="lead">${text}</p>`}
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      <input type="hidden" name="step" value="${view.step}" />${problemBox(view, view.words)}
      <div class="part">${view.error === undefined || view.retryAfter !== undefined ? fields : markWrong(fields, view.wrong)}</div>
      <div class="actions">${button !== null && html`<button class="main" name="decision" value="go">${button}</button>`}</div>
      ${more}
      <button class="plain" name="decision" value="restart" formnovalidate>${view.words.step.restart}</button>
    </form>`;
  return page({
    words: view.words,
    title,
    body,
    status: view.status,
    ...problemAnswer(view),
    formAction: view.leaves ? 'leaves' : 'own',
    brand: view.brand,
    shows: { page: 'step', view },
    script: script === undefined ? undefined : { text: script, hash: view.scriptHash ?? '' },
  });
}

/** Content of the page for the user code of a device. */
export interface DeviceView extends Problem {
  /** Where the form is posted, with `user_code`. */
  readonly action: string;
  /** Value of the field. */
  readonly userCode: string;
  readonly words: Words;
  readonly brand?: Brand;
  /** Default 200. */
  readonly status?: number;
}

/** The page. A code from the link is shown for comparison, and never accepted without the user (RFC 8628 §3.3.1, §5.4). */
export function devicePage(view: DeviceView): Response {
  const { words, userCode, status } = view;
  const say = words.device;
  const code = field('user_code', say.code, 'off', {
    id: 'user_code',
    value: userCode,
    autocapitalize: 'characters',
    more: { maxlength: 20, dir: 'ltr' },
  });
  const body = html`<h1>${say.title}</h1>
    <p class="lead">${userCode === '' || view.error !== undefined ? say.lead : say.compare}</p>
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      ${problemBox(view, words)} ${view.error === undefined ? code : markWrong(code)}
      <div class="actions"><button class="main">${say.go}</button></div>
    </form>`;
  return page({
    words,
    title: say.title,
    body,
    status,
    ...problemAnswer(view),
    formAction: 'own',
    brand: view.brand,
    shows: { page: 'device', view },
  });
}
