/**
 * Users who may not sign in: removed ones, whose id is never used again, and disabled ones, until they are enabled. Whatever was in progress
 * meanwhile, such as linking an identity or a sign-in at another site, is stopped by this mark.
 */
import { changeRecord, has, readRecord, type RecordAccess, versioned } from '../../model/record.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';

type OutRecord = { readonly v: 1; readonly at: Seconds; readonly disabled?: true };

/** Marks an id as removed, permanently. Safe to call again. */
export async function markRemoved(store: Store, userId: string, now: Seconds): Promise<void> {
  await store.write(keyOf(userId), { v: 1, at: now }, 'any');
}

/** Whether a user was removed. */
export async function isRemoved(store: Store, userId: string): Promise<boolean> {
  const stored = await readRecord(store, keyOf(userId), isOutRecord);
  return stored !== null && stored.value.disabled !== true;
}

/** Whether a user may not sign in: removed, or disabled. */
export async function isShutOut(store: Store, userId: string): Promise<boolean> {
  return (await readRecord(store, keyOf(userId), isOutRecord)) !== null;
}

/** Whether a user is disabled, and not removed. */
export async function isDisabled(store: Store, userId: string): Promise<boolean> {
  return (await readRecord(store, keyOf(userId), isOutRecord))?.value.disabled === true;
}

/** Marks a user as disabled, or takes that back. A removed user stays removed. */
export async function markDisabled(over: RecordAccess, userId: string, disabled: boolean, now: Seconds): Promise<void> {
  await changeRecord(over, keyOf(userId), isOutRecord, (mark) => {
    if (mark && mark.disabled !== true) return { result: undefined };
    if (disabled) return { write: { v: 1, at: now, disabled: true }, result: undefined };
    return mark ? { remove: true, result: undefined } : { result: undefined };
  });
}

function keyOf(userId: string): Key {
  return `removed:${userId}`;
}

const isOutRecord = (value: unknown): value is OutRecord => versioned(value) && has(value, 'at');
