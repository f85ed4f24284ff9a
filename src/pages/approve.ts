/**
 * Consent page: the client, the redirect URI, the scopes and the account; and the login on the same page.
 * The form only decides approve or deny, the scopes and the login: the rest is in the pending authorization (SEC-127).
 */
import { html, type Html, type HtmlValue } from '../lib/html.ts';
import { clientRow, type ClientView, legalLinks } from './client.ts';
import { page, TICK } from './layout.ts';
import type { Brand } from '../model/display.ts';
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
  organizationPicker,
  type OrganizationView,
  type Problem,
  problemAnswer,
  problemBox,
  type SiteButton,
  unchecked,
  type Ways,
  waysIn,
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
export interface SiteView extends SiteButton {
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
  /** Ids of logins and providers in the order of the option `logins`. */
  readonly order?: readonly string[];
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
  const { words, account, sites = [], order } = view;
  const say = words.approve;
  const title = say.title(view.resourceName);
  const ways: Ways = { logins: view.logins, sites, order };
  const body = html`<h1 class="long">${say.title(html`<bdi>${view.resourceName}</bdi>`)}</h1>
    ${clientRow(view.client, words)} ${destination(view)}
    <form method="post" action="${view.action}" ${describedByProblem(view)}>
      <input type="hidden" name="pending" value="${view.pendingId}" />
      <input type="hidden" name="client" value="${view.client.id}" />
      ${account?.mark && html`<input type="hidden" name="account" value="${account.mark}" />`} ${!account && enterButton(ways, 'approve')}
      ${scopes(view.scopes, words)} ${view.remember !== undefined && rememberBox(view.remember, view.client, words)}
      ${problemBox(view, words)} ${account && organizationPicker(view.organizations ?? [], words)}
      ${account ? signedIn(account, words) : signIn(ways, view)}
      <div class="actions">
        ${account && html`<button class="main" name="decision" value="approve">${say.allow}</button>`}
        <button class="${!account && 'quiet'}" name="decision" value="deny" formnovalidate>${say.deny}</button>
      </div>
    </form>
    ${!account && linkLine(view.links ?? [])} ${view.lifetime && html`<p class="foot">${view.lifetime}</p>`}
    ${legalLinks(view.client, words)} ${about(view)}`;
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

function destination({ client, redirectHost, redirectIsLoopback, deviceCode, words: { approve: say, device } }: ApproveView): Html {
  const appOf =
    client.host &&
    html`<dt>${say.appOf}</dt>
      <dd class="host"><bdi>${client.host}</bdi></dd>`;
  if (deviceCode !== undefined) {
    const note = html`<p class="note">${device.asks(html`<strong><bdi>${deviceCode}</bdi></strong>`)}</p>`;
    return appOf
      ? html`<div class="panel">
          <dl class="to">${appOf}</dl>
          ${note}
        </div>`
      : note;
  }
  return html`<div class="panel">
    <dl class="to">
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

function scopeLine({ name, description, checked, required, allowed, unavailable }: ScopeView, { confirm: say }: Words): Html {
  const text = html`<span>${description ?? html`<code>${name}</code>`}${unavailable && html`<small>${say.cannotAllow}</small>`}</span>`;
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

/** Everything to sign in with. Each button also approves. */
function signIn(ways: Ways, view: ApproveView): Html {
  const { words } = view;
  const say = words.approve;
  const { typed, pressed } = apart(ways.logins);
  const fields = html`<fieldset class="part">
      <legend>${say.signIn}</legend>
      ${loginFields(typed, view.login, view)}
    </fieldset>
    <div class="actions">
      <button class="main" name="decision" value="approve" ${unchecked(typed)}>
        ${typed.length === 1 ? (typed[0]?.next ?? say.signInAndAllow) : say.signInAndAllow}
      </button>
    </div>`;
  return html`${waysIn(ways, words, fields, say.continueAndAllow)}
  ${(pressed.length > 0 || typed[0]?.next !== undefined) && html`<p class="foot">${say.continuing}</p>`}`;
}

function about({ client, redirectUri, scopes: list, sites = [], account, words: { approve: say, confirm } }: ApproveView): Html {
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
      ${list.map(
        ({ name, description, unlocks = [] }) =>
          html`<dt>${description ?? name}</dt>
            <dd><code>${name}</code>${unlocks.length > 0 && html` <small>${confirm.unlocks(codes(unlocks))}</small>`}</dd>`,
      )}
    </dl>
    ${!account && sites.map(({ label, scopes: asked = [] }) => asked.length > 0 && html`<p>${confirm.siteAsks(label, codes(asked))}</p>`)}
  </details>`;
}
