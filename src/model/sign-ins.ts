/**
 * Sign-ins: the ways in beside a password, as operators see them.
 */
import type { Seconds } from './store.ts';
import type { TotpStatus } from './totp.ts';

/** The kinds. */
export const SIGN_IN_KINDS = ['identities', 'passkeys', 'secondFactor'] as const;

/** One of the kinds. */
export type SignInKind = (typeof SIGN_IN_KINDS)[number];

/** Every way in that a user has. */
export interface UserSignIns {
  /** Accounts at other sites. */
  readonly identities: readonly {
    readonly id: string;
    readonly issuer: string;
    /** What it is called there: a proven address, a user name, or an id. Null for one that has not signed in since this is noted. */
    readonly account: string | null;
    readonly createdAt: Seconds;
  }[];
  readonly passkeys: readonly {
    readonly id: string;
    readonly name: string;
    readonly createdAt: Seconds;
    readonly usedAt: Seconds | null;
  }[];
  /** Null for a user who has not set one up. */
  readonly secondFactor: TotpStatus | null;
}

/** The verbs. None of them ends what is signed in: `signOut` does. */
export interface SignIns {
  list(userId: string): Promise<UserSignIns>;
  /** False if the user has no such identity. Who signs in with it afterwards is somebody new. */
  removeIdentity(userId: string, id: string): Promise<boolean>;
  /** False if the user has no such passkey. */
  removePasskey(userId: string, id: string): Promise<boolean>;
  /** For somebody who has lost the app and the recovery codes, once you know who it is. False if there was none. */
  removeSecondFactor(userId: string): Promise<boolean>;
  /** Removes all of these kinds, of every kind unless told. Can be called again if it was interrupted. */
  removeAll(userId: string, kinds?: readonly SignInKind[]): Promise<void>;
}
