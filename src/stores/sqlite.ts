/**
 * Store in one SQLite file, by Node's own `node:sqlite`. Any number of processes may open the file at once.
 *
 * An answered write is on the disk: `synchronous=FULL`. WAL with NORMAL survives `kill -9` too, but a power cut takes the last seconds
 * back: a revoked grant would work again, and whoever holds a rotated token be logged out (FLT-11). FULL costs an fsync a commit;
 * measured on ext4: 130 µs of CPU a write instead of 50. So writes that arrive in one turn of the event loop share a commit:
 * 16 at once cost 30 µs each, and one alone is a plain statement without a transaction around it.
 */
import { closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers';
import type { Cursor, IndexKey, Json, Key, Page, Seconds, Store, Stored, Version, WriteOptions } from '../model/store.ts';
import {
  enter,
  entriesOf,
  leave,
  listsOf,
  NEVER,
  READ,
  removeRecord,
  type Row,
  type Run,
  SCHEMA,
  SCHEMA_VERSION,
  stands,
  storedOf,
  sweepRecords,
  writeRecord,
} from './sql.ts';
import { readMemory, type ReadMemory } from './wal-index.ts';

/** Milliseconds that a process waits for another one's write. */
const BUSY_TIMEOUT = 5000;

/** Memory for pages of the file; SQLite's own 2 MiB make every second read of a middling file a system call. */
const CACHE_KIB = 16_384;

/** A SQLite store: what every store can, and the two things that a file needs. */
export interface SqliteStore extends Store {
  /**
   * Looks at the next records in turn, 1,000 unless told, removes those that have expired, and tells how many it removed.
   * Call it now and then; the end reached, it starts over.
   */
  sweep(limit?: number): number;
  /** Commits what waits and closes the file. A database that was passed in stays open. */
  close(): void;
}

/**
 * Opens the store, and makes the file (mode 0600) if there is none; its folder must exist.
 *
 * @param database a path, or an open database that this store has for itself.
 * @throws {Error} one line that names the path and the mend: no such folder, not writable, not a database, another
 *   program's database, or one written by a newer version.
 */
export function sqliteStore(database: string | DatabaseSync, options: { readonly now?: () => Seconds } = {}): SqliteStore {
  const { now = machineClock } = options;
  if (typeof database !== 'string') return new FileStore(prepared(database, 'that was passed in'), now, null);
  const file = opened(database);
  const { failed, error } = attempt(() => prepared(file, database));
  if (!failed) return new FileStore(file, now, database);
  file.close();
  throw error;
}

interface Job {
  /** Carries the work out, and tells whether it changed anything. */
  readonly work: () => boolean;
  /** Tells the caller that it is committed. */
  readonly done: () => void;
  /** Tells the caller that nothing of it happened. */
  readonly failed: (error: unknown) => void;
  /** Whether it is one statement, which needs no transaction of its own. */
  readonly single: boolean;
}

class FileStore implements SqliteStore {
  readonly atomic = true;
  readonly #database: DatabaseSync;
  readonly #now: () => Seconds;
  readonly #owned: boolean;
  readonly #statements = new Map<string, StatementSync>();
  readonly #read: StatementSync;
  readonly #run: Run;
  #memory: ReadMemory | null;
  #waiting: Job[] = [];
  #swept = 0;

  /** @param path of a database that is the store's own; null for one that was passed in. */
  constructor(database: DatabaseSync, now: () => Seconds, path: string | null) {
    this.#database = database;
    this.#now = now;
    this.#owned = path !== null;
    this.#memory = path === null ? null : readMemory(path);
    this.#read = database.prepare(READ);
    this.#run = (text, ...parameters) => this.#statement(text).all(...parameters);
  }

  async read(key: Key): Promise<Stored | null> {
    const now = this.#now();
    const known = this.#memory?.find(key);
    if (known) return known.until > now ? storedOf(key, known) : null;
    const row = this.#read.get(key, now) as unknown as Row | undefined;
    if (row) this.#memory?.keep(key, row);
    return row ? storedOf(key, row) : null;
  }

  write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const text = JSON.stringify(value);
    const { until = NEVER, index = null } = options;
    const lists = index && [...index];
    return this.#commit(lists === null, () => {
      const before = lists && listsOf(this.#run, key);
      const version = writeRecord(this.#run, key, text, { when, now: this.#now(), until, lists });
      if (version !== null && lists) this.#enlist(key, before ?? [], lists);
      return version;
    });
  }

  remove(key: Key, when?: Version): Promise<boolean> {
    return this.#commit(false, () => {
      const lists = removeRecord(this.#run, key, when, this.#now());
      for (const list of lists ?? []) leave(this.#run, list, key);
      return lists !== null;
    });
  }

  async list(index: IndexKey, after: Cursor = '0'): Promise<Page> {
    const { keys, next } = entriesOf(this.#run, index, Number(after));
    const now = this.#now();
    const standing = keys.filter((key) => stands(this.#run, index, key, now));
    return next === undefined ? { keys: standing } : { keys: standing, next: String(next) };
  }

  sweep(limit = 1000): number {
    const { removed, next } = sweepRecords(this.#run, this.#swept, limit, this.#now(), (removal) => inTransaction(this.#database, removal));
    this.#swept = next;
    return removed.length;
  }

  close(): void {
    this.#commitWaiting();
    this.#memory = null; // its descriptor is the database's
    if (this.#owned) this.#database.close();
  }

  #statement(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known) return known;
    const statement = this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  #enlist(key: Key, before: readonly IndexKey[], after: readonly IndexKey[]): void {
    for (const list of before) if (!after.includes(list)) leave(this.#run, list, key);
    for (const list of after) enter(this.#run, list, key, this.#now());
  }

  /** Queues work for the end of this turn of the event loop; settles when it is on the disk. */
  #commit<T>(single: boolean, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result!: T;
      const changes = (): boolean => (result = work()) !== null && result !== false;
      const job: Job = { work: changes, done: () => resolve(result), failed: reject, single };
      if (this.#waiting.push(job) === 1) setImmediate(() => this.#commitWaiting());
    });
  }

  #commitWaiting(): void {
    const jobs = this.#waiting;
    this.#waiting = [];
    const together = attempt(() => this.#carryOut(jobs));
    if (!together.failed) for (const job of jobs) job.done();
    else if (jobs.length === 1 || isBusy(together.error)) for (const job of jobs) job.failed(together.error);
    else for (const job of jobs) this.#commitAlone(job); // nothing of them stands; one caller's failure is not the others'
  }

  #commitAlone(job: Job): void {
    const { failed, error } = attempt(() => this.#carryOut([job]));
    if (failed) job.failed(error);
    else job.done();
  }

  #carryOut(jobs: readonly Job[]): void {
    const [first] = jobs;
    let changed = false;
    if (jobs.length === 1 && first?.single) changed = first.work();
    else if (first) inTransaction(this.#database, () => jobs.forEach(({ work }) => (changed = work() || changed)));
    if (changed) this.#memory?.committed();
  }
}

function attempt(
  work: () => void,
): { readonly failed: false; readonly error?: undefined } | { readonly failed: true; readonly error: unknown } {
  try {
    work();
    return { failed: false };
  } catch (error) {
    return { failed: true, error };
  }
}

/** IMMEDIATE: takes the write lock first, so that nothing read inside can be overtaken by another process. */
function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    attempt(() => database.exec('ROLLBACK')); // fails only if SQLite has rolled back by itself, as on a full disk
    throw error;
  }
}

function opened(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600)); // SQLite gives its side files the same mode
    return new DatabaseSync(path);
  } catch (error) {
    throw new Error(`The database ${path} cannot be opened: ${mendOf(path, error)}`, { cause: error });
  }
}

/** Makes a database ready: settings of the connection, and the tables if it has none yet. */
function prepared(database: DatabaseSync, name: string): DatabaseSync {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    switchToWal(database);
    database.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}`);
    if (layoutOf(database) !== SCHEMA_VERSION) inTransaction(database, () => createTables(database));
    return database;
  } catch (error) {
    throw new Error(`The database ${name} cannot be used: ${mendOf(name, error)}`, { cause: error });
  }
}

/** The one step in which SQLite does not wait for others by itself: two processes that open a new file at once meet here. */
function switchToWal(database: DatabaseSync): void {
  const deadline = Date.now() + BUSY_TIMEOUT;
  for (;;) {
    const { failed, error } = attempt(() => database.exec('PRAGMA journal_mode = WAL'));
    if (!failed) return;
    if (!isBusy(error) || Date.now() > deadline) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/** Runs inside a transaction and looks again: another process may have been faster. */
function createTables(database: DatabaseSync): void {
  const layout = layoutOf(database);
  if (layout === SCHEMA_VERSION) return;
  if (layout > SCHEMA_VERSION)
    throw new TypeError('it was written by a newer version of Portcullis. Update Portcullis, or choose another path.');
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as unknown as { tables: number };
  if (tables > 0) throw new TypeError("it holds another program's tables. Choose another path.");
  for (const statement of SCHEMA) database.exec(statement);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function layoutOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as unknown as { user_version: number }).user_version;
}

const NOT_A_DATABASE = 26;
const BUSY = 5;
const READ_ONLY = 8;

/** What is wrong, and what to do about it. */
function mendOf(path: string, error: unknown): string {
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

function isBusy(error: unknown): boolean {
  return primary((error as { errcode?: number } | null)?.errcode) === BUSY;
}

/** The primary code of an extended SQLite error code. */
function primary(errcode: number | undefined): number | undefined {
  return errcode === undefined ? undefined : errcode & 255;
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
