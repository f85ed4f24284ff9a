/**
 * Removed users: ids that are never anybody's again. An account takes its ways in along when it goes; whatever was under way meanwhile,
 * an identity that is just being joined or a link that makes an account of that id, meets this mark.
 */
import type { Seconds, Store } from '../../model/store.ts';

/** Marks an id for good. Can be called again. */
export async function markRemoved(store: Store, userId: string, now: Seconds): Promise<void> {
  await store.write(`removed:${userId}`, { v: 1, at: now }, 'any');
}

/** Whether a user was removed. */
export async function isRemoved(store: Store, userId: string): Promise<boolean> {
  return (await store.read(`removed:${userId}`)) !== null;
}
