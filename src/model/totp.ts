/**
 * TOTP: the second factor with an authenticator app, and its recovery codes. One record for each user, changed by conditional writes, so that
 * a code counts once across processes.
 */
import type { Seconds } from './store.ts';

/** State of a user's second factor. */
export interface TotpStatus {
  readonly createdAt: Seconds;
  /** Unused recovery codes. */
  readonly recoveryLeft: number;
}

/** A new secret that is not confirmed yet. */
export interface TotpOffer {
  readonly secret: Uint8Array<ArrayBuffer>;
  /** The secret sealed for this user and some minutes, for the form. */
  readonly sealed: string;
}

/** Operations on the second factor. */
export interface Totps {
  /** Null if not set up. */
  statusOf(userId: string): Promise<TotpStatus | null>;
  /** A new secret; nothing is stored. */
  offer(userId: string): Promise<TotpOffer>;
  /** Opens an offer to show it again; null if it has expired or is another user's. */
  openOffer(userId: string, sealed: string): Promise<TotpOffer | null>;
  /** Sets it up if the code matches the offer. @returns recovery codes; null for a wrong code, an expired offer, or if already set up. */
  confirm(userId: string, sealed: string, code: string): Promise<readonly string[] | null>;
  /** Whether a code is right and unused; it then counts as used. */
  useCode(userId: string, code: string): Promise<boolean>;
  /** The same for a recovery code. */
  useRecovery(userId: string, code: string): Promise<boolean>;
  /** Replaces the recovery codes; null if not set up. */
  renewRecovery(userId: string): Promise<readonly string[] | null>;
  /** Removes it. False if there was none. */
  remove(userId: string): Promise<boolean>;
}
