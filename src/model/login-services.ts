/**
 * Login services: what a login may use of the server during a request: accounts, ways to sign in, limits of attempts, one-time links.
 */
import type { Text, Words } from '../words/words.ts';
import type { Accounts } from './account.ts';
import type { Limited, Refused, Step } from './identity.ts';
import type { Passkeys } from './passkey.ts';
import type { Json, Seconds } from './store.ts';
import type { Totps, TotpStatus } from './totp.ts';

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
  /** Whether attempts from all networks together slow the next ones down. Default: true. */
  readonly isSlowed?: boolean;
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

/** The kinds of linked logins, as operators see them. */
export const SIGN_IN_KINDS = ['identities', 'passkeys', 'secondFactor'] as const;

/** One of the kinds. */
export type SignInKind = (typeof SIGN_IN_KINDS)[number];

/** Every way to sign in that a user has besides a password. */
export interface UserSignIns {
  /** Upstream identities. */
  readonly identities: readonly {
    readonly id: string;
    readonly issuer: string;
    /** Name at the upstream: a verified address, a user name, or an id. Null if not known until the next sign-in. */
    readonly account: string | null;
    readonly createdAt: Seconds;
  }[];
  /** Passkeys of the user. */
  readonly passkeys: readonly {
    readonly id: string;
    readonly name: string;
    readonly createdAt: Seconds;
    readonly usedAt: Seconds | null;
  }[];
  /** Null if not set up. */
  readonly secondFactor: TotpStatus | null;
}

/** Operations on linked logins. They end no session; use `signOut` for that. */
export interface SignIns {
  /** All sign-in methods of a user. */
  list(userId: string): Promise<UserSignIns>;
  /** False if the user has no such identity. The next sign-in with it creates a new user. */
  removeIdentity(userId: string, id: string): Promise<boolean>;
  /** False if the user has no such passkey. */
  removePasskey(userId: string, id: string): Promise<boolean>;
  /** For a user who has lost the app and the recovery codes; verify their identity first. False if there was none. */
  removeSecondFactor(userId: string): Promise<boolean>;
  /** Removes all of these kinds, by default every kind. Safe to call again after an interruption. */
  removeAll(userId: string, kinds?: readonly SignInKind[]): Promise<void>;
}
