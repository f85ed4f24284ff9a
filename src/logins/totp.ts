/**
 * The second factor of an authenticator app (RFC 6238), with recovery codes: asked after a login, of users who have
 * set it up in `totp-section.ts`.
 */
import { field, html } from '../lib/html.ts';
import type { Limited, LoginServices, Refused, StepView } from '../model/login.ts';
import type { SecondFactorPassed, SecondFactor } from '../model/second-factor.ts';
import type { Json } from '../model/store.ts';
import type { Words } from '../words/words.ts';
import { totpSection } from './totp-section.ts';

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
export function totp(): SecondFactor {
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
