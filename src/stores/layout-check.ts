/**
 * Checks a store's schema version before first use and every half minute: an older process must not keep writing after a newer one has
 * migrated the tables.
 */
import { makeOnce } from '../lib/single-flight.ts';
import type { Seconds } from '../model/store.ts';

/** How long a check is valid. */
const CHECK_INTERVAL: Seconds = 30;

/** Whether a check has expired, also if the clock was set back. */
export function isLookOver(lookedAt: Seconds, now: Seconds): boolean {
  return Math.abs(now - lookedAt) >= CHECK_INTERVAL;
}

/** Makes a function to await before each use. @param look rejects for a schema that this version does not know. */
export function layoutCheck(look: () => Promise<void>, now: () => Seconds): () => Promise<void> {
  let [once, at] = [makeOnce(look), now()];
  return () => {
    if (isLookOver(at, now())) [once, at] = [makeOnce(look), now()];
    return once();
  };
}
