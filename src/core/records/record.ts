/**
 * Reads a record with its version, and checks its shape. A record with the wrong shape reads as absent.
 */
import { changeRecord, type RecordAccess } from '../../model/change-record.ts';
import type { Cursor, IndexKey, Key, Seconds, Store, Stored, Version } from '../../model/store.ts';

/** A record with the version that was read. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: Version;
}

/** Reads a record, or null if it is absent or of another kind. */
export async function readRecord<T>(store: Store, key: Key, kind: (value: unknown) => value is T): Promise<Versioned<T> | null> {
  return valueOf(await store.read(key), kind);
}

/** The record, or null if it is of another kind. */
export function valueOf<T>(stored: Stored | null, kind: (value: unknown) => value is T): Versioned<T> | null {
  return stored && kind(stored.value) ? { value: stored.value, version: stored.version } : null;
}

/** The records of one page of a list, in its order; those that are absent or of another kind are left out. */
export async function readPage<T>(
  store: Store,
  list: IndexKey,
  kind: (value: unknown) => value is T,
  after?: Cursor,
): Promise<{ readonly values: readonly T[]; readonly next?: Cursor }> {
  const { keys, records, ...page } = await store.list(list, after, true);
  const found = await Promise.all(keys.map(async (key) => valueOf(records?.get(key) ?? (await store.read(key)), kind)));
  return { ...page, values: found.flatMap((one) => (one ? [one.value] : [])) };
}

/** Records about to be removed. Outlives any running removal; if its process died, they count as removed for that long. */
type PendingRemovals = { readonly v: 1; readonly ids: readonly string[] };
const isPendingRemovals = (value: unknown): value is PendingRemovals => versioned(value) && has(value, 'ids');
const REMOVAL_TTL: Seconds = 600;

/** Announces that a record will be removed; false if no other one would remain, counting concurrent removals. @param present the ids of all that are there. */
export function announceRemoval(
  over: RecordAccess,
  key: Key,
  { id, present, now }: { readonly id: string; readonly present: () => Promise<readonly string[]>; readonly now: Seconds },
): Promise<boolean> {
  // Announced removals are read before the list: a later announcement conflicts with this version.
  return changeRecord(over, key, isPendingRemovals, async (announced) => {
    const ids = await present();
    const leaving = (announced?.ids ?? []).filter((one) => ids.includes(one) && one !== id);
    if (ids.every((one) => one === id || leaving.includes(one))) return { result: false };
    return { write: { v: 1, ids: [...leaving, id] }, until: now + REMOVAL_TTL, result: true };
  });
}

/** Whether a value is an object with these members. */
export function has(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}

/** Whether a record has the current format. */
export function versioned(value: unknown): boolean {
  return has(value, 'v') && (value as { v: unknown }).v === 1;
}
