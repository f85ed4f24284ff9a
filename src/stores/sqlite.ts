/**
 * Store in a SQLite file, with Node's own `node:sqlite`. Any number of processes may open the file.
 *
 * An acknowledged write is on disk: `synchronous=FULL`. WAL with NORMAL survives `kill -9` too, but a power failure loses the last seconds:
 * a revoked grant would work again, and the holder of a rotated token would be signed out (FLT-11). FULL costs an fsync per commit; measured
 * on ext4: 130 µs of CPU per write instead of 50. So writes of one event loop turn share a commit: 16 at once cost 30 µs each, and a single
 * one is a plain statement without a transaction.
 */
import { setImmediate } from 'node:timers';
import { type Count, type Cursor, type IndexKey, type Json, type Key, NothingDone, type Page, type Seconds } from '../model/store.ts';
import type { Store, Stored, StoredRecord, Version, WriteOptions } from '../model/store.ts';
import {
  countIn,
  countOf,
  enter,
  incrementing,
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
import { isLookOver } from './timing.ts';
import {
  attempt,
  DISK_FULL,
  type FileWatch,
  inTransaction,
  isBusy,
  isFull,
  opened,
  prepared,
  type Room,
  roomBeside,
  type SqliteDatabase,
  type SqliteStatement,
  watchFile,
} from './sqlite-file.ts';
import { readMemory, type ReadMemory } from './wal-index.ts';

/** A SQLite store, with the methods that a file needs. */
export interface SqliteStore extends Store {
  all(after?: Cursor): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }>;
  count(): Promise<number>;
  /** Call it regularly; at the end it starts over. */
  sweep(most?: number): Promise<number>;
  /** Commits pending writes and closes the file. A database that was passed in stays open. */
  close(): void;
}

/**
 * Opens the store, and creates the file (mode 0600) if there is none; its folder must exist.
 *
 * @param database a path, or an open database (`node:sqlite` or `better-sqlite3`) that only this store uses.
 * @throws {Error} naming the path and the fix: no such folder, not writable, not a database, another program's database, or one written by
 *   a newer version.
 * @example
 * const store = sqliteStore('portcullis.db');
 */
export function sqliteStore(database: string | SqliteDatabase, options: { readonly now?: () => Seconds } = {}): SqliteStore {
  const { now = () => Math.floor(Date.now() / 1000) } = options;
  if (typeof database !== 'string') return new FileStore(prepared(database, 'that was passed in'), now, null);
  const file = opened(database);
  const { failed, error } = attempt(() => prepared(file, database));
  if (!failed) return new FileStore(file, now, database);
  file.close();
  throw error;
}

/** Records per sweep when the disk is full, and number of sweeps. */
const [SWEPT_WHEN_FULL, TURNS_WHEN_FULL] = [10, 20];

interface Job {
  /** Does the work. @returns whether it changed anything. */
  readonly work: () => boolean;
  /** Called after the commit. */
  readonly done: () => void;
  /** Called if nothing was changed. */
  readonly failed: (error: unknown) => void;
  /** Whether it is a single statement, which needs no transaction. */
  readonly single: boolean;
  /** Whether it does not increase the size: then it may use the reserve. */
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
  readonly #watch: FileWatch;
  /** While the reserve is freed, nothing may grow into it. */
  #isFull = false;
  #waiting: Job[] = [];
  #swept = 0;
  #removed = 0;
  #askedAt = 0;
  #lookedAt: Seconds;

  /** @param path of a database that the store opened itself; null for one that was passed in. */
  constructor(database: SqliteDatabase, now: () => Seconds, path: string | null) {
    this.#database = database;
    this.#now = now;
    this.#owned = path !== null;
    this.#lookedAt = now();
    this.#memory = path === null ? null : readMemory(path);
    this.#room = path === null || path === ':memory:' ? null : roomBeside(path);
    this.#setFull(this.#room?.isLost === true);
    this.#watch = watchFile(database, path);
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

  increment(key: Key, per: Seconds): Promise<Count | null> {
    const increment = (): Count | null => countIn(this.#run(...incrementing(key, per, this.#now()))[0]);
    return this.#commit(true, () => this.#read.get(key, this.#now()) !== undefined, increment);
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

  /** In small steps, as each uses some of the reserve; what it removed makes room in the file for the log to move into. */
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

  /** Whether the disk has space again; checked once a second. */
  #isRoomAgain(): boolean {
    const now = this.#now();
    if (now !== this.#askedAt) this.#setFull(this.#room?.take() !== true);
    this.#askedAt = now;
    return !this.#isFull;
  }

  /**
   * Frees the reserve. No checkpoint meanwhile: it would move the log into the file, which may use up all the space for new pages there.
   */
  #giveRoom(): boolean {
    if (this.#room?.release() === true) this.#setFull(true);
    return this.#isFull;
  }

  #setFull(isFull: boolean): void {
    if (isFull !== this.#isFull) attempt(() => this.#database.exec(`PRAGMA wal_autocheckpoint = ${isFull ? 0 : 1000}`)); // SQLite's default
    this.#isFull = isFull;
  }

  close(): void {
    this.#commitWaiting();
    this.#memory = null; // it uses the database's descriptor
    if (this.#owned) this.#database.close();
  }

  #look(now: Seconds): void {
    if (!isLookOver(this.#lookedAt, now)) return;
    this.#watch.check();
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

  /** Queues work for the end of this event loop turn; settles when it is on disk. */
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
    this.#watch.waited(isBusy(together.error));
    if (!together.failed) for (const job of jobs) job.done();
    else if (isBusy(together.error) || (jobs.length === 1 && !isFull(together.error))) for (const job of jobs) job.failed(together.error);
    else for (const job of jobs) this.#commitAlone(job); // nothing was committed; one caller's failure must not fail the others
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
    if (this.#isFull && !jobs.every(({ shrinks }) => shrinks()) && !this.#isRoomAgain()) throw DISK_FULL;
    let changed = false;
    if (jobs.length === 1 && first?.single) changed = first.work();
    else if (first) inTransaction(this.#database, () => jobs.forEach(({ work }) => (changed = work() || changed)));
    if (changed) this.#memory?.committed();
  }
}
