/**
 * Attempts: tries at something that could be guessed, or that could be used to flood somebody.
 */
import type { Seconds } from './store.ts';

/** How many are allowed. */
export interface AttemptRules {
  /** On one account from one network, or from one browser that succeeded before. */
  readonly most: number;
  /** The window. */
  readonly per: Seconds;
  /** From one network, on whatever account. */
  readonly perNetwork?: number;
  /** On one account from everywhere: only for what is short enough to be guessed from many networks, and has another way in. */
  readonly total?: number;
}

/** The verbs. */
export interface Attempts {
  /**
   * Counts an attempt before it is made.
   *
   * @param kind such as `password`. @param whose the account, as the person named it.
   * @returns the seconds to wait when there were too many, else null, perhaps after a pause.
   */
  readonly attempt: (kind: string, whose: string, rules: AttemptRules) => Promise<Seconds | null>;
  /** Takes back an attempt that was counted and could not be made. */
  readonly withdraw: (kind: string, whose: string, rules: AttemptRules) => Promise<void>;
  /** Forgets the attempts on an account, and knows this browser as one of its owner's from now on. */
  readonly succeeded: (kind: string, whose: string) => Promise<void>;
}
