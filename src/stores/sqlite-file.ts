/**
 * The file of the SQLite store: opens and prepares it, and explains what may be wrong with it and how to fix that;
 * and a reserve beside it for a full disk.
 */
import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { LAYOUTS, SCHEMA_VERSION } from './sql.ts';

/** Milliseconds to wait for another process's write. */
const BUSY_TIMEOUT = 5000;
/** The same after one wait in vain, until a write succeeds: this process does nothing else while it waits. */
const SHORT_TIMEOUT = 100;

/** Page cache; with SQLite's default of 2 MiB, every second read of a medium-sized file is a system call. */
const CACHE_KIB = 16_384;

/** A prepared statement of `node:sqlite` or `better-sqlite3`. */
export interface SqliteStatement {
  /** `better-sqlite3` only: whether it returns rows. Without rows it can only be run. */
  readonly reader?: boolean;
  all(...parameters: (string | number | null)[]): unknown[];
  get(...parameters: (string | number | null)[]): unknown;
  run(...parameters: (string | number | null)[]): unknown;
}

/** An open database of `node:sqlite`, `better-sqlite3`, or anything with their shape. */
export interface SqliteDatabase {
  exec(statements: string): unknown;
  prepare(statement: string): SqliteStatement;
  close(): unknown;
}

/** Runs work, and returns what it throws. */
export function attempt(
  work: () => void,
): { readonly failed: false; readonly error?: undefined } | { readonly failed: true; readonly error: unknown } {
  try {
    work();
    return { failed: false };
  } catch (error) {
    return { failed: true, error };
  }
}

/** IMMEDIATE takes the write lock first, so that nothing read inside is outdated by another process. */
export function inTransaction(database: SqliteDatabase, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    attempt(() => database.exec('ROLLBACK')); // fails only if SQLite has already rolled back, for example on a full disk
    throw error;
  }
}

/** Opens a file, and creates it (mode 0600) if there is none. @throws {Error} naming the path and the fix. */
export function opened(path: string): DatabaseSync {
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof import('node:sqlite') | undefined;
  if (!sqlite) throw new Error(`SQLite needs Node 22.13 or newer, and this is ${process.version}. Install a newer Node and try again.`);
  try {
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600)); // SQLite uses the same mode for its other files
    return new sqlite.DatabaseSync(path);
  } catch (error) {
    throw new Error(`The database ${path} cannot be opened: ${fixOf(path, error)}`, { cause: error });
  }
}

/** Prepares a database: connection settings, and the tables if it has none yet. */
export function prepared(database: SqliteDatabase, name: string): SqliteDatabase {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    switchToWal(database);
    database.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}`);
    if (layoutOf(database) !== SCHEMA_VERSION) inTransaction(database, () => layOut(database, LAYOUTS));
    return database;
  } catch (error) {
    throw new Error(`The database ${name} cannot be used: ${fixOf(name, error)}`, { cause: error });
  }
}

/** Switches to WAL. SQLite does not wait for other processes here, so two that open a new file at once would collide. */
export function switchToWal(database: SqliteDatabase): void {
  const deadline = Date.now() + BUSY_TIMEOUT;
  for (;;) {
    const { failed, error } = attempt(() => database.exec('PRAGMA journal_mode = WAL'));
    if (!failed) return;
    if (!isBusy(error) || Date.now() > deadline) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/**
 * Migrates a database to the current schema. Runs inside a transaction and checks again: another process may have been faster.
 *
 * @throws {TypeError} for a newer schema, or another program's tables.
 */
export function layOut(database: SqliteDatabase, layouts: readonly (readonly string[])[]): void {
  const layout = layoutOf(database);
  if (layout > layouts.length)
    throw new TypeError('it was written by a newer version of Portcullis. Update Portcullis, or choose another path.');
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
  if (layout === 0 && tables > 0) throw new TypeError("it holds another program's tables. Choose another path.");
  for (const statement of layouts.slice(layout).flat()) database.exec(statement);
  database.exec(`PRAGMA user_version = ${layouts.length}`);
}

/** @throws {TypeError} if another process has migrated the file to a schema that this version does not know. */
function checkLayout(database: SqliteDatabase): void {
  if (layoutOf(database) > SCHEMA_VERSION)
    throw new TypeError('The database was migrated by a newer version of Portcullis. Update this process.');
}

/** What one store watches of its file. */
export interface FileWatch {
  /** @throws {Error} if other processes see another file or another schema than this one. */
  check(): void;
  /** Sets how long the next write waits for other processes. */
  waited(inVain: boolean): void;
}

/** Watches a database. @param path of its file; null if it was passed in. */
export function watchFile(database: SqliteDatabase, path: string | null): FileWatch {
  const file = path === null || path === ':memory:' ? null : resolve(path); // the working directory may change
  const own = file === null ? null : idOf(file, null);
  let isShort = false;
  return {
    check() {
      if (file !== null && idOf(file, own) !== own)
        throw new Error(`The database ${path} was moved or replaced while it was open. Put it back, or restart this process.`);
      checkLayout(database);
    },
    waited(inVain) {
      if (inVain === isShort) return;
      isShort = inVain;
      attempt(() => database.exec(`PRAGMA busy_timeout = ${inVain ? SHORT_TIMEOUT : BUSY_TIMEOUT}`));
    },
  };
}

/** Identifies the file at a path. @param unknown given where it cannot be told, as without the right to look into the folder. */
function idOf(file: string, unknown: string | null): string | null {
  try {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    return `${found?.dev} ${found?.ino}`;
  } catch {
    return unknown;
  }
}

/** Error while the reserve is in use, in SQLite's own words. */
export const DISK_FULL: Error = Object.assign(new Error('database or disk is full'), { errcode: 13 });

function layoutOf(database: SqliteDatabase): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

const NOT_A_DATABASE = 26;
const BUSY = 5;
const READ_ONLY = 8;
const FULL = 13;

/** What is wrong, and how to fix it. */
function fixOf(path: string, error: unknown): string {
  if (error instanceof TypeError) return error.message;
  const { code, errcode } = error as { code?: string; errcode?: number };
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'its folder does not exist. Create the folder, or choose another path.';
  if (code === 'EISDIR' || statSync(path, { throwIfNoEntry: false })?.isDirectory()) return 'it is a folder. Name a file in it.';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'no permission. Make file and folder writable for this user.';
  if (primary(errcode) === NOT_A_DATABASE) return 'it is not an SQLite database. Move the file away, or choose another path.';
  if (primary(errcode) === READ_ONLY) return 'it is read-only. Make file and folder writable for this user.';
  if (primary(errcode) === BUSY) return 'another process holds it locked. Stop that process, or choose another path.';
  return `${error instanceof Error ? error.message : String(error)}. Check the disk and the folder.`;
}

/** Whether another process holds the file. */
export function isBusy(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number };
  return primary(errcode) === BUSY || (code?.startsWith('SQLITE_BUSY') ?? false);
}

/** Whether the disk, or the database by its own limit, is full. */
export function isFull(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number };
  return primary(errcode) === FULL || code === 'SQLITE_FULL';
}

/** The primary code of an extended SQLite error code. */
function primary(errcode: number | undefined): number | undefined {
  return errcode === undefined ? undefined : errcode & 255;
}

/** Size of the reserve: enough for some hundred changes of one record each. */
const ROOM = 512 * 1024;
/** Maximum of `crypto.getRandomValues`. */
const CHUNK = 65_536;

/** The reserve of one database. */
export interface Room {
  /** Whether another process freed it, and the disk was still too full when this one opened the database. */
  readonly isLost: boolean;
  /** Frees it. False if there is none, or it was freed before. */
  release(): boolean;
  /** Allocates it again. False if the disk is still too full. */
  take(): boolean;
}

/**
 * The reserve of a database: space on the same disk that is freed when the disk is full, so that changes which need little and free more are
 * still possible: a revocation, a removal, a sweep. SQLite needs some space in its log for each of them. Allocated at once if there is enough.
 */
export function roomBeside(path: string): Room {
  const file = `${path}-room`;
  const wasFreed = statSync(file, { throwIfNoEntry: false })?.size === 0;
  const room = {
    isLost: false,
    release() {
      const is = isTaken(file);
      if (is) cut(file);
      return is;
    },
    take: () => isTaken(file) || fill(file),
  };
  if (room.take()) return room;
  if (!wasFreed) attempt(() => rmSync(file)); // there never was one: a file without its size would say otherwise
  return { ...room, isLost: wasFreed };
}

function isTaken(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.size === ROOM;
}

function cut(file: string): void {
  const descriptor = openSync(file, 'r+');
  ftruncateSync(descriptor);
  closeSync(descriptor);
}

/** Random bytes, since a file system may store zeros without allocating. Half a reserve is useless, and may be all the space that is left. */
function fill(file: string): boolean {
  try {
    const descriptor = openSync(file, 'w', 0o600);
    try {
      for (let at = 0; at < ROOM; at += CHUNK) writeSync(descriptor, crypto.getRandomValues(new Uint8Array(CHUNK)));
    } finally {
      if (!isTaken(file)) ftruncateSync(descriptor); // the last write may have been short
      closeSync(descriptor);
    }
    return isTaken(file);
  } catch {
    return false; // no space: works as without a reserve
  }
}
