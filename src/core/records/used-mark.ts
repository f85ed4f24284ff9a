/**
 * Taken: what is used once by a browser on its way (a journey, a trip, a step) is marked, not removed, so that a second request of the
 * same browser finds out what became of the first.
 */
import { changeRecord, type Changing } from '../../model/change-record.ts';
import type { Key, Seconds } from '../../model/store.ts';

/** `now` while a request works on it; `done` when that ended in a page, from which there is nowhere to be sent again. */
export type Used = { readonly taken?: 'now' | 'done' };

/** Marks a record: `now` an open one, `done` one that is taken. True for exactly one caller. */
export async function markUsed<T extends Used & { readonly expiresAt: Seconds }>(
  over: Changing,
  key: Key,
  kind: (value: unknown) => value is T,
  taken: 'now' | 'done',
): Promise<boolean> {
  return changeRecord(over, key, kind, (record) => {
    if (!record || record.taken !== (taken === 'now' ? undefined : 'now')) return { result: false };
    return { write: { ...record, taken }, until: record.expiresAt, result: true };
  });
}
