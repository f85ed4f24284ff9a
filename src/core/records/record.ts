/**
 * Reads a record with its version, and checks its shape. A record with the wrong shape reads as absent.
 */
import type { Key, Store, Stored, Version } from '../../model/store.ts';

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

/** Whether a value is an object with these members. */
export function has(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}

/** Whether a record has the current format. */
export function versioned(value: unknown): boolean {
  return has(value, 'v') && (value as { v: unknown }).v === 1;
}
