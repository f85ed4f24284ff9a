/** A clock that may go back: NTP sets one right that was ahead, and a resumed machine has an old time for a moment. */

/**
 * Whether a time that was set at most `span` ahead is still to come. Not if the clock has gone back since it was set: nothing lasts longer than
 * it was meant to. For what one process remembers; for what is stored, add `CLOCKS_DIFFER` of `model/store` to the span.
 */
export function isAhead(until: number, span: number, now: number): boolean {
  return until > now && until - now <= span;
}
