/** A clock for tests, which moves only when told to. */
import type { Seconds } from '../model/store.ts';

/** The clock of a test. */
export interface Clock {
  now(): Seconds;
  /** Moves the clock forward. */
  pass(seconds: Seconds): void;
}

/**
 * Makes a clock, for the `now` of a store, a server or a fake. It stands still until `pass` moves it.
 *
 * @param start in seconds since 1970; a round number in 2026 by default.
 * @example
 * const clock = makeClock();
 * clock.pass(3600);
 */
export function makeClock(start: Seconds = 1_790_000_000): Clock {
  let now = start;
  return {
    now: () => now,
    pass(seconds) {
      now += seconds;
    },
  };
}
