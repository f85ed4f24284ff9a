/**
 * The second factor of an authenticator app (RFC 6238), with recovery codes: asked after a login, of users who have set it up in the section of
 * the account page. Setting it up, new recovery codes and removing it need a fresh sign-in: a session left open on another person's screen
 * must not be enough.
 */
import { encode } from 'uqr';
import { askFirst, errorBox, field, html, Html, markWrong } from '../lib/html.ts';
import { base32, oneTimeUri, type TotpOffer } from '../model/totp.ts';
import type { AccountSection, AccountUser, Limited, LoginServices, Refused, SectionAnswer, SectionCall, StepView } from '../model/login.ts';
import type { SecondFactor, SecondFactorPassed } from '../model/settings.ts';
import type { Json, Seconds } from '../model/store.ts';
import { sayDay, sayIn, type Words } from '../words/words.ts';

/**
 * Wrong codes on one account from one network: of three that are valid at a time, in a million (SEC-152). From all networks together 500 a day,
 * one chance in 600: an attacker with the password and many networks can use them up, and the owner can still use a recovery code.
 */
const QUARTER = { most: 10, per: 15 * 60 };
const DAY = { most: 50, per: 86_400, total: 500 };

type Kept = { readonly userId: string };

/**
 * A second factor with an authenticator app (RFC 6238) and recovery codes, for users who have set it up on their account page. It is asked
 * after every login except passkeys. Needs the option `secret`.
 *
 * @example
 * const app = new OAuthProvider({ apiRoute: '/mcp', apiHandler: MyMCP.Router, logins: [password()], secondFactor: totp() });
 */
export function totp(...none: readonly never[]): SecondFactor {
  if (none.length > 0) throw new TypeError('totp: it has no options, so it is asked of users who have set it up.');
  return {
    id: 'totp',
    needsSecret: true,
    ask: async (userId, { totps }) => ((await totps.statusOf(userId)) ? { kind: 'step', keep: { userId } satisfies Kept } : null),
    steps: {
      view,
      async prove(read, kept, services) {
        const { userId } = kept as Kept;
        if (read('recovery') !== '')
          return (await services.totps.useRecovery(userId, read('recovery'))) ? passed : { ...recoveryWrong, userId };
        return useCode(userId, read('code').replaceAll(/\s/g, ''), services);
      },
    },
    account: [totpSection],
  };
}

const passed: SecondFactorPassed = { kind: 'passed' };
const codeWrong: Refused = { kind: 'refused', reason: 'totp_wrong' };
const recoveryWrong: Refused = { kind: 'refused', reason: 'recovery_code_wrong', field: 'recovery' };

/** Counted before the code is checked; the count is reset if it was right. */
async function useCode(
  userId: string,
  code: string,
  { totps, attempt, succeeded }: LoginServices,
): Promise<SecondFactorPassed | Refused | Limited> {
  const retryAfter = (await attempt('totp', userId, QUARTER)) ?? (await attempt('totp-day', userId, DAY));
  if (retryAfter !== null) return { kind: 'limited', retryAfter, userId };
  if (!(await totps.useCode(userId, code))) return { ...codeWrong, userId };
  await succeeded('totp', userId);
  await succeeded('totp-day', userId);
  return passed;
}

/** Neither field is required: the user fills in one of the two. */
function view(_kept: Json, { totp: words }: Words): StepView {
  return {
    title: words.askTitle,
    text: words.ask,
    fields: html`${field('code', words.code, 'one-time-code', { id: 'totp-code', required: false, autofocus: true, more: { inputmode: 'numeric' } })}
      <details>
        <summary>${words.lost}</summary>
        ${field('recovery', words.recoveryCode, 'off', { id: 'totp-recovery', required: false })}
      </details>`,
    button: words.confirm,
  };
}

const RECENT: Seconds = 600;
const RULES = { most: 20, per: 900 };

/** The section of the account page. */
export const totpSection: AccountSection = {
  id: 'totp',
  async line({ userId }, { totps }, { totp: words }) {
    return { title: words.title, detail: (await totps.statusOf(userId)) ? words.on : words.off };
  },
  async answer(call) {
    const status = await call.services.totps.statusOf(call.user.userId);
    if (call.form !== null || !status) if (!call.isRecent(RECENT)) return { kind: 'sign-in-again' };
    if (call.form === null) return status ? shown(call, status) : offered(call, await call.services.totps.offer(call.user.userId));
    switch (call.form.required('decision')) {
      case 'confirm':
        return confirmed(call);
      case 'renew': {
        const codes = await call.services.totps.renewRecovery(call.user.userId);
        return codes ? recovered(call, codes) : { kind: 'done', to: 'section' };
      }
      case 'remove':
        await call.services.totps.remove(call.user.userId);
        return { kind: 'done', to: 'account' };
      default:
        return { kind: 'done', to: 'section' };
    }
  },
};

async function confirmed(call: SectionCall): Promise<SectionAnswer> {
  const { user, form, services, words } = call;
  const sealed = form?.required('offer') ?? '';
  const offer = await services.totps.openOffer(user.userId, sealed);
  if (!offer || (await services.totps.statusOf(user.userId))) return { kind: 'done', to: 'section' };
  const wait = await services.attempt('totp-setup', user.userId, RULES);
  if (wait !== null) return offered(call, offer, words.signIn.limited(sayIn(wait, words)), { status: 429, retryAfter: wait });
  const codes = await services.totps.confirm(user.userId, sealed, (form?.optional('code') ?? '').replaceAll(/\s/g, ''));
  if (!codes) return offered(call, offer, words.totp.codeWrong, { status: 400 });
  if (await call.isSignedIn()) return recovered(call, codes);
  await services.totps.remove(user.userId); // signed out meanwhile: it would lock the user out
  return { kind: 'sign-in-again' };
}

/** The secret, as a QR code and as text, and the field for the first code. */
function offered(
  { user, path, words: { totp: words }, services }: SectionCall,
  { secret, sealed }: TotpOffer,
  problem?: string,
  more: { readonly status?: number; readonly retryAfter?: Seconds } = {},
): SectionAnswer {
  const code = field('code', words.firstCode, 'one-time-code', { id: 'totp-code', more: { inputmode: 'numeric' } });
  const uri = oneTimeUri(secret, new URL(services.issuer).host, nameIn(user));
  const body = html`<p class="lead">${words.why}</p>
    <form method="post" action="${path}" ${problem !== undefined && html` aria-describedby="problem"`}>
      ${errorBox(problem)}
      <input type="hidden" name="offer" value="${sealed}" />
      <div class="part">
        <h2>${words.scan}</h2>
        <p>${qrCode(uri, words.picture)}</p>
        <p class="hint"><a href="${uri}">${words.open}</a></p>
        <details>
          <summary>${words.byHand}</summary>
          <code>${(base32(secret).match(/.{1,4}/g) ?? []).join(' ')}</code>
        </details>
      </div>
      ${problem === undefined || more.retryAfter !== undefined ? code : markWrong(code)}
      <div class="actions"><button class="main" name="decision" value="confirm">${words.turnOn}</button></div>
    </form>`;
  return { kind: 'page', title: words.title, body, ...more };
}

/** Recovery codes, on the only page that ever shows them. */
function recovered({ words: { totp: words }, path }: SectionCall, codes: readonly string[]): SectionAnswer {
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${codes.join('\r\n')}\r\n`)}`;
  const body = html`<p class="lead">${words.keepCodes}</p>
    <div class="panel">
      <ul class="scopes copied">
        ${codes.map((code) => html`<li><code>${code}</code></li>`)}
      </ul>
    </div>
    <p class="foot">${words.copyCodes}</p>
    <div class="actions">
      <a class="button main" href="${path}">${words.kept}</a>
      <a class="button" href="${file}" download="recovery-codes.txt">${words.download}</a>
    </div>`;
  return { kind: 'page', title: words.recoveryCodes, body };
}

function shown(
  { path, words: { totp: words, ...all } }: SectionCall,
  { createdAt, recoveryLeft }: { readonly createdAt: Seconds; readonly recoveryLeft: number },
): SectionAnswer {
  const body = html`<p class="lead">${words.since(sayDay(createdAt, { ...all, totp: words }))} ${words.left(recoveryLeft)}</p>
    <form method="post" action="${path}">
      ${askFirst(words.renew, words.sureRenew, html`<button name="decision" value="renew">${words.renew}</button>`)}
      ${askFirst(words.turnOff, words.sureOff, html`<button name="decision" value="remove">${words.turnOff}</button>`)}
    </form>`;
  return { kind: 'page', title: words.title, body };
}

/** The name of the account in the app. */
function nameIn({ claims, userId }: AccountUser): string {
  const name = claims['email'] ?? claims['preferred_username'] ?? claims['name'];
  return typeof name === 'string' ? name : userId;
}

/** A QR code as an image in the page: dark on white in either theme, with the quiet zone that readers need. */
function qrCode(text: string, label: string): Html {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return html`<svg role="img" aria-label="${label}" width="220" height="220" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">
    <rect width="${size}" height="${size}" fill="#fff" />
    <path d="${path}" fill="#000" />
  </svg>`;
}
