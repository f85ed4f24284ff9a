/**
 * Versions: each write gets a random one. One that counts up would come back where the last writes are lost (a crash without
 * `synchronous_commit`, a failover, a restored backup): a process that has read the lost state would then take another for it.
 */
import type { Version } from '../model/store.ts';

/** A version that no other write has: a random whole number of 53 bits. */
export function newVersion(): Version {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high >>> 11) * 2 ** 32 + low;
}
