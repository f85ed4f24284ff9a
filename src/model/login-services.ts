/**
 * Login services: what a login may use of the server during a request.
 */
import type { Words } from '../words/words.ts';
import type { Accounts } from './account.ts';
import type { Attempts } from './attempts.ts';
import type { Links } from './links.ts';
import type { Passkeys } from './passkey.ts';
import type { SignIns } from './sign-ins.ts';
import type { Seconds } from './store.ts';
import type { Totps } from './totp.ts';

/** What a login may use of the server. */
export interface LoginServices extends Attempts {
  /** Our issuer, also of built-in accounts. */
  readonly issuer: string;
  readonly accounts: Accounts;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  /** Linked identities, passkeys and second factors. */
  readonly signIns: SignIns;
  /**
   * Runs work after the response, such as sending a message, so that the response time does not reveal whether there was any. If it
   * rejects, the operator gets `request.failed`.
   */
  readonly after: (work: () => Promise<unknown>) => void;
  /** A random secret of 256 bits, as text. */
  readonly secret: () => string;
  readonly now: () => Seconds;
  /** Counts an attempt under a name. @returns the seconds to wait if there were too many, else null. */
  readonly limit: (name: string, attempts: number, per: Seconds) => Promise<Seconds | null>;
  /** Forgets the attempts under a name, after a success. */
  readonly forgive: (name: string) => Promise<void>;
  /** The caller's network, for limits: an IPv4 address, or an IPv6 /64. */
  readonly network: string;
  /** The application's environment. */
  readonly env: unknown;
  readonly links: Links;
  /** A random id for a new account. */
  readonly newId: () => string;
  /** URL of one of the login's pages, made only from the configured issuer (SEC-161). */
  readonly pageUrl: (page: string) => string;
  /** The user's language, for messages. */
  readonly words: Words;
}
