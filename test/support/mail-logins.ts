/** Logins that send messages with a mailer that costs time of the processor, as one that signs and encrypts does. */
import { emailCode } from '../../src/logins/email-code.ts';
import { password } from '../../src/logins/password.ts';
import type { Login } from '../../src/model/login.ts';

/** The one account. */
export const KNOWN = { username: 'known', password: 'correct horse battery', email: 'known@mail.example', emailVerified: true } as const;

/** Some 30 ms, counted in work, since clocks stand still in a Worker that computes. */
function sendEmail(): void {
  let sum = 0;
  for (let round = 0; round < 6_000_000; round++) sum = (Math.imul(sum, 31) + round) | 0;
  if (sum === 1) throw new Error('The work must not be left out.');
}

/** The logins. */
export const mailLogins: readonly Login[] = [password({ accounts: () => [KNOWN], signUp: 'open', sendEmail }), emailCode({ sendEmail })];
