/**
 * Tables and statements shared by SQLite on Node and in a Durable Object. Every change of a record is one statement that includes its
 * condition. A record's own `lists` column decides which lists it is in; rows of `entries` only help to find it, and outdated ones are
 * skipped. The adapter runs the statements. Only plain `?` parameters: older versions of Node bind numbered ones wrongly.
 */
import { randomInteger } from '../lib/bytes.ts';
import {
  CLOCKS_DIFFER,
  checkCursor,
  type Count,
  type Cursor,
  type IndexKey,
  type Json,
  type Key,
  type Page,
  type Seconds,
  type Stored,
  type StoredRecord,
  type Version,
} from '../model/store.ts';

/** Names of the two tables. */
interface Names {
  readonly records: string;
  readonly entries: string;
}

/** Runs one statement and returns its rows; statements are few and constant, so they can be prepared once. */
export type Run = (statement: string, ...parameters: readonly (string | number | null)[]) => readonly unknown[];

/** Expiry of a record without one; a number, so that comparisons stay simple. */
export const NEVER: Seconds = Number.MAX_SAFE_INTEGER;

/** Keys on one page of a listing. */
export const PAGE = 200;

/**
 * Migrations from an empty database to the current schema: each has the statements from the previous one. Only ever append.
 * Version 1: a table with rowid, because `WITHOUT ROWID` stores values of this size in inner tree pages and was three times slower to read.
 * No index on `until`, which would make each write a third more expensive; `sweep` scans the rows instead. The value is the last column,
 * so that reading the others never touches it.
 */
export const LAYOUTS: readonly (readonly string[])[] = [schemaFor({ records: 'records', entries: 'entries' })];

/** Current schema version. */
export const SCHEMA_VERSION: number = LAYOUTS.length;

/** The schema with given table names. */
export function schemaFor({ records, entries }: Names): readonly string[] {
  return [
    `CREATE TABLE ${records} (
      key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, until INTEGER NOT NULL, lists TEXT, value TEXT NOT NULL)`,
    `CREATE TABLE ${entries} (
      seq INTEGER PRIMARY KEY, list TEXT NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, UNIQUE (list, key))`,
    `CREATE INDEX ${entries}_in_order ON ${entries} (list, seq)`,
  ];
}

/** The statements with given table names. Every parameter is a plain `?`, in the order that the functions below bind them. */
export function statementsFor({ records, entries }: Names): Readonly<Record<StatementName, string>> {
  const insert = `INSERT INTO ${records} (key, version, until, lists, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET`;
  const overwrite = 'version = excluded.version, until = excluded.until, value = excluded.value, lists =';
  const stands = 'EXISTS (SELECT 1 FROM json_each(lists) WHERE json_each.value = ?)';
  return {
    read: `SELECT version, until, value FROM ${records} WHERE key = ? AND until > ?`,
    writeAny: `${insert} ${overwrite} CASE WHEN excluded.lists IS NULL AND until > ? THEN lists ELSE excluded.lists END RETURNING version`,
    writeAbsent: `${insert} ${overwrite} excluded.lists WHERE until <= ? RETURNING version`,
    writeVersion: `UPDATE ${records} SET version = ?, until = ?, lists = coalesce(?, lists), value = ?
      WHERE key = ? AND version = ? AND until > ? RETURNING version`,
    increment: `${insert} version = excluded.version, until = CASE WHEN until > ? THEN until ELSE excluded.until END,
      lists = CASE WHEN until > ? THEN lists END,
      value = CASE WHEN until > ? THEN json_set(value, '$.count', json_extract(value, '$.count') + 1) ELSE excluded.value END
      WHERE until <= ? OR json_type(value, '$.count') = 'integer' RETURNING value`,
    remove: `DELETE FROM ${records} WHERE key = ? AND until > ? RETURNING lists`,
    removeVersion: `DELETE FROM ${records} WHERE key = ? AND until > ? AND version = ? RETURNING lists`,
    lists: `SELECT lists FROM ${records} WHERE key = ?`,
    standing: `SELECT 1 FROM ${records} WHERE key = ? AND until > ? AND ${stands}`,
    enter: `INSERT INTO ${entries} (list, key, since) VALUES (?, ?, ?) ON CONFLICT (list, key) DO UPDATE SET since = excluded.since`,
    leave: `DELETE FROM ${entries} WHERE list = ? AND key = ?`,
    leaveGone: `DELETE FROM ${entries} WHERE list = ? AND key = ? AND NOT EXISTS (SELECT 1 FROM ${records} WHERE key = ? AND ${stands})`,
    forget: `DELETE FROM ${entries} WHERE list = ? AND key = ? AND since < ?`,
    listed: `SELECT seq, key, EXISTS (SELECT 1 FROM ${records} AS r WHERE r.key = e.key AND r.until > ?
      AND EXISTS (SELECT 1 FROM json_each(r.lists) WHERE json_each.value = e.list)) AS stands
      FROM ${entries} AS e WHERE list = ? AND seq > ? ORDER BY seq LIMIT ?`,
    entries: `SELECT seq, key FROM ${entries} WHERE list = ? AND seq > ? ORDER BY seq LIMIT ?`,
    look: `SELECT max(at) AS last, count(*) AS seen, sum(until <= ?) AS ended
      FROM (SELECT rowid AS at, until FROM ${records} WHERE rowid > ? ORDER BY rowid LIMIT ?)`,
    ending: `SELECT 1 FROM ${records} WHERE until < ${NEVER} LIMIT 1`,
    sweep: `DELETE FROM ${records} WHERE rowid > ? AND rowid <= ? AND until <= ? RETURNING key, lists`,
    count: `SELECT count(*) AS n FROM ${records} WHERE until > ?`,
    all: `SELECT rowid AS at, key, version, until, lists, value FROM ${records} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
  };
}

/** Names of the statements. */
type StatementName =
  'read' | 'writeAny' | 'writeAbsent' | 'writeVersion' | 'increment' | 'remove' | 'removeVersion' | 'lists' | 'standing' | 'enter' | 'leave' |
  'leaveGone' | 'forget' | 'listed' | 'entries' | 'look' | 'ending' | 'sweep' | 'count' | 'all'; // prettier-ignore

const OWN: Readonly<Record<StatementName, string>> = statementsFor({ records: 'records', entries: 'entries' });

/** Reads a record. Parameters: key, now. */
export const READ: string = OWN.read;

/** A row as it was read. */
export interface Row {
  readonly version: Version;
  readonly until: Seconds;
  readonly value: string;
}

/** A write; `lists` null keeps the record's lists. */
export interface Change {
  readonly when: 'any' | 'absent' | Version;
  readonly now: Seconds;
  readonly until: Seconds;
  readonly lists: readonly IndexKey[] | null;
}

/** The record of a row, or `known` if unchanged. @throws {Error} if it is not JSON; the message does not contain the text. */
export function storedOf(key: Key, row: Row, known?: Stored): Stored {
  if (known !== undefined && known.version === row.version) return known;
  try {
    return { value: JSON.parse(row.value) as Json, version: row.version };
  } catch {
    throw new Error(`The stored record of kind "${key.split(':', 1)[0]}" is not JSON: the database was changed by another program.`);
  }
}

/** A statement with its parameters. */
export type Bound = readonly [statement: string, ...parameters: (string | number | null)[]];

/** The statement that writes if the condition holds, and returns the version. */
export function writing(key: Key, text: string, { when, now, until, lists }: Change, sql: typeof OWN = OWN): Bound {
  const listed = lists && JSON.stringify(lists);
  return typeof when === 'number'
    ? [sql.writeVersion, randomInteger(), until, listed, text, key, when, now]
    : [when === 'any' ? sql.writeAny : sql.writeAbsent, key, randomInteger(), until, listed, text, now];
}

/** The statement that removes a live record, and returns its lists. */
export function removing(key: Key, when: Version | undefined, now: Seconds, sql: typeof OWN = OWN): Bound {
  return when === undefined ? [sql.remove, key, now] : [sql.removeVersion, key, now, when];
}

/** The statement that adds one to a count, or starts one, and returns its value. */
export function incrementing(key: Key, per: Seconds, now: Seconds, sql: typeof OWN = OWN): Bound {
  return [sql.increment, key, randomInteger(), now + per, null, firstCount(now + per), now, now, now, now];
}

/** The value of a count that starts. */
export function firstCount(endsAt: Seconds): string {
  return JSON.stringify({ v: 1, count: 1, endsAt });
}

/** The count in the row that a statement returned; null if there is none, because the record is no count. */
export function countIn(row: unknown): Count | null {
  if (row === undefined) return null;
  const { count, endsAt } = JSON.parse((row as { value: string }).value) as Count;
  return { count, endsAt };
}

/** Writes if the condition holds and returns the new version; else null. */
export function writeRecord(run: Run, key: Key, text: string, change: Change): Version | null {
  return (run(...writing(key, text, change))[0] as { version: Version } | undefined)?.version ?? null;
}

/** Removes a live record and returns its lists; null if there was none in that version. */
export function removeRecord(run: Run, key: Key, when: Version | undefined, now: Seconds): readonly IndexKey[] | null {
  const rows = run(...removing(key, when, now));
  return rows.length === 0 ? null : listsIn(rows[0]);
}

/** The lists that a record names, live or not. */
export function listsOf(run: Run, key: Key): readonly IndexKey[] {
  return listsIn(run(OWN.lists, key)[0]);
}

/** Whether a live record names a list. */
export function stands(run: Run, list: IndexKey, key: Key, now: Seconds): boolean {
  return run(OWN.standing, key, now, list).length > 0;
}

/** Appends a key to a list, or keeps its position. */
export function enter(run: Run, list: IndexKey, key: Key, now: Seconds): void {
  run(OWN.enter, list, key, now);
}

/** Removes a key from a list. */
export function leave(run: Run, list: IndexKey, key: Key): void {
  run(OWN.leave, list, key);
}

/** Removes a key from a list if it entered before a time: a younger entry's record may be about to be written. */
export function forget(run: Run, list: IndexKey, key: Key, before: Seconds): void {
  run(OWN.forget, list, key, before);
}

/** One page of a list: the keys whose live records name it. */
export function listed(run: Run, list: IndexKey, after: Cursor, now: Seconds): Page {
  return pageIn(run(...listing(list, after, now)));
}

/** The statement that reads such a page. */
export function listing(list: IndexKey, after: Cursor, now: Seconds, sql: typeof OWN = OWN): Bound {
  return [sql.listed, now, list, Number(checkCursor(after)), PAGE + 1];
}

/** The page in the rows of that statement. */
export function pageIn(found: readonly unknown[]): Page {
  const rows = (found as readonly { seq: number; key: Key; stands: 0 | 1 }[]).slice(0, PAGE);
  const keys = rows.filter(({ stands: is }) => is === 1).map(({ key }) => key);
  return found.length > PAGE ? { keys, next: String(rows.at(-1)?.seq) } : { keys };
}

/** One page of a list, including entries whose record is gone. */
export function entriesOf(
  run: Run,
  list: IndexKey,
  after: number,
  most: number = PAGE,
): { readonly keys: readonly Key[]; readonly next?: number } {
  const rows = run(OWN.entries, list, after, most + 1) as readonly { seq: number; key: Key }[]; // one more than a page has
  const keys = rows.slice(0, most).map(({ key }) => key);
  const last = rows[most - 1];
  return rows.length > most && last ? { keys, next: last.seq } : { keys };
}

/** Progress of a sweep. */
export interface Swept {
  readonly removed: readonly { readonly key: Key; readonly lists: readonly IndexKey[] }[];
  /** Where the next call continues; 0 at the end. */
  readonly next: number;
}

/**
 * Scans the next `limit` records and removes those that expired long enough ago.
 * @param within runs the removal, in one transaction if the adapter wants that.
 */
export function sweepRecords(run: Run, after: number, limit: number, now: Seconds, within: (removal: () => void) => void): Swept {
  const before = now - CLOCKS_DIFFER;
  const look = run(OWN.look, before, after, limit)[0] as { last: number | null; seen: number; ended: number | null };
  const next = look.last === null || look.seen < limit ? 0 : look.last;
  if (look.last === null || !look.ended) return { removed: [], next };
  const { last } = look;
  let removed: Swept['removed'] = [];
  within(() => {
    const rows = run(OWN.sweep, after, last, before) as readonly { key: Key }[];
    removed = rows.map((row) => ({ key: row.key, lists: listsIn(row) }));
    for (const { key, lists } of removed) for (const list of lists) leave(run, list, key);
  });
  return { removed, next };
}

/** Whether any record has an expiry. */
export function hasEnding(run: Run): boolean {
  return run(OWN.ending).length > 0;
}

/** The number of live records. */
export function countOf(run: Run, now: Seconds): number {
  return (run(OWN.count, now)[0] as { n: number }).n;
}

/** One page of all live records, in order of creation. */
export function recordsOf(run: Run, after: number, now: Seconds): { readonly records: readonly StoredRecord[]; readonly next?: Cursor } {
  return keptIn(run(OWN.all, after, PAGE), now);
}

/** The page in rows of the statement `all`. */
export function keptIn(rows: readonly unknown[], now: Seconds): { readonly records: readonly StoredRecord[]; readonly next?: Cursor } {
  const all = rows as readonly (Row & { readonly at: number; readonly key: Key; readonly lists: string | null })[];
  const records = all.filter(({ until }) => until > now).map((row) => keptOf(row.key, row));
  const last = all[PAGE - 1];
  return last ? { records, next: String(last.at) } : { records };
}

/** A row as a record for a copy. */
export function keptOf(key: Key, row: Row & { readonly lists: string | null }): StoredRecord {
  return { key, ...storedOf(key, row), ...(row.until < NEVER ? { until: row.until } : {}), index: listsIn(row) };
}

/** The lists in a row. */
export function listsIn(row: unknown): readonly IndexKey[] {
  const { lists } = (row ?? { lists: null }) as { lists: string | null };
  return lists === null ? [] : (JSON.parse(lists) as readonly IndexKey[]);
}
