/**
 * Attempt limits for what could be guessed, or used to flood someone with messages.
 */
import type { Seconds } from './store.ts';

/** The limits. */
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
