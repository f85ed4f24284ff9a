/**
 * Consent page: the client, the redirect URI, the scopes and the account; and the login on the same page.
 * The form only decides approve or deny, the scopes and the login: the rest is in the pending authorization (SEC-127).
 */
import { html, type Html, type HtmlValue } from '../lib/html.ts';
import { clientRow, type ClientView, legalLinks } from './client.ts';
import { page, TICK } from './layout.ts';
import type { Brand } from '../model/brand.ts';
import {
  accountRow,
  type AccountView,
  apart,
  describedByProblem,
  linkLine,
  type LinkView,
  loginFields,
  type LoginView,
  organizationPicker,
  type OrganizationView,
  orLine,
  type Problem,
  problemAnswer,
  problemBox,
  unchecked,
  wayButtons,
} from './sign-in.ts';
import type { Words } from '../words/words.ts';

/** One scope that was asked for. */
export interface ScopeView {
  readonly name: string;
  /** In plain words, completing "It will be able to …". */
  readonly description?: string | undefined;
  readonly checked: boolean;
  /** Required: shown with a tick, without a checkbox. */
  readonly required?: boolean;
  /** Granted before: shown as such, without a checkbox. */
  readonly allowed?: boolean;
  /** Names of the tools that need it. */
  readonly unlocks?: readonly string[] | undefined;
  /** This user cannot grant it: shown without a checkbox. */
  readonly unavailable?: boolean;
}

/** An upstream login. */
export interface SiteView {
  readonly id: string;
  readonly label: string;
  /** A URL of the provider: the form may redirect to its origin. */
  readonly site: string;
  /** The scopes requested from the provider. */
  readonly scopes?: readonly string[] | undefined;
}

/** Content of the page. */
export interface ApproveView extends Problem {
  readonly words: Words;
  /** Where the form is posted, with `pending`, `scope` (repeated), `login`, the login's fields, and `decision`: `approve`, `deny` or `switch`. */
  readonly action: string;
  readonly pendingId: string;
  readonly client: ClientView;
  readonly redirectUri: string;
  readonly redirectHost: string;
  readonly redirectIsLoopback: boolean;
  /** The user code, if a device waits for the answer. */
  readonly deviceCode?: string;
  readonly resourceName: string;
  readonly scopes: readonly ScopeView[];
  /** Whether "do not ask again" is selected; absent if it is not offered. Posted as `remember=yes`. */
  readonly remember?: boolean | undefined;
  /** The signed-in account; null shows the logins. */
  readonly account: AccountView | null;
  /** The organizations that the account may act for, to choose one; posted as `organization`. */
  readonly organizations?: readonly OrganizationView[];
  readonly logins: readonly LoginView[];
  /** The upstream logins. Their buttons are posted as `with`, like those of logins without fields, and approve the request. */
  readonly sites?: readonly SiteView[];
  /** Links for users who cannot sign in. */
  readonly links?: readonly LinkView[];
  /** The login that was used last. */
  readonly login?: string | undefined;
  /** A sentence about how long access lasts. */
  readonly lifetime?: HtmlValue;
  readonly brand?: Brand | undefined;
  /** Default 200; 429 with `retryAfter`. */
  readonly status?: number;
}

/** The consent page. */
export function approvePage(view: ApproveView): Response {
  const { words, account, sites = [] } = view;
  const { typed, pressed } = apart(account ? [] : view.logins);
  const hasButtons = !account && pressed.length + sites.length > 0;
  const say = words.approve;
  const title = say.title(view.resourceName);
  const body = html`<h1 class="long">${say.title(html`<bdi>${view.resourceName}</bdi>`)}</h1>
    ${clientRow(view.client, words)} ${destination(view)}
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      <input type="hidden" name="pending" value="${view.pendingId}" />
      ${view.account?.mark && html`<input type="hidden" name="account" value="${view.account.mark}" />`} ${scopes(view.scopes, words)}
      ${view.remember !== undefined && rememberBox(view.remember, view.client, words)} ${problemBox(view, words)}
      ${account && organizationPicker(view.organizations ?? [], words)}
      ${account ? signedIn(account, words) : typed.length > 0 && signIn(typed, view)}
      ${
        account || typed.length > 0
          ? html`<div class="actions">
                <button class="main" name="decision" value="approve" ${unchecked(typed)}>
                  ${account ? say.allow : say.signInAndAllow}
                </button>
                ${deny(words)}
              </div>
              ${hasButtons && orLine(words)}`
          : HARMLESS
      }
      ${hasButtons && buttons(pressed, sites, typed.length === 0, words)}
    </form>
    ${!account && linkLine(view.links ?? [])} ${legalLinks(view.client, words)}
    ${view.lifetime && html`<p class="foot">${view.lifetime}</p>`} ${about(view)}`;
  return page({
    words,
    title,
    body,
    status: view.status,
    ...problemAnswer(view),
    formAction: 'leaves',
    brand: view.brand,
    shows: { page: 'approve', view },
  });
}

function deny(words: Words): Html {
  return html`<button name="decision" value="deny" formnovalidate>${words.approve.deny}</button>`;
}

/**
 * Enter on a checkbox presses the form's first button. If that would approve the request, this hidden button is placed before it, which
 * only shows the page again. (The standard suggests a disabled button, but Chromium skips it.)
 */
const HARMLESS = html`<button class="nothing" name="decision" value="switch" tabindex="-1" aria-hidden="true" formnovalidate></button>`;

/** The button approves, as the line below it says: with a session at the provider there is no further question. */
function buttons(pressed: readonly LoginView[], sites: readonly SiteView[], only: boolean, words: Words): Html {
  return html`<div class="sites">
      ${wayButtons(pressed, sites, words, only && pressed.length + sites.length === 1)} ${only && deny(words)}
    </div>
    <p class="foot">${words.approve.continuing}</p>
    ${sites.map((site) => site.scopes && site.scopes.length > 0 && html`<p class="foot">${words.confirm.siteAsks(site.label, codes(site.scopes))}</p>`)}`;
}

function destination({ client, redirectHost, redirectIsLoopback, deviceCode, words: { approve: say, device } }: ApproveView): Html {
  const appOf =
    client.host &&
    html`<dt>${say.appOf}</dt>
      <dd class="host"><bdi>${client.host}</bdi></dd>`;
  if (deviceCode !== undefined) {
    const note = html`<p class="note">${device.asks(html`<strong><bdi>${deviceCode}</bdi></strong>`)}</p>`;
    return appOf
      ? html`<div class="panel">
          <dl>${appOf}</dl>
          ${note}
        </div>`
      : note;
  }
  return html`<div class="panel">
    <dl>
      ${appOf}
      <dt>${say.sentTo}</dt>
      <dd class="host"><bdi>${redirectHost}</bdi></dd>
    </dl>
    ${redirectIsLoopback && html`<p class="note">${say.loopback}</p>`}
  </div>`;
}

function scopes(list: readonly ScopeView[], words: Words): Html {
  const { approve: say } = words;
  const [before, asked] = [list.filter((one) => one.allowed), list.filter((one) => !one.allowed)];
  return html`${scopeList(before.length > 0 ? say.scopesMore : say.scopes, asked, words)} ${scopeList(say.scopesBefore, before, words)}`;
}

function scopeList(legend: string, list: readonly ScopeView[], words: Words): Html | false {
  return (
    list.length > 0 &&
    html`<fieldset class="part">
      <legend>${legend}</legend>
      <ul class="scopes">
        ${list.map((scope) => html`<li>${scopeLine(scope, words)}</li>`)}
      </ul>
    </fieldset>`
  );
}

function rememberBox(checked: boolean, { selfDescribed = true }: ClientView, { approve: say }: Words): Html {
  return html`<label class="tick"
    ><input type="checkbox" name="remember" value="yes" ${checked && html` checked`} /><span
      >${say.remember}${selfDescribed && html`<small>${say.rememberElsewhere}</small>`}</span
    ></label
  >`;
}

function scopeLine({ name, description, unlocks = [], checked, required, allowed, unavailable }: ScopeView, { confirm: say }: Words): Html {
  const more = html`${unlocks.length > 0 && html`<small>${say.unlocks(codes(unlocks))}</small>`}${unavailable && html`<small>${say.cannotAllow}</small>`}`;
  const text = description
    ? html`<span
        >${description}<small><code>${name}</code></small
        >${more}</span
      >`
    : html`<span><code>${name}</code>${more}</span>`;
  if (unavailable) return html`<div class="tick fixed">${text}</div>`;
  if (required || allowed) return html`<div class="tick fixed">${TICK}<input type="hidden" name="scope" value="${name}" />${text}</div>`;
  return html`<label class="tick"><input type="checkbox" name="scope" value="${name}" ${checked && html` checked`} />${text}</label>`;
}

/** Names of scopes or tools, as code. */
function codes(names: readonly string[]): Html {
  return html`${names.map((name, at) => html`${at > 0 && ', '}<code>${name}</code>`)}`;
}

/**
 * The button to switch the account is the form's first, so Enter on a checkbox presses it: harmless, unlike "Allow". With login fields
 * there is no such button, and Enter signs in.
 */
function signedIn(account: AccountView, { approve: say }: Words): Html {
  return html`<section class="part" aria-labelledby="account-title">
    <h2 id="account-title">${say.account}</h2>
    <div class="panel">
      ${accountRow(account)}<button class="plain" name="decision" value="switch" formnovalidate>${say.switch}</button>
    </div>
  </section>`;
}

function signIn(logins: readonly LoginView[], { login, words }: ApproveView): Html {
  return html`<fieldset class="part">
    <legend>${words.approve.signIn}</legend>
    ${loginFields(logins, login)}
  </fieldset>`;
}

function about({ client, redirectUri, words: { approve: say } }: ApproveView): Html {
  return html`<details>
    <summary>${say.details}</summary>
    <dl>
      <dt>${say.clientId}</dt>
      <dd><bdi>${client.id}</bdi></dd>
      ${
        client.uri &&
        html`<dt>${say.website}</dt>
          <dd><bdi>${client.uri}</bdi></dd>`
      }
      <dt>${say.answerTo}</dt>
      <dd><bdi>${redirectUri}</bdi></dd>
    </dl>
  </details>`;
}
