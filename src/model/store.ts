/**
 * The storage contract: a few atomic verbs, and nothing about OAuth.
 * What an adapter must promise stands here once; `testing/store-suite` proves it for each of them.
 */

/** Anything that survives `JSON.stringify`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Whole seconds since 1970, or a span of them. Never milliseconds, never `Date`. */
export type Seconds = number;

/** A record's name: kind, colon, id. */
export type Key = `${string}:${string}`;

/** A tenant's id: it stands before the keys of its records, and in the names of its cookies. */
export const TENANT_ID: RegExp = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** A list's name: what it groups by, colon, value (`user:42`). */
export type IndexKey = `${string}:${string}`;

/** Tells one state of a record from every other, also after removal and re-creation, and after the engine lost the last states: random, not counted. */
export type Version = number;

/** Where a listing goes on; opaque, made by the store. */
export type Cursor = string;

/** A record as it was read. */
export interface Stored {
  readonly value: Json;
  readonly version: Version;
}

/** What may go along with a write. */
export interface WriteOptions {
  /** From this second on the record reads as absent. Without it, it stays. */
  readonly until?: Seconds;
  /** Lists in which the record's key shall stand from now on; replaces those of the write before. */
  readonly index?: readonly IndexKey[];
}

/** One page of a listing. */
export interface Page {
  readonly keys: readonly Key[];
  readonly next?: Cursor;
}

/** A live record with everything that a copy of it in another store needs. */
export interface Kept {
  readonly key: Key;
  readonly value: Json;
  readonly version: Version;
  /** Absent for a record that stays. */
  readonly until?: Seconds;
  readonly index: readonly IndexKey[];
}

/**
 * What an adapter rejects with where it is certain that nothing was changed, and that trying again soon may help:
 * a serialization failure, a deadlock, a refused connection. Whatever else it rejects with may have happened or not.
 */
export class NothingDone extends Error {
  override readonly name = 'NothingDone';
}

/**
 * Where records live. Every verb is atomic for one key, in any number of processes.
 * A verb that cannot be carried out rejects; it never answers as if nothing were there.
 */
export interface Store {
  /**
   * The record, or null if it was never written, was removed, or has expired.
   * @param known what a caller who changes nothing in it has read before: where the record is still in that state, a store may give
   *   back that very object, and spare itself the rest.
   */
  read(key: Key, known?: Stored): Promise<Stored | null>;
  /** The record as it stood lately, which may be gone or another by now: for what is only shown. Nothing is decided by it. Absent where it would cost as much. */
  readLate?(key: Key): Promise<Stored | null>;
  /**
   * Writes if the condition holds, and tells the new version; null, and nothing changed, if it does not.
   * @param when `any` always, `absent` only where no live record stands, a version only on that very state.
   */
  write(key: Key, value: Json, when: 'any' | 'absent' | Version, options?: WriteOptions): Promise<Version | null>;
  /** Removes; true for exactly one caller, however many ask at once. With `when`, only that state. */
  remove(key: Key, when?: Version): Promise<boolean>;
  /** Keys that stand in a list, oldest first, at most some hundred a page. A hint: a key may have gone meanwhile. */
  list(index: IndexKey, after?: Cursor): Promise<Page>;
  /** One page of all live records, in an order of the store's own: for copies. Absent where the engine cannot tell. */
  all?(after?: Cursor): Promise<{ readonly records: readonly Kept[]; readonly next?: Cursor }>;
  /** How many live records there are, found out in another way than `all`: by it a copy knows that it is whole. Absent where the engine cannot tell. */
  count?(): Promise<number>;
  /** Of the keys that `name` gives for 0, 1, 2 …, some of which one lies in each part of the store. Absent where it has one part. */
  spread?(name: (n: number) => Key): readonly Key[];
  /** Looks at the next records in turn, some thousand unless told, and removes the expired ones; tells how many. Absent where the engine forgets by itself. */
  sweep?(most?: number): Promise<number>;
  /** True where answers come from this very process, so that none can fail to come; other stores are given a deadline. */
  readonly local?: boolean;
  /** True where a write that was answered may be lost by a failover to a replica that had not got it. */
  readonly mayLose?: boolean;
  /** False only where the engine has no conditional write; such a store is refused for grants. */
  readonly atomic: boolean;
}
