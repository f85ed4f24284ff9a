/** The Durable Object binding of the store, as far as this package uses it, and the methods of its object. */

import type { Awaitable } from '../model/runtime.ts';
import type { Attempt, Count, Cursor, IndexKey, Key, Seconds, Version } from '../model/store.ts';
import type { Change, Row } from './sql.ts';

/** The part of a Durable Object namespace that is used. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  /** @param options `locationHint`: where the object is created if it does not exist. */
  get(id: never, options?: never): unknown;
}

/** Methods of the object. Values are JSON text. */
export interface StoreObject {
  read(key: Key, now: Seconds): Awaitable<Row | null>;
  /** The new version, and the lists that the record left; null if the condition does not hold. */
  write(key: Key, text: string, change: Change): Awaitable<{ readonly version: Version; readonly left: readonly IndexKey[] } | null>;
  /** Adds one to a count, or starts one; null if the record is not a count. */
  increment(key: Key, per: Seconds, now: Seconds): Awaitable<Count | null>;
  /** The record after an attempt; as it was, unchanged, unless it `isDone`. */
  attempt(key: Key, attempt: Attempt): Awaitable<{ readonly isDone: boolean; readonly row: Row | null }>;
  /** The lists of the removed record; null if there was none in that version. */
  remove(key: Key, when: Version | null, now: Seconds): Awaitable<readonly IndexKey[] | null>;
  enter(list: IndexKey, key: Key, now: Seconds): Awaitable<void>;
  /** One page of a list, including entries whose record is gone. @param most entries on it. */
  entries(list: IndexKey, after: number, most?: number): Awaitable<{ readonly keys: readonly Key[]; readonly next?: number }>;
  /** The keys whose live records name the list. */
  standing(list: IndexKey, keys: readonly Key[], now: Seconds): Awaitable<readonly Key[]>;
  /** Their records, too. */
  standingRecords(list: IndexKey, keys: readonly Key[], now: Seconds): Awaitable<readonly (Row & { readonly key: Key })[]>;
  /** One page of all live records of this object. */
  all(after: number, now: Seconds): Awaitable<{ readonly records: readonly string[]; readonly next?: Cursor }>;
  /** The number of live records. */
  count(now: Seconds): Awaitable<number>;
  /** Removes entries older than `before`. */
  forget(list: IndexKey, keys: readonly Key[], before: Seconds): Awaitable<void>;
}
