/**
 * The tables and statements that SQLite on Node and SQLite in a Durable Object share, so that the two cannot drift.
 * Every change of a record is one statement whose condition stands in it. A record's own `lists` column decides in which
 * lists it stands; rows of `entries` only help to find it, and one that no longer fits is skipped. How a statement is run is the
 * adapter's business. Only plain `?` parameters: older Nodes bind numbered ones wrongly.
 */
import type { IndexKey, Json, Key, Seconds, Stored, Version } from '../model/store.ts';
import { firstVersion } from './version.ts';

/** Runs one statement to its end and gives its rows; statements are few and constant, so they can be prepared once. */
export type Run = (statement: string, ...parameters: readonly (string | number | null)[]) => readonly unknown[];

/** The layout below. Raise it with every change of the layout, and write the step from the one before. */
export const SCHEMA_VERSION = 1;

/** The end of a record that has none; a number, so that every comparison stays a plain one. */
export const NEVER: Seconds = Number.MAX_SAFE_INTEGER;

/** Keys on one page of a listing. */
export const PAGE = 200;

/**
 * Layout 1. A table with rowid: `WITHOUT ROWID` keeps values of this size in the inner pages of the tree and was three times
 * slower to read. No index on `until`: it would make every write a third dearer; `sweep` walks the rows instead. The value
 * stands last, so that looking at the other columns never touches it.
 */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE records (
    key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, until INTEGER NOT NULL, lists TEXT, value TEXT NOT NULL)`,
  `CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, list TEXT NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, UNIQUE (list, key))`,
  'CREATE INDEX entries_in_order ON entries (list, seq)',
];

/** One record: `key`, `now`. */
export const READ = 'SELECT version, until, value FROM records WHERE key = ? AND until > ?';

const INSERT = 'INSERT INTO records (key, version, until, lists, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET';
const OVERWRITE = 'version = version + 1, until = excluded.until, value = excluded.value, lists =';
const WRITE_ANY = `${INSERT} ${OVERWRITE} CASE WHEN excluded.lists IS NULL AND until > ? THEN lists ELSE excluded.lists END RETURNING version`;
const WRITE_ABSENT = `${INSERT} ${OVERWRITE} excluded.lists WHERE until <= ? RETURNING version`;
const WRITE_VERSION = `UPDATE records SET version = version + 1, until = ?, lists = coalesce(?, lists), value = ?
  WHERE key = ? AND version = ? AND until > ? RETURNING version`;
const REMOVE = 'DELETE FROM records WHERE key = ? AND until > ? RETURNING lists';
const REMOVE_VERSION = 'DELETE FROM records WHERE key = ? AND until > ? AND version = ? RETURNING lists';
const LISTS = 'SELECT lists FROM records WHERE key = ?';
const STANDS = 'EXISTS (SELECT 1 FROM json_each(lists) WHERE json_each.value = ?)';
const STANDING = `SELECT 1 FROM records WHERE key = ? AND until > ? AND ${STANDS}`;
const ENTER = 'INSERT INTO entries (list, key, since) VALUES (?, ?, ?) ON CONFLICT (list, key) DO UPDATE SET since = excluded.since';
const LEAVE = 'DELETE FROM entries WHERE list = ? AND key = ?';
const FORGET = 'DELETE FROM entries WHERE list = ? AND key = ? AND since < ?';
const ENTRIES = 'SELECT seq, key FROM entries WHERE list = ? AND seq > ? ORDER BY seq LIMIT ?';
const LOOK = `SELECT max(at) AS last, count(*) AS seen, sum(until <= ?) AS ended
  FROM (SELECT rowid AS at, until FROM records WHERE rowid > ? ORDER BY rowid LIMIT ?)`;
const ENDING = `SELECT 1 FROM records WHERE until < ${NEVER} LIMIT 1`;
const SWEEP = 'DELETE FROM records WHERE rowid > ? AND rowid <= ? AND until <= ? RETURNING key, lists';

/** A row as it was read. */
export interface Row {
  readonly version: Version;
  readonly until: Seconds;
  readonly value: string;
}

/** What a write needs to know; `lists` null leaves the record's lists as they are. */
export interface Change {
  readonly when: 'any' | 'absent' | Version;
  readonly now: Seconds;
  readonly until: Seconds;
  readonly lists: readonly IndexKey[] | null;
}

/** The record of a row. @throws {Error} when what stands there is not JSON; the text itself stays out of the message. */
export function storedOf(key: Key, row: Row): Stored {
  try {
    return { value: JSON.parse(row.value) as Json, version: row.version };
  } catch {
    throw new Error(`The stored record of kind "${key.split(':', 1)[0]}" is not JSON: the database was changed by another program.`);
  }
}

/** Writes if the condition holds and gives the new version; else null. One statement. */
export function writeRecord(run: Run, key: Key, text: string, { when, now, until, lists }: Change): Version | null {
  const listed = lists && JSON.stringify(lists);
  const rows =
    typeof when === 'number'
      ? run(WRITE_VERSION, until, listed, text, key, when, now)
      : run(when === 'any' ? WRITE_ANY : WRITE_ABSENT, key, firstVersion(), until, listed, text, now);
  return (rows[0] as { version: Version } | undefined)?.version ?? null;
}

/** Removes a live record and gives the lists it stood in; null if there was none in that state. One statement. */
export function removeRecord(run: Run, key: Key, when: Version | undefined, now: Seconds): readonly IndexKey[] | null {
  const rows = when === undefined ? run(REMOVE, key, now) : run(REMOVE_VERSION, key, now, when);
  return rows.length === 0 ? null : listsIn(rows[0]);
}

/** The lists that a record names, live or not. */
export function listsOf(run: Run, key: Key): readonly IndexKey[] {
  return listsIn(run(LISTS, key)[0]);
}

/** Whether a live record says that it stands in a list. */
export function stands(run: Run, list: IndexKey, key: Key, now: Seconds): boolean {
  return run(STANDING, key, now, list).length > 0;
}

/** Puts a key at the end of a list, or leaves it at its place there. */
export function enter(run: Run, list: IndexKey, key: Key, now: Seconds): void {
  run(ENTER, list, key, now);
}

/** Takes a key out of a list. */
export function leave(run: Run, list: IndexKey, key: Key): void {
  run(LEAVE, list, key);
}

/** Takes a key out of a list if it entered before a moment: a younger entry's record may be about to be written. */
export function forget(run: Run, list: IndexKey, key: Key, before: Seconds): void {
  run(FORGET, list, key, before);
}

/** One page of a list, whether its records still stand or not. */
export function entriesOf(run: Run, list: IndexKey, after: number): { readonly keys: readonly Key[]; readonly next?: number } {
  const rows = run(ENTRIES, list, after, PAGE + 1) as readonly { seq: number; key: Key }[];
  const keys = rows.slice(0, PAGE).map(({ key }) => key);
  const last = rows[PAGE - 1];
  return rows.length > PAGE && last ? { keys, next: last.seq } : { keys };
}

/** How far a sweep came. */
export interface Swept {
  readonly removed: readonly { readonly key: Key; readonly lists: readonly IndexKey[] }[];
  /** Where the next call goes on; 0 when the end was reached. */
  readonly next: number;
}

/**
 * Looks at the next `limit` records and removes the expired ones.
 * @param within runs the removal, in one transaction where that is the adapter's business.
 */
export function sweepRecords(run: Run, after: number, limit: number, now: Seconds, within: (removal: () => void) => void): Swept {
  const look = run(LOOK, now, after, limit)[0] as { last: number | null; seen: number; ended: number | null };
  const next = look.last === null || look.seen < limit ? 0 : look.last;
  if (look.last === null || !look.ended) return { removed: [], next };
  const { last } = look;
  let removed: Swept['removed'] = [];
  within(() => {
    const rows = run(SWEEP, after, last, now) as readonly { key: Key }[];
    removed = rows.map((row) => ({ key: row.key, lists: listsIn(row) }));
    for (const { key, lists } of removed) for (const list of lists) leave(run, list, key);
  });
  return { removed, next };
}

/** Whether any record is left that can expire. */
export function hasEnding(run: Run): boolean {
  return run(ENDING).length > 0;
}

function listsIn(row: unknown): readonly IndexKey[] {
  const { lists } = (row ?? { lists: null }) as { lists: string | null };
  return lists === null ? [] : (JSON.parse(lists) as readonly IndexKey[]);
}
