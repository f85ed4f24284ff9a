/**
 * Linked logins, as operators see them.
 */
import type { Seconds } from './store.ts';
import type { TotpStatus } from './totp.ts';

/** The kinds. */
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
