/**
 * Where a record's version starts. It counts up by one from there, so two lives of one key share no version:
 * whoever still holds a version from before a removal can never match what was created afterwards.
 */
import type { Version } from '../model/store.ts';

/** A random whole number of 52 bits; one bit of room is left to count up in. */
export function firstVersion(): Version {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high >>> 12) * 2 ** 32 + low;
}
