/**
 * E-mail: addresses, and the messages for sign-in, which the application delivers.
 */
import { isLoopbackHost } from '../lib/url.ts';
import type { Awaitable } from './runtime.ts';

/** A message to send. */
export interface Email {
  /** What it is for; an application may use its own template for each kind. */
  readonly kind: 'sign-in-code' | 'password-reset' | 'verification' | 'account-exists' | 'security-notice';
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same as a small HTML document without external resources. */
  readonly html: string;
  /** The code alone, if the message has one. */
  readonly code?: string;
  /** The link alone, if the message has one. */
  readonly url?: string;
  /** The language of the texts. */
  readonly lang: string;
}

/** Delivers a message; rejects if that failed. */
export type SendEmail<Env = unknown> = ((email: Email, env: Env) => Awaitable<unknown>) & {
  /** Set by a mailer that shows messages to the server's operator: never outside of development. */
  readonly developmentOnly?: true;
  /** Called when a message is not sent to such a mailer, with the reason, so that the developer sees it. */
  readonly unsent?: (to: string, why: string) => void;
};

/** Maximum length of an address (RFC 5321 §4.5.3.1.3). */
const MAX_LENGTH = 254;

/**
 * Normalizes an address; null if it is not a plain address. Mail is sent to the normalized form: otherwise a look-alike could be one
 * address here and another one at the mail server.
 */
export function foldAddress(address: string): string | null {
  const folded = address.normalize('NFKC').trim().toLowerCase();
  return folded.length <= MAX_LENGTH && domainOf(folded) !== null ? folded : null;
}

/** Rejects a development mailer anywhere else. @throws {TypeError} naming the option and the fix. */
export function checkMailer(send: SendEmail<never>, issuer: string, option: string): void {
  if (!send.developmentOnly || isLoopbackHost(new URL(issuer).hostname)) return;
  throw new TypeError(
    `${option}: \`sendEmail\` is consoleMailer(), which writes every secret to the log, and the issuer is ${issuer}. Set a function that sends mail.`,
  );
}

/**
 * The domain of an address, in one spelling; null unless the text is exactly one plain address. Normalised before it is
 * split, so that a look-alike of `@` or of a letter has the same meaning here as elsewhere.
 */
export function domainOf(address: string): string | null {
  const text = address.normalize('NFKC').toLowerCase();
  const [local, domain, ...more] = text.split('@');
  if (!local || !domain || more.length > 0 || /[\s,;:<>()[\]"\\\p{Cc}\p{Cf}]/u.test(text)) return null;
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain) ? domain : null;
}
