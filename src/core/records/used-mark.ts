/**
 * Marks a browser's one-time record (upstream state, upstream request, sign-in step) as used instead of removing it, so that a repeated
 * request of the same browser finds the first one's result.
 */
import { changeRecord, type RecordAccess } from '../../model/change-record.ts';
import type { Key, Seconds } from '../../model/store.ts';

/** `now` while a request handles it; `done` after it ended in a page, so there is no redirect to repeat. */
export type Used = { readonly taken?: 'now' | 'done' };

/** Marks a record: an open one as `now`, a taken one as `done`. True for exactly one caller. */
export async function markUsed<T extends Used & { readonly expiresAt: Seconds }>(
  over: RecordAccess,
  key: Key,
  kind: (value: unknown) => value is T,
  taken: 'now' | 'done',
): Promise<boolean> {
  return changeRecord(over, key, kind, (record) => {
    if (!record || record.taken !== (taken === 'now' ? undefined : 'now')) return { result: false };
    return { write: { ...record, taken }, until: record.expiresAt, result: true };
  });
}
