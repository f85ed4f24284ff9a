/**
 * Store over PostgreSQL, for several machines. The driver is passed in: a `pg` Pool, or `sql` of `postgres`.
 *
 * Every operation is one statement for record and lists together, so it is atomic, and its condition is decided under the row lock. A
 * failure that proves that nothing happened is reported as such, so that it can be retried.
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
  type Store,
  type Stored,
  type StoredRecord,
  type Version,
  type WriteOptions,
} from '../model/store.ts';
import { layoutCheck, LONG_DEADLINE } from './timing.ts';
import { overPg, overPostgres, type Parameter, type PgDriver, type PostgresDriver, type Query } from './postgres-driver.ts';
import { inSchema, LACKING, LAYOUT_STATEMENT, LAYOUTS, MAY_CREATE, migration, SCHEMAS, STATEMENTS } from './postgres-sql.ts';
import { countIn, firstCount, keptOf, NEVER, PAGE, type Row, storedOf } from './sql.ts';

/** Options of {@link postgresStore}. */
interface PostgresStoreOptions {
  /** The clock; the machine's by default. */
  readonly now?: (() => Seconds) | undefined;
  /** Whether to prepare statements once per connection; true by default. Set false for a pooler that loses them (PgBouncer before 1.21). */
  readonly prepare?: boolean | undefined;
  /** Schema of the tables; by default the one in the search path that has them, or else its first. */
  readonly schema?: string | undefined;
}

/** Statements over many records. */
const LONG: ReadonlySet<string> = new Set([STATEMENTS.all, STATEMENTS.sweep]);

/**
 * A store in a PostgreSQL database; creates its tables (`portcullis_…`) on first use and migrates them under a lock.
 *
 * @throws {TypeError} if the driver is neither of the two.
 * @example
 * postgresStore(new Pool({ connectionString: 'postgres://localhost/app' }));
 */
export function postgresStore(driver: PgDriver | PostgresDriver, options: PostgresStoreOptions = {}): Store {
  const { now = machineClock, prepare = true, schema } = options;
  if (schema !== undefined && (typeof schema !== 'string' || schema === '' || schema.length > 63))
    throw new TypeError('postgresStore: `schema` must be the name of a schema, of 1 to 63 characters.');
  if (typeof (driver as PostgresDriver | undefined)?.unsafe === 'function')
    return new PostgresStore(overPostgres(driver as PostgresDriver, prepare), now, schema);
  if (typeof (driver as PgDriver | undefined)?.query === 'function') {
    const names = new Map<string, string>();
    return new PostgresStore(overPg(driver as PgDriver, names), now, schema, prepare ? names : undefined);
  }
  throw new TypeError('postgresStore: pass the Pool of `pg`, or the `sql` function of `postgres`.');
}

class PostgresStore implements Store {
  readonly atomic = true;
  readonly #query: Query;
  readonly #now: () => Seconds;
  readonly #ready: () => Promise<void>;
  readonly #given: string | undefined;
  /** Names of prepared statements: the same in every store on a pool, where a name stands for one text. */
  readonly #names: Map<string, string> | undefined;
  /** The statements with the schema in them, so that a table with the same name elsewhere in the search path is not used. */
  #texts: ReadonlyMap<string, string> = new Map();
  #swept = '';

  constructor(query: Query, now: () => Seconds, schema: string | undefined, names?: Map<string, string>) {
    this.#given = schema;
    this.#names = names;
    this.#query = query;
    this.#now = now;
    this.#ready = layoutCheck(() => this.#prepare(), now);
  }

  async read(key: Key, known?: Stored): Promise<Stored | null> {
    const [row] = await this.#run(STATEMENTS.read, key, this.#now());
    return row ? storedOf(key, numbered(row), known) : null;
  }

  async write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const { until = NEVER, index } = options;
    const kind = typeof when === 'number' ? 'Version' : when === 'any' ? 'Any' : 'Absent';
    const given = [key, randomInteger(), until, JSON.stringify(value), this.#now()];
    const that = typeof when === 'number' ? [when] : [];
    const [row] = index
      ? await this.#run(STATEMENTS[`list${kind}`], ...given, JSON.stringify(index), ...that)
      : await this.#run(STATEMENTS[`write${kind}`], ...given, ...that);
    return row ? Number((row as { version: string }).version) : null;
  }

  async increment(key: Key, per: Seconds): Promise<Count | null> {
    const now = this.#now();
    const endsAt = now + per;
    return countIn((await this.#run(STATEMENTS.increment, key, randomInteger(), endsAt, firstCount(endsAt), now))[0]);
  }

  async remove(key: Key, when?: Version): Promise<boolean> {
    const rows =
      when === undefined
        ? await this.#run(STATEMENTS.remove, key, this.#now())
        : await this.#run(STATEMENTS.removeVersion, key, this.#now(), when);
    return rows.length > 0;
  }

  async list(index: IndexKey, after: Cursor = '0', withRecords = false): Promise<Page> {
    const rows = (await this.#run(
      withRecords ? STATEMENTS.entriesRead : STATEMENTS.entries,
      index,
      checkCursor(after),
      this.#now(),
      PAGE + 1,
    )) as readonly {
      seq: string;
      key: Key;
      stands: boolean;
    }[];
    const page = rows.slice(0, PAGE);
    const standing = page.filter(({ stands }) => stands);
    const keys = standing.map(({ key }) => key);
    const dangling = page.filter(({ stands }) => !stands).map(({ key }) => key);
    if (dangling.length > 0) await this.#run(STATEMENTS.tidy, index, JSON.stringify(dangling));
    const last = page.at(-1);
    const records = new Map(withRecords ? standing.map((row) => [row.key, storedOf(row.key, numbered(row))]) : []);
    return { keys, ...(rows.length > PAGE && last ? { next: last.seq } : {}), ...(withRecords ? { records } : {}) };
  }

  async all(after: Cursor = ''): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }> {
    const rows = (await this.#run(STATEMENTS.all, after, this.#now(), PAGE)) as readonly (Row & { key: Key; lists: string | null })[];
    const records = rows.map((row) => keptOf(row.key, { ...numbered(row), lists: row.lists }));
    const last = rows[PAGE - 1];
    return last ? { records, next: last.key } : { records };
  }

  async count(): Promise<number> {
    return Number(((await this.#run(STATEMENTS.count, this.#now()))[0] as { n: string }).n);
  }

  async sweep(most = 1000): Promise<number> {
    const [row] = await this.#run(STATEMENTS.sweep, this.#swept, most, this.#now() - CLOCKS_DIFFER);
    const { last, seen, removed } = row as { last: string | null; seen: string; removed: string };
    this.#swept = Number(seen) < most ? '' : (last ?? '');
    return Number(removed);
  }

  async #run(statement: string, ...parameters: readonly Parameter[]): Promise<readonly unknown[]> {
    await this.#ready();
    return this.#query(this.#texts.get(statement) ?? statement, parameters, LONG.has(statement) ? LONG_DEADLINE : undefined);
  }

  /** Finds, creates or migrates the tables, and checks privileges; a failure is retried at the next call. */
  async #prepare(): Promise<void> {
    const schema = await this.#schema();
    let layout = await this.#layout(schema);
    if (layout < LAYOUTS.length) {
      const [may] = await this.#query(MAY_CREATE, [schema]);
      if (!(may as { may: boolean }).may)
        throw new TypeError(
          `postgresStore: this role may not create tables in the schema ${schema}. GRANT USAGE, CREATE ON SCHEMA ${schema} to it, or run \`portcullis store migrate\` as the owner.`,
        );
      await this.#query(inSchema(schema, migration(LAYOUTS)), [], LONG_DEADLINE); // another process may be migrating
      layout = await this.#layout(schema);
    }
    if (layout > LAYOUTS.length)
      throw new TypeError(
        'The tables portcullis_… were written by a newer version of Portcullis. Update Portcullis, or use another database.',
      );
    const lacking = (await this.#query(inSchema(schema, LACKING), [])) as readonly { readonly name: string; readonly lacks: string }[];
    if (lacking.length > 0) {
      const all = lacking.map(({ name, lacks }) => `${lacks} on ${name}`).join(', ');
      throw new TypeError(`postgresStore: this role lacks privileges: ${all}. GRANT them.`);
    }
    const entries = Object.entries(STATEMENTS).map(([name, text]) => [name, text, inSchema(schema, text)] as const);
    for (const [name, , text] of entries) this.#names?.set(text, `portcullis_2_${name}_${schema}`.slice(0, 63));
    this.#texts = new Map(entries.map(([, text, own]) => [text, own]));
  }

  async #schema(): Promise<string> {
    if (this.#given !== undefined) return this.#given;
    const rows = (await this.#query(SCHEMAS, [])) as readonly { readonly name: string | null; readonly known: boolean }[];
    const known = rows.filter((row) => row.known);
    if (known.length > 1)
      throw new TypeError(
        `postgresStore: there are tables portcullis_… in several schemas of the search path: ${known.map(({ name }) => name).join(', ')}. Name one with \`schema\`.`,
      );
    const name = (known[0] ?? rows[0])?.name;
    if (typeof name !== 'string')
      throw new TypeError('postgresStore: the search path of this role leads to no schema. Name one with `schema`.');
    return name;
  }

  async #layout(schema: string): Promise<number> {
    const [found] = await this.#query(inSchema(schema, "SELECT to_regclass('portcullis_layout') IS NOT NULL AS known"), []);
    if (!(found as { known: boolean }).known) return 0;
    const [row] = await this.#query(inSchema(schema, LAYOUT_STATEMENT), []);
    return Number((row as { layout: number | string | null }).layout ?? 0);
  }
}

/** 64-bit integers come as text; ours all fit a number. */
function numbered(row: unknown): Row {
  const { version, until, value } = row as { version: string; until: string; value: string };
  return { version: Number(version), until: Number(until), value };
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
