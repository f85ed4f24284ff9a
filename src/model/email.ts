/**
 * Email: the messages that sign-in needs, and who sends them. The application sends; we say what, to whom and why.
 */
import { domainOf } from '../lib/email.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { Awaitable } from './runtime.ts';

/** A message to be sent. */
export interface Email {
  /** What it is for; an application may send each kind in a form of its own. */
  readonly kind: 'sign-in-code' | 'password-reset' | 'verification' | 'account-exists';
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same as a small document without anything from elsewhere. */
  readonly html: string;
  /** The secret alone, where the message carries a code. */
  readonly code?: string;
  /** The secret alone, where the message carries a link. */
  readonly url?: string;
  /** The language of the texts. */
  readonly lang: string;
}

/** Hands a message over to whoever delivers it. It rejects if that could not be done. */
export type SendEmail<Env = unknown> = ((email: Email, env: Env) => Awaitable<unknown>) & {
  /** Set by a mailer that shows messages to the operator of the server: never outside of development. */
  readonly developmentOnly?: true;
  /** Told by such a mailer's caller when a person waits for a message that is not sent, and why. */
  readonly unsent?: (to: string, why: string) => void;
};

/** An address has at most that many characters (RFC 5321 §4.5.3.1.3). */
const MAX_LENGTH = 254;

/**
 * An address in the one spelling that is kept, compared and sent to; null for what is no plain address. Sent to as it is
 * compared: else a look-alike would be one address to us and another to the mail server.
 */
export function foldAddress(address: string): string | null {
  const folded = address.normalize('NFKC').trim().toLowerCase();
  return folded.length <= MAX_LENGTH && domainOf(folded) !== null ? folded : null;
}

/** Refuses a mailer for development anywhere else. @throws {TypeError} naming the option and the fix. */
export function checkMailer(send: SendEmail<never>, issuer: string, option: string): void {
  if (!send.developmentOnly || isLoopbackHost(new URL(issuer).hostname)) return;
  throw new TypeError(
    `${option}: \`sendEmail\` is consoleMailer(), which shows every secret to whoever reads the log, and the issuer is ${issuer}. Give a function that sends mail.`,
  );
}
