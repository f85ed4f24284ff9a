/**
 * TOTP: the second factor of an authenticator app, and the recovery codes for whoever has lost it. One record for each user,
 * changed by conditional writes, so that a code counts once in any number of processes.
 */
import type { Seconds } from './store.ts';

/** How it stands with a user. */
export interface TotpStatus {
  readonly createdAt: Seconds;
  /** Recovery codes that were not used yet. */
  readonly recoveryLeft: number;
}

/** A secret that is offered and not yet confirmed. */
export interface TotpOffer {
  readonly secret: Uint8Array<ArrayBuffer>;
  /** The same, sealed for this user and some minutes: what the form carries. */
  readonly sealed: string;
}

/** The verbs. */
export interface Totps {
  /** Null for a user who has not set it up. */
  statusOf(userId: string): Promise<TotpStatus | null>;
  /** A fresh secret; nothing is written. */
  offer(userId: string): Promise<TotpOffer>;
  /** Opens an offer again, to show it once more; null if it is too old, or somebody else's. */
  openOffer(userId: string, sealed: string): Promise<TotpOffer | null>;
  /** Sets it up, if the code is one of the offer's. @returns the recovery codes, this once; null for a wrong code, an old offer, or where it stands already. */
  confirm(userId: string, sealed: string, code: string): Promise<readonly string[] | null>;
  /** Whether a code is right and was not used before; it then counts as used. */
  useCode(userId: string, code: string): Promise<boolean>;
  /** The same for a recovery code. */
  useRecovery(userId: string, code: string): Promise<boolean>;
  /** New recovery codes in place of the old ones; null for a user who has not set it up. */
  renewRecovery(userId: string): Promise<readonly string[] | null>;
  /** Takes it away. False if there was nothing. */
  remove(userId: string): Promise<boolean>;
}
