/**
 * Passkeys (WebAuthn Level 3): public key credentials of one user for one site. Nothing stored here is secret.
 */
import { base64url, utf8 } from '../lib/bytes.ts';
import type { Seconds } from './store.ts';

/** A stored passkey. */
export type Passkey = {
  /** The credential id that the authenticator chose, base64url. */
  readonly id: string;
  readonly userId: string;
  /** The public key in COSE form, base64url. */
  readonly publicKey: string;
  /** Signature counter of the authenticator; 0 if it does not count. */
  readonly counter: number;
  /** How a browser can reach it: `internal`, `hybrid`, `usb` … */
  readonly transports: readonly string[];
  /** The name that the user gave it. */
  readonly name: string;
  /** Whether it may be synced to several devices; fixed at registration. */
  readonly backupEligible: boolean;
  /** Whether it is synced now. */
  readonly backedUp: boolean;
  readonly createdAt: Seconds;
  /** When it was last used to sign in. */
  readonly usedAt?: Seconds;
};

/** What an assertion reported about its passkey. */
export interface PasskeyUse {
  readonly counter: number;
  readonly backedUp: boolean;
}

/** Result of using a passkey. */
export type UseOutcome =
  | 'used'
  /** It was removed meanwhile. */
  | 'gone'
  /** Its counter did not increase: there may be a copy (WebAuthn §6.1.1). */
  | 'counter';

/** Operations on passkeys. */
export interface Passkeys {
  /** A challenge to register one passkey for this account, valid for five minutes. */
  openChallenge(userId: string): Promise<string>;
  /** Takes an open challenge of this account: true for exactly one caller. */
  takeChallenge(userId: string, challenge: string): Promise<boolean>;
  /** Adds a passkey; false if its id is already registered, for any account. */
  add(passkey: Passkey): Promise<boolean>;
  find(id: string): Promise<Passkey | null>;
  /** All passkeys of an account, oldest first. */
  of(userId: string): Promise<readonly Passkey[]>;
  /** Records a use if the counter allows it; concurrent uses are compared one after the other. */
  use(id: string, use: PasskeyUse): Promise<UseOutcome>;
  /** False if the account has no such passkey. */
  rename(userId: string, id: string, name: string): Promise<boolean>;
  /**
   * Removes a passkey; `removed` for exactly one caller. With `keepLast` the account's last one stays, even under concurrent removals.
   * `gone`: the account has no such passkey.
   */
  remove(userId: string, id: string, options?: { readonly keepLast?: boolean }): Promise<'removed' | 'last' | 'gone'>;
  /** Removes all passkeys of an account. Safe to call again after an interruption. */
  removeAll(userId: string): Promise<void>;
}

/** Lifetime of a challenge in seconds (WebAuthn §15.1 recommends 5 to 10 minutes). */
export const CHALLENGE_TTL: Seconds = 300;

/** Maximum number of passkeys of one account. */
export const MAX_PASSKEYS = 20;

/** WebAuthn user handle of an account: its random id as base64url. Reveals nothing about the user (WebAuthn §14.6.1). */
export function userHandle(userId: string): string {
  return base64url(utf8(userId));
}

/** Whether a counter is acceptable after the stored one: it increased, or the authenticator does not count. */
export function counterAllows(stored: number, shown: number): boolean {
  return shown > stored || (shown === 0 && stored === 0);
}
