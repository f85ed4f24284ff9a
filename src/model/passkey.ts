/**
 * Passkey: a key pair whose private half an authenticator keeps for one person and one site (WebAuthn Level 3).
 * What is kept here is no secret: the public half, and what must be noticed about its use.
 */
import { base64url } from '../lib/base64url.ts';
import { utf8 } from '../lib/bytes.ts';
import type { Seconds } from './store.ts';

/** A passkey as it is kept. */
export type Passkey = {
  /** The credential id that the authenticator chose, base64url. */
  readonly id: string;
  readonly userId: string;
  /** The public key in COSE form, base64url. */
  readonly publicKey: string;
  /** How often it signed, as it says itself; 0 for one that does not count. */
  readonly counter: number;
  /** How a browser may reach it: `internal`, `hybrid`, `usb` … */
  readonly transports: readonly string[];
  /** The name that its owner gave it. */
  readonly name: string;
  /** Whether it may be on several devices; decided when it was made, for good. */
  readonly backupEligible: boolean;
  /** Whether a copy of it exists now. */
  readonly backedUp: boolean;
  readonly createdAt: Seconds;
  /** When it last signed somebody in. */
  readonly usedAt?: Seconds;
};

/** What a signature showed about the passkey that made it. */
export interface PasskeyUse {
  readonly counter: number;
  readonly backedUp: boolean;
}

/** What a use of a passkey came to. */
export type UseOutcome =
  | 'used'
  /** It was removed meanwhile. */
  | 'gone'
  /** Its counter went back or stood still: two hold what only one should (WebAuthn §6.1.1). */
  | 'counter';

/** The verbs over passkeys. */
export interface Passkeys {
  /** A challenge for one new passkey of this account, for five minutes. */
  openChallenge(userId: string): Promise<string>;
  /** Whether a challenge is open and this account's; true for exactly one caller. */
  takeChallenge(userId: string, challenge: string): Promise<boolean>;
  /** Keeps a new one; false if its id is known already, whoever's it is. */
  add(passkey: Passkey): Promise<boolean>;
  find(id: string): Promise<Passkey | null>;
  /** All of an account, oldest first. */
  of(userId: string): Promise<readonly Passkey[]>;
  /** Notes a use, if the counter allows it; of several at once each is weighed against the one before. */
  use(id: string, use: PasskeyUse): Promise<UseOutcome>;
  /** False where the account has no such passkey. */
  rename(userId: string, id: string, name: string): Promise<boolean>;
  /**
   * Removes one; `removed` for exactly one caller. With `keepLast` the account's last one stays, however many are removed at once.
   * `gone`: the account has no such passkey.
   */
  remove(userId: string, id: string, options?: { readonly keepLast?: boolean }): Promise<'removed' | 'last' | 'gone'>;
  /** Removes all of an account. Can be called again if it was interrupted. */
  removeAll(userId: string): Promise<void>;
}

/** How long a challenge stands, in seconds (WebAuthn §15.1 recommends 5 to 10 minutes). */
export const CHALLENGE_TTL: Seconds = 300;

/** Most passkeys of one account. */
export const MAX_PASSKEYS = 20;

/** What authenticators know an account by: its random id in bytes, as base64url. Says nothing of the person (WebAuthn §14.6.1). */
export function userHandle(userId: string): string {
  return base64url(utf8(userId));
}

/** Whether a counter that was kept allows this one: it grows, or the authenticator does not count at all. */
export function counterAllows(kept: number, shown: number): boolean {
  return shown > kept || (shown === 0 && kept === 0);
}
