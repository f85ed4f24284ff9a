/**
 * Store in one SQLite file, by Node's own `node:sqlite`. Any number of processes may open the file at once.
 *
 * An answered write is on the disk: `synchronous=FULL`. WAL with NORMAL survives `kill -9` too, but a power cut takes the last seconds
 * back: a revoked grant would work again, and whoever holds a rotated token be logged out (FLT-11). FULL costs an fsync a commit;
 * measured on ext4: 130 µs of CPU a write instead of 50. So writes that arrive in one turn of the event loop share a commit:
 * 16 at once cost 30 µs each, and one alone is a plain statement without a transaction around it.
 */
import { setImmediate } from 'node:timers';
import { type Cursor, type IndexKey, type Json, type Key, NothingDone, type Page, type Seconds } from '../model/store.ts';
import type { Store, Stored, StoredRecord, Version, WriteOptions } from '../model/store.ts';
import {
  countOf,
  enter,
  leave,
  listed,
  listsOf,
  NEVER,
  READ,
  recordsOf,
  removeRecord,
  type Row,
  type Run,
  storedOf,
  sweepRecords,
  writeRecord,
} from './sql.ts';
import { isLookOver } from './layout-check.ts';
import {
  attempt,
  checkLayout,
  inTransaction,
  isBusy,
  isFull,
  opened,
  prepared,
  type SqliteDatabase,
  type SqliteStatement,
} from './sqlite-file.ts';
import { type Room, roomBeside } from './sqlite-room.ts';
import { readMemory, type ReadMemory } from './wal-index.ts';

/** A SQLite store: what every store can, and the two things that a file needs. */
export interface SqliteStore extends Store {
  all(after?: Cursor): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }>;
  count(): Promise<number>;
  /** Call it now and then; the end reached, it starts over. */
  sweep(most?: number): Promise<number>;
  /** Commits what waits and closes the file. A database that was passed in stays open. */
  close(): void;
}

/**
 * Opens the store, and makes the file (mode 0600) if there is none; its folder must exist.
 *
 * @param database a path, or an open database (`node:sqlite` or `better-sqlite3`) that this store has for itself.
 * @throws {Error} one line that names the path and the fix: no such folder, not writable, not a database, another
 *   program's database, or one written by a newer version.
 */
export function sqliteStore(database: string | SqliteDatabase, options: { readonly now?: () => Seconds } = {}): SqliteStore {
  const { now = machineClock } = options;
  if (typeof database !== 'string') return new FileStore(prepared(database, 'that was passed in'), now, null);
  const file = opened(database);
  const { failed, error } = attempt(() => prepared(file, database));
  if (!failed) return new FileStore(file, now, database);
  file.close();
  throw error;
}

/** Records looked at in one go when the disk is full, and how often in one sweep. */
const [SWEPT_WHEN_FULL, TURNS_WHEN_FULL] = [10, 20];
/** SQLite's own measure. */
const CHECKPOINT_PAGES = 1000;
/** What is refused because the room that was kept is in use, as SQLite itself says it. */
const FULL = Object.assign(new Error('database or disk is full'), { errcode: 13 });

interface Job {
  /** Carries the work out, and tells whether it changed anything. */
  readonly work: () => boolean;
  /** Tells the caller that it is committed. */
  readonly done: () => void;
  /** Tells the caller that nothing of it happened. */
  readonly failed: (error: unknown) => void;
  /** Whether it is one statement, which needs no transaction of its own. */
  readonly single: boolean;
  /** Whether it makes nothing larger: then it may use the room that is kept for a full disk. */
  readonly shrinks: () => boolean;
}

class FileStore implements SqliteStore {
  readonly atomic = true;
  readonly local = true;
  readonly #database: SqliteDatabase;
  readonly #now: () => Seconds;
  readonly #owned: boolean;
  readonly #statements = new Map<string, SqliteStatement>();
  readonly #read: SqliteStatement;
  readonly #run: Run;
  #memory: ReadMemory | null;
  readonly #room: Room | null;
  /** While the room is given back, nothing may grow into it. */
  #isFull = false;
  #waiting: Job[] = [];
  #swept = 0;
  #removed = 0;
  #askedAt = 0;
  #lookedAt: Seconds;

  /** @param path of a database that is the store's own; null for one that was passed in. */
  constructor(database: SqliteDatabase, now: () => Seconds, path: string | null) {
    this.#database = database;
    this.#now = now;
    this.#owned = path !== null;
    this.#lookedAt = now();
    this.#memory = path === null ? null : readMemory(path);
    this.#room = path === null || path === ':memory:' ? null : roomBeside(path);
    this.#read = database.prepare(READ);
    this.#run = (text, ...parameters) => {
      const statement = this.#statement(text);
      return statement.reader === false ? (statement.run(...parameters), []) : statement.all(...parameters);
    };
  }

  async read(key: Key, before?: Stored): Promise<Stored | null> {
    const now = this.#now();
    this.#look(now);
    const known = this.#memory?.find(key);
    if (known) return known.until > now ? storedOf(key, known, before) : null;
    const row = this.#read.get(key, now) as unknown as Row | undefined;
    if (row) this.#memory?.keep(key, row);
    return row ? storedOf(key, row, before) : null;
  }

  write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const text = JSON.stringify(value);
    const { until = NEVER, index = null } = options;
    const lists = index && [...index];
    const shrinks = (): boolean =>
      typeof when === 'number' && text.length <= ((this.#read.get(key, this.#now()) as Row | undefined)?.value.length ?? 0);
    return this.#commit(lists === null, shrinks, () => {
      const before = lists && listsOf(this.#run, key);
      const version = writeRecord(this.#run, key, text, { when, now: this.#now(), until, lists });
      if (version !== null && lists) this.#enlist(key, before ?? [], lists);
      return version;
    });
  }

  remove(key: Key, when?: Version): Promise<boolean> {
    return this.#commit(
      false,
      () => true,
      () => {
        const lists = removeRecord(this.#run, key, when, this.#now());
        for (const list of lists ?? []) leave(this.#run, list, key);
        return lists !== null;
      },
    );
  }

  async list(index: IndexKey, after: Cursor = '0'): Promise<Page> {
    return listed(this.#run, index, after, this.#now());
  }

  async all(after: Cursor = '0'): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }> {
    return recordsOf(this.#run, Number(after), this.#now());
  }

  async count(): Promise<number> {
    return countOf(this.#run, this.#now());
  }

  async sweep(most = 1000): Promise<number> {
    if (this.#isFull && !this.#isRoomAgain()) return this.#sweepWhenFull();
    const { failed, error } = attempt(() => this.#sweep(most));
    if (!failed) return this.#removed;
    if (!isFull(error) || !this.#giveRoom()) throw error;
    return this.#sweepWhenFull();
  }

  /** A few at a time, as each takes some of the room; what it removed gives place in the file, to which the log can then move. */
  #sweepWhenFull(): number {
    let removed = 0;
    for (let turn = 0; turn < TURNS_WHEN_FULL; turn++) {
      const { failed, error } = attempt(() => this.#sweep(SWEPT_WHEN_FULL));
      if (!failed) removed += this.#removed;
      else if (!isFull(error)) throw error;
      if (failed) attempt(() => this.#database.exec('PRAGMA wal_checkpoint(RESTART)'));
    }
    return removed;
  }

  #sweep(most: number): void {
    const { removed, next } = sweepRecords(this.#run, this.#swept, most, this.#now(), (removal) => inTransaction(this.#database, removal));
    this.#swept = next;
    this.#removed = removed.length;
  }

  /** Whether the disk has room again; it is asked once a second. */
  #isRoomAgain(): boolean {
    const now = this.#now();
    if (now !== this.#askedAt) this.#setFull(this.#room?.take() !== true);
    this.#askedAt = now;
    return !this.#isFull;
  }

  /**
   * Whether the room is at hand. No checkpoint meanwhile: it would move what the log holds into the file, which may take all of the room
   * for pages that are new there.
   */
  #giveRoom(): boolean {
    if (this.#room?.release() === true) this.#setFull(true);
    return this.#isFull;
  }

  #setFull(isFull: boolean): void {
    if (isFull !== this.#isFull) attempt(() => this.#database.exec(`PRAGMA wal_autocheckpoint = ${isFull ? 0 : CHECKPOINT_PAGES}`));
    this.#isFull = isFull;
  }

  close(): void {
    this.#commitWaiting();
    this.#memory = null; // its descriptor is the database's
    if (this.#owned) this.#database.close();
  }

  #look(now: Seconds): void {
    if (!isLookOver(this.#lookedAt, now)) return;
    checkLayout(this.#database);
    this.#lookedAt = now;
  }

  #statement(text: string): SqliteStatement {
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
  #commit<T>(single: boolean, shrinks: () => boolean, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result!: T;
      const changes = (): boolean => (result = work()) !== null && result !== false;
      const job: Job = { work: changes, done: () => resolve(result), failed: reject, single, shrinks };
      if (this.#waiting.push(job) === 1) setImmediate(() => this.#commitWaiting());
    });
  }

  #commitWaiting(): void {
    const jobs = this.#waiting;
    this.#waiting = [];
    const together = attempt(() => this.#carryOut(jobs));
    if (!together.failed) for (const job of jobs) job.done();
    else if (isBusy(together.error) || (jobs.length === 1 && !isFull(together.error))) for (const job of jobs) job.failed(together.error);
    else for (const job of jobs) this.#commitAlone(job); // nothing of them stands; one caller's failure is not the others'
  }

  #commitAlone(job: Job): void {
    const { failed, error } = attempt(() => this.#carryOut([job]));
    if (!failed) job.done();
    else if (isFull(error)) this.#commitIntoRoom(job, error);
    else job.failed(error);
  }

  #commitIntoRoom(job: Job, error: unknown): void {
    const isDone = job.shrinks() && this.#giveRoom() && !attempt(() => this.#carryOut([job])).failed;
    if (isDone) job.done();
    else job.failed(new NothingDone('SQLite changed nothing: its disk is full. Free space on it.', { cause: error }));
  }

  #carryOut(jobs: readonly Job[]): void {
    const [first] = jobs;
    this.#look(this.#now());
    if (this.#isFull && !jobs.every(({ shrinks }) => shrinks()) && !this.#isRoomAgain()) throw FULL;
    let changed = false;
    if (jobs.length === 1 && first?.single) changed = first.work();
    else if (first) inTransaction(this.#database, () => jobs.forEach(({ work }) => (changed = work() || changed)));
    if (changed) this.#memory?.committed();
  }
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
