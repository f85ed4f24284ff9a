/** The Durable Objects of the store: the binding, as far as this package uses it, the methods of an object, and pages over several objects. */
import type { Awaitable } from '../model/runtime.ts';
import { type Attempt, badCursor, type Count, type Cursor, type IndexKey, type Key, type Seconds, type Version } from '../model/store.ts';
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

/** One page of one part. `next` where the part has more. */
interface PartPage<T> {
  readonly items: readonly T[];
  readonly next?: number | Cursor;
}

const CURSOR = /^(?:\d{1,4}:\d{1,15},)*\d{1,4}$/;

/**
 * A page over several parts of a store at once: asks `width` parts for a page each, unfinished ones first. The cursor says which parts have
 * more, where each goes on, and which part is the next that was not asked yet: `3:120,5:77,9`.
 *
 * @param ask also gets how many parts share this page. @throws {OAuthError} if `after` is no cursor of this store.
 */
export async function pageAcross<T>(
  { parts, width }: { readonly parts: number; readonly width: number },
  after: Cursor | undefined,
  ask: (part: number, at: number, parts: number) => Promise<PartPage<T>>,
): Promise<{ readonly items: readonly T[]; readonly next?: Cursor }> {
  if (after !== undefined && !CURSOR.test(after)) throw badCursor();
  const pieces = (after ?? '0').split(',');
  let begun = Number(pieces.pop());
  const open = pieces.map((piece) => piece.split(':').map(Number) as [part: number, at: number]);
  if (begun > parts || open.length > width || open.some(([part]) => part >= parts)) throw badCursor();
  while (open.length < width && begun < parts) open.push([begun++, 0]);
  const pages = await Promise.all(open.map(async ([part, at]) => ask(part, at, open.length)));
  const items = pages.flatMap((page) => page.items);
  const left = open.flatMap(([part], nth) => (pages[nth]?.next === undefined ? [] : [`${part}:${pages[nth].next}`]));
  return left.length === 0 && begun === parts ? { items } : { items, next: [...left, begun].join(',') };
}
