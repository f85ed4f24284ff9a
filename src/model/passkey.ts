/**
 * Passkey: a key pair whose private half an authenticator keeps for one person and one site (WebAuthn Level 3).
 * What is kept here is no secret: the public half, and what must be noticed about its use.
 */
import type { Seconds } from './store.ts';

/** A passkey as it is kept. */
export type Passkey = {
  /** The credential id that the authenticator chose, base64url. */
  readonly id: string;
  readonly userId: string;
  /** What the authenticator knows the account by, base64url; random, the same for every passkey of an account. */
  readonly handle: string;
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
  /** Keeps a new one; false if its id is known already, whoever's it is. */
  add(passkey: Passkey): Promise<boolean>;
  find(id: string): Promise<Passkey | null>;
  /** All of an account, oldest first. */
  of(userId: string): Promise<readonly Passkey[]>;
  /** Notes a use, if the counter allows it; of several at once each is weighed against the one before. */
  use(id: string, use: PasskeyUse): Promise<UseOutcome>;
  /** False where the account has no such passkey. */
  rename(userId: string, id: string, name: string): Promise<boolean>;
  /** False where the account has no such passkey; true for exactly one caller. */
  remove(userId: string, id: string): Promise<boolean>;
  /** Removes all of an account. Can be called again if it was interrupted. */
  removeAll(userId: string): Promise<void>;
}

/** Whether a counter that was kept allows this one: it grows, or the authenticator does not count at all. */
export function counterAllows(kept: number, shown: number): boolean {
  return shown > kept || (shown === 0 && kept === 0);
}
