/**
 * Layout check: looks at the layout of a store before it is first used, and again every half minute: a process of an older version must
 * not go on writing after a newer one has brought the tables forward.
 */
import { makeOnce } from '../lib/single-flight.ts';
import type { Seconds } from '../model/store.ts';

/** How long a look is good for. */
const LOOK_AGAIN: Seconds = 30;

/** Whether a look at one time is too old at another, also where the clock was set back. */
export function isLookOver(lookedAt: Seconds, now: Seconds): boolean {
  return Math.abs(now - lookedAt) >= LOOK_AGAIN;
}

/** To be awaited before each use. @param look rejects for a layout that this version does not know. */
export function layoutCheck(look: () => Promise<void>, now: () => Seconds): () => Promise<void> {
  let [once, at] = [makeOnce(look), now()];
  return () => {
    if (isLookOver(at, now())) [once, at] = [makeOnce(look), now()];
    return once();
  };
}
