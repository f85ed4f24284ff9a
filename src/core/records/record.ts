/**
 * Reads a record with its version, and checks its shape. A record with the wrong shape reads as absent.
 */
import type { Cursor, IndexKey, Key, Store, Stored, Version } from '../../model/store.ts';

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

/** Whether a value is an object with these members. */
export function has(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}

/** Whether a record has the current format. */
export function versioned(value: unknown): boolean {
  return has(value, 'v') && (value as { v: unknown }).v === 1;
}
