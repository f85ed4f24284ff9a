/**
 * Record versions: each write gets a random one. A counter would repeat when the last writes are lost (a crash without `synchronous_commit`,
 * a failover, a restored backup): a process that has read the lost state would take a different one for it.
 */
import type { Version } from '../model/store.ts';

/** A unique version: a random integer of 53 bits. */
export function newVersion(): Version {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high >>> 11) * 2 ** 32 + low;
}
