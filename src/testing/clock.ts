/** A clock that stands still until it is told how much time has passed. */
import type { Seconds } from '../model/store.ts';

/** The clock of a test. */
export interface Clock {
  now(): Seconds;
  /** Lets that many seconds go by at once. */
  pass(seconds: Seconds): void;
}

/** Makes a clock. @param start the first second; a round number in 2026 unless told. */
export function makeClock(start: Seconds = 1_790_000_000): Clock {
  let now = start;
  return {
    now: () => now,
    pass(seconds) {
      now += seconds;
    },
  };
}
