/** A clock that may go back: NTP sets one right that was ahead, and a resumed machine has an old time for a moment. */

/**
 * Whether a time that was set at most `span` ahead is still to come. Not if the clock has gone back since it was set: nothing lasts longer than
 * it was meant to. For what one process remembers: the clocks of two differ.
 */
export function isAhead(until: number, span: number, now: number): boolean {
  return until > now && until - now <= span;
}

/**
 * How far the clocks of processes may differ, in seconds. Stores remove expired records this much later: a machine whose clock is behind may still
 * need one, for example that a DPoP proof was used.
 */
export const CLOCKS_DIFFER = 300;

/** The same for a stored time, which may come from another process. */
export function isStoredAhead(until: number, span: number, now: number): boolean {
  return isAhead(until, span + CLOCKS_DIFFER, now);
}
