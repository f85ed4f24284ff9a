/** The machine's own time, for what others sign and check by it: a clock that stands still is left behind on a slow machine. */
import type { Clock } from '../../src/testing/clock.ts';

/** Makes it. It may be moved forward. */
export function makeRealClock(): Clock {
  let ahead = 0;
  return { now: () => Math.floor(Date.now() / 1000) + ahead, pass: (seconds) => void (ahead += seconds) };
}
