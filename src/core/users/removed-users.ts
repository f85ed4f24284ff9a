/**
 * Removed users: ids that are never used again. Whatever was in progress while an account was removed, such as linking an identity or
 * using an invitation for that id, is stopped by this mark.
 */
import type { Seconds, Store } from '../../model/store.ts';

/** Marks an id as removed, permanently. Safe to call again. */
export async function markRemoved(store: Store, userId: string, now: Seconds): Promise<void> {
  await store.write(`removed:${userId}`, { v: 1, at: now }, 'any');
}

/** Whether a user was removed. */
export async function isRemoved(store: Store, userId: string): Promise<boolean> {
  return (await store.read(`removed:${userId}`)) !== null;
}
