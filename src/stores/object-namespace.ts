/** The Durable Object binding of the store, as far as this package uses it, and the methods of its object. */

import type { Awaitable } from '../model/runtime.ts';
import type { Cursor, IndexKey, Key, Seconds, Version } from '../model/store.ts';
import type { Change, Row } from './sql.ts';

/** A Durable Object namespace, as far as it is used here. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  get(id: never): unknown;
}

/** What the object answers to. Values travel as JSON text. */
export interface StoreObject {
  read(key: Key, now: Seconds): Awaitable<Row | null>;
  /** The new version, and the lists that the record left; null if the condition does not hold. */
  write(key: Key, text: string, change: Change): Awaitable<{ readonly version: Version; readonly left: readonly IndexKey[] } | null>;
  /** The lists that the record stood in; null if there was none in that state. */
  remove(key: Key, when: Version | null, now: Seconds): Awaitable<readonly IndexKey[] | null>;
  enter(list: IndexKey, key: Key, now: Seconds): Awaitable<void>;
  /** One page of a list, whether its records still stand or not. */
  entries(list: IndexKey, after: number): Awaitable<{ readonly keys: readonly Key[]; readonly next?: number }>;
  /** Those of the keys whose live records say that they stand in the list. */
  standing(list: IndexKey, keys: readonly Key[], now: Seconds): Awaitable<readonly Key[]>;
  /** One page of all live records of this object. */
  all(after: number, now: Seconds): Awaitable<{ readonly records: readonly string[]; readonly next?: Cursor }>;
  /** How many live records there are. */
  count(now: Seconds): Awaitable<number>;
  /** Drops entries that are older than a moment. */
  forget(list: IndexKey, keys: readonly Key[], before: Seconds): Awaitable<void>;
}
