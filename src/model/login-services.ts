/**
 * Login services: what a login may use of the server during a request: accounts, limits of attempts, one-time links.
 */
import type { Text, Words } from '../words/words.ts';
import type { Accounts } from './account.ts';
import type { Passkeys } from './passkey.ts';
import type { Limited, Refused, Step } from './identity.ts';
import type { SignIns } from './sign-ins.ts';
import type { Json, Seconds } from './store.ts';
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

/** Limits of attempts to guess a secret, or to flood someone with messages. */
export interface AttemptRules {
  /** Attempts on one account from one network, or from one browser that succeeded before. */
  readonly most: number;
  /** Length of the window. */
  readonly per: Seconds;
  /** Attempts from one network on any account. */
  readonly perNetwork?: number;
  /** Attempts on one account from all networks: only for secrets short enough to guess, if the user has another way to sign in. */
  readonly total?: number;
}

/** Operations on attempts. */
export interface Attempts {
  /**
   * Counts an attempt before it is made.
   *
   * @param kind such as `password`. @param account as typed.
   * @returns the seconds to wait if there were too many attempts; else null, perhaps after a delay.
   */
  readonly attempt: (kind: string, account: string, rules: AttemptRules) => Promise<Seconds | null>;
  /** Takes back an attempt that was counted and could not be made. */
  readonly withdraw: (kind: string, account: string, rules: AttemptRules) => Promise<void>;
  /** Forgets the attempts on an account, and remembers this browser as the owner's. */
  readonly succeeded: (kind: string, account: string) => Promise<void>;
}

/** Operations on links. */
export interface Links {
  /** Makes a link. @param kind what it is for; it works for nothing else. @param ttl in seconds. */
  make(kind: string, carries: Json, ttl: Seconds): Promise<string>;
  /** The content of a valid link, or null. Changes nothing. */
  find(kind: string, secret: string): Promise<Json | null>;
  /** Uses a link: true for exactly one caller. */
  take(kind: string, secret: string): Promise<boolean>;
}

/**
 * The part of a login that can share one field with other logins: the user enters an identifier on the first page, and authenticates on the
 * next one, which looks the same whether or not there is an account.
 */
export interface IdentifierPart {
  /** Whether an identifier can belong to this login, by its form alone. */
  accepts(identifier: string): boolean;
  /** The next page. It must not depend on whether the account exists. */
  begin(identifier: string, services: LoginServices): Promise<Step | Refused | Limited>;
  /** Text of the button on the pages of the other logins that switches to this one. */
  readonly instead: Text;
}
