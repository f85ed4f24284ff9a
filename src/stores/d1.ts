/**
 * Store over Cloudflare D1, for Workers: SQLite in one location. The binding is passed in.
 *
 * Writes go to D1's primary, and so do reads, unless the binding comes from `withSession`; such a session is refused, because a lagging
 * replica would show a revoked grant as valid (FLT-15). A write with lists is one batch, which D1 runs as a transaction.
 */
import {
  CLOCKS_DIFFER,
  type Count,
  type Cursor,
  type IndexKey,
  type Json,
  type StoredRecord,
  type Key,
  NothingDone,
  type Page,
  type Seconds,
} from '../model/store.ts';
import type { Store, Stored, Version, WriteOptions } from '../model/store.ts';
import { isLookOver } from './timing.ts';
import {
  type Bound,
  countIn,
  incrementing,
  keptIn,
  listing,
  listsIn,
  NEVER,
  PAGE,
  pageIn,
  removing,
  type Row,
  schemaFor,
  statementsFor,
  storedOf,
  writing,
} from './sql.ts';

/** The part of a D1 statement that is used. */
interface D1Statement {
  bind(...parameters: (string | number | null)[]): D1Statement;
  all(): Promise<{ readonly results: unknown[] }>;
}

/** The part of a D1 binding that is used. */
interface D1Binding {
  prepare(statement: string): D1Statement;
  batch(statements: never[]): Promise<readonly { readonly results: unknown[] }[]>;
  withSession?: unknown;
}

const NAMES = { records: 'portcullis_records', entries: 'portcullis_entries' };
const SQL = statementsFor(NAMES);
/** Removes a key from the lists that its record names and the next one does not, if the record is as the write that follows wants it. */
const LEAVE_BEFORE = `DELETE FROM ${NAMES.entries} WHERE key = ? AND list NOT IN (SELECT value FROM json_each(?)) AND list IN (
  SELECT json_each.value FROM ${NAMES.records} AS r, json_each(r.lists)
  WHERE r.key = ? AND r.version = coalesce(?, r.version) AND r.until BETWEEN ? AND ?)`;

/** Migrations from an empty database to the current schema. Only ever append. */
const LAYOUTS: readonly (readonly string[])[] = [schemaFor(NAMES)];
const LAYOUT = 'SELECT max(layout) AS layout FROM portcullis_layout';

/**
 * A store in a D1 database, which the application may use too; creates its tables (`portcullis_…`) on first use.
 *
 * @throws {TypeError} if the binding is missing, or is a session.
 * @example
 * d1Store(env.DB);
 */
export function d1Store(database: D1Binding, options: { readonly now?: () => Seconds } = {}): Store {
  const given = database as Partial<D1Binding & { getBookmark: unknown }> | undefined;
  if (typeof given?.getBookmark === 'function')
    throw new TypeError('d1Store: pass the D1 binding itself, not a session of it: a session may read from a replica that lags.');
  if (typeof given?.prepare !== 'function' || typeof given.batch !== 'function')
    throw new TypeError('d1Store: the D1 binding is missing. Add `d1_databases` to the Worker configuration.');
  return new D1Store(database, options.now ?? machineClock);
}

class D1Store implements Store {
  readonly atomic = true;
  readonly #database: D1Binding;
  readonly #now: () => Seconds;
  /** A time and not a shared promise: in workerd a promise belongs to one request, and hangs with it. */
  #lookedAt: Seconds | undefined;
  /** Where the next sweep starts. Isolates are short-lived, so the first one starts at a random position, or the end would never be reached. */
  #swept: number | undefined;

  constructor(database: D1Binding, now: () => Seconds) {
    this.#database = database;
    this.#now = now;
  }

  async read(key: Key, known?: Stored): Promise<Stored | null> {
    const [row] = await this.#run(SQL.read, key, this.#now());
    return row ? storedOf(key, row as Row, known) : null;
  }

  async write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const { until = NEVER, index } = options;
    if (!Number.isSafeInteger(until)) throw new TypeError('d1Store: `until` must be a whole number of seconds.');
    const now = this.#now();
    const write = writing(key, JSON.stringify(value), { when, now, until, lists: index ?? null }, SQL);
    const versionIn = (rows: readonly unknown[] | undefined): Version | null =>
      (rows?.[0] as { version: Version } | undefined)?.version ?? null;
    if (!index) return versionIn(await this.#run(...write));
    const entering = index.map((list): Bound => [SQL.enter, list, key, now]);
    const leaving: Bound = [LEAVE_BEFORE, key, JSON.stringify(index), key, ...standingFor(when, now)];
    const version = versionIn((await this.#batch([leaving, ...entering, write])).at(-1));
    if (version === null) await this.#leave(index, key); // which were entered for a record that was not written
    return version;
  }

  async increment(key: Key, per: Seconds): Promise<Count | null> {
    return countIn((await this.#run(...incrementing(key, per, this.#now(), SQL)))[0]);
  }

  async remove(key: Key, when?: Version): Promise<boolean> {
    const rows = await this.#run(...removing(key, when, this.#now(), SQL));
    if (rows.length === 0) return false;
    await this.#leave(listsIn(rows[0]), key);
    return true;
  }

  async list(index: IndexKey, after: Cursor = '0'): Promise<Page> {
    return pageIn(await this.#run(...listing(index, after, this.#now(), SQL)));
  }

  async all(after: Cursor = '0'): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }> {
    return keptIn(await this.#run(SQL.all, Number(after), PAGE), this.#now());
  }

  async count(): Promise<number> {
    return ((await this.#run(SQL.count, this.#now()))[0] as { n: number }).n;
  }

  async sweep(most = 1000): Promise<number> {
    const now = this.#now() - CLOCKS_DIFFER;
    const after = (this.#swept ??= Math.floor(Math.random() * (await this.#last())));
    const [found] = await this.#run(SQL.look, now, after, most);
    const { last, seen, ended } = found as { last: number | null; seen: number; ended: number | null };
    this.#swept = last === null || seen < most ? 0 : last;
    if (last === null || !ended) return 0;
    const removed = (await this.#run(SQL.sweep, after, last, now)) as readonly { readonly key: Key }[];
    await this.#batch(removed.flatMap((row) => listsIn(row).map((list): Bound => [SQL.leaveGone, list, row.key, row.key, list])));
    return removed.length;
  }

  async #last(): Promise<number> {
    const [row] = await this.#run(`SELECT max(rowid) AS last FROM ${NAMES.records}`);
    return (row as { last: number | null }).last ?? 0;
  }

  /** Removes a key from lists that its record does not name (any more), checking the record in the same statement. */
  async #leave(lists: readonly IndexKey[], key: Key): Promise<void> {
    await this.#batch(lists.map((list): Bound => [SQL.leaveGone, list, key, key, list]));
  }

  async #run(...[statement, ...parameters]: Bound): Promise<readonly unknown[]> {
    await this.#prepared();
    return reportNothingDone(
      async () =>
        (
          await this.#database
            .prepare(statement)
            .bind(...parameters)
            .all()
        ).results,
    );
  }

  async #batch(all: readonly Bound[]): Promise<readonly (readonly unknown[])[]> {
    if (all.length === 0) return [];
    await this.#prepared();
    const prepared = all.map(([statement, ...parameters]) => this.#database.prepare(statement).bind(...parameters));
    return (await reportNothingDone(() => this.#database.batch(prepared as never[]))).map(({ results }) => results);
  }

  async #prepared(): Promise<void> {
    if (this.#lookedAt === undefined || isLookOver(this.#lookedAt, this.#now())) await reportNothingDone(() => this.#prepare());
  }

  /** Checks the schema once per isolate; of concurrent requests, one creates the tables. */
  async #prepare(): Promise<void> {
    const layout = await this.#layout();
    if (layout > LAYOUTS.length)
      throw new TypeError(
        'The tables portcullis_… were written by a newer version of Portcullis. Update Portcullis, or use another database.',
      );
    for (const [at, statements] of LAYOUTS.entries()) if (at >= layout) await this.#step(at + 1, statements);
    this.#lookedAt = this.#now();
  }

  /** Each migration is one transaction whose number can be inserted only once: of two concurrent ones, the second changes nothing. */
  async #step(layout: number, statements: readonly string[]): Promise<void> {
    const all = [
      'CREATE TABLE IF NOT EXISTS portcullis_layout (layout INTEGER PRIMARY KEY)',
      `INSERT INTO portcullis_layout VALUES (${layout})`,
      ...statements,
    ];
    try {
      await this.#database.batch(all.map((statement) => this.#database.prepare(statement)) as never[]);
    } catch (error) {
      if ((await this.#layout()) < layout) throw error;
    }
  }

  async #layout(): Promise<number> {
    const [known] = (await this.#database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'portcullis_layout'").all()).results;
    if (!known) return 0;
    const [row] = (await this.#database.prepare(LAYOUT).all()).results;
    return (row as { layout: number | null }).layout ?? 0;
  }
}

/** The version that a record must have (null: any), and between which times it must expire, so that a write overwrites it. */
function standingFor(when: 'any' | 'absent' | Version, now: Seconds): readonly [Version | null, Seconds, Seconds] {
  if (typeof when === 'number') return [when, now + 1, NEVER];
  return [null, 0, when === 'absent' ? now : NEVER];
}

/** Errors that D1 reports before anything was run: it is overloaded, full, not reached, or not up. */
const NOTHING_DONE =
  /D1 DB is overloaded|Cannot resolve D1 DB|while starting up D1 DB|Network connection lost before|too many requests queued|SQLITE_FULL|disk is full|maximum DB size/i;

async function reportNothingDone<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if (error instanceof Error && NOTHING_DONE.test(error.message)) throw new NothingDone('D1 changed nothing.', { cause: error });
    throw error;
  }
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
