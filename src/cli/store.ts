/**
 * `portcullis store`: opens the store that a command line names, checks it, updates its tables, and moves its records to another engine. Drivers are
 * loaded from the working directory; the package has none.
 */
import { accessSync, constants, createReadStream, createWriteStream, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import type { Store } from '../model/store.ts';
import { everyRecord } from '../stores/every-record.ts';
import { exportRecords, importRecords } from '../stores/move.ts';
import type { PgDriver, PostgresDriver } from '../stores/postgres-driver.ts';
import { postgresStore } from '../stores/postgres.ts';
import type { RedisClient } from '../stores/redis-client.ts';
import { redisStore } from '../stores/redis.ts';
import type { SqliteStore } from '../stores/sqlite.ts';
import { meant, parseFlags, usage } from './flags.ts';
import { CliError, type Terminal } from './terminal.ts';

/** The usage text. */
export const STORE_USAGE = `Usage: portcullis store check STORE          whether it can be written and read, and how many records it holds
       portcullis store migrate STORE        creates its tables, or updates them to the current layout
       portcullis store export STORE FILE    writes all live records to a new file that only you can read
       portcullis store import STORE FILE    writes the records that are not there yet; can be repeated
       portcullis store health STORE         whether it answers; for a running server: store health --server URL
       portcullis store sweep STORE          removes expired records, at most --most NUMBER; or --server URL

STORE is a data folder or a file of SQLite, postgres://USER:PASSWORD@HOST/DATABASE, or redis://HOST. Add ?schema=NAME for another
PostgreSQL schema, or ?prefix=NAME: for another Redis prefix than portcullis: (all that precedes a key, the keyPrefix of ioredis too).
Stop the server before an export; no user has to sign in again afterwards. --json prints the result as JSON.

Examples:
  portcullis store check ./data
  portcullis store export ./data records.jsonl
  portcullis store import 'postgres://app@db.example/app' records.jsonl`;

/** The result of a verb: lines for people, and JSON for programs. */
interface Outcome {
  readonly lines: readonly string[];
  readonly json: { readonly [member: string]: unknown };
}

const VERBS = ['check', 'migrate', 'export', 'import', 'health', 'sweep']; // the last two are acts of an administrator

/** Runs `store` with its arguments. @throws {CliError} naming the error. */
export async function runStore(argv: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parseFlags(argv, { json: { type: 'boolean' } }, 'store --help');
  const [verb, name, file, ...more] = positionals;
  const moves = verb === 'export' || verb === 'import';
  const near = verb === undefined || VERBS.includes(verb) ? '' : meant(verb, VERBS);
  if (near !== '') throw new CliError(`store has no ${verb}${near} See: portcullis store --help`, 2);
  if (!moves && verb !== 'check' && verb !== 'migrate') throw new CliError(STORE_USAGE, 2);
  if (name === undefined || more.length > 0 || (file !== undefined) !== moves)
    throw usage(`Write: portcullis store ${verb} STORE${moves ? ' FILE' : ''}`, 'store --help');
  if (verb === 'import') checkReadable(file ?? ''); // before the store is made
  const { store, close, place } = await openStore(name, verb === 'migrate' || verb === 'import');
  try {
    const { lines, json } = await run(verb, store, file ?? '');
    if (values.json === true) terminal.out(JSON.stringify(json, null, 2));
    else for (const line of lines) terminal.out(line);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const what = error instanceof Error ? error.message : String(error);
    throw new CliError(place === undefined ? what : `${what.replace(/\.?$/, '.')} The store is at ${place}.`, 1, { cause: error });
  } finally {
    await close();
  }
}

async function run(verb: 'check' | 'migrate' | 'export' | 'import', store: Store, file: string): Promise<Outcome> {
  if (verb === 'check') return check(store);
  if (verb === 'export') return exportTo(store, file);
  if (verb === 'import') return importFrom(store, file);
  await store.read('check:layout');
  return { lines: ['The tables have the current layout.'], json: { migrated: true } };
}

/** Writes and reads a record, and counts those of each kind. The server may be running: what it writes meanwhile may be counted or not. */
export async function check(store: Store): Promise<Outcome> {
  const key = `health:${crypto.randomUUID()}` as const;
  const version = await store.write(key, 'check', 'absent', { until: Math.floor(Date.now() / 1000) + 60 });
  const read = await store.read(key);
  if (version === null || read?.value !== 'check' || !(await store.remove(key)))
    throw new CliError('The store does not give back what was written to it.');
  const kinds = new Map<string, number>();
  for await (const { key: found } of everyRecord(store)) {
    const [kind = ''] = found.split(':', 1); // keys may begin with a tenant and an epoch
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const counted = [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const lines = counted.map(([kind, count]) => `${kind.padEnd(12)} ${count}`);
  return { lines: ['The store can be written and read.', ...lines], json: { works: true, records: Object.fromEntries(counted) } };
}

async function exportTo(store: Store, file: string): Promise<Outcome> {
  let lines = 0;
  const text = async function* (): AsyncGenerator<string> {
    for await (const line of exportRecords(store)) {
      lines++;
      yield `${line}\n`;
    }
  };
  const fd = newFile(file);
  try {
    await pipeline(Readable.from(text()), createWriteStream(file, { fd }));
  } catch (error) {
    rmSync(file, { force: true }); // removes an incomplete export
    throw error;
  }
  return { lines: [`${lines - 2} records written to ${file}. Keep it as secret as the database.`], json: { written: lines - 2, file } };
}

/** Opens a file that is not there yet, before anything else can fail: what is removed after a failure is then our own. @throws {CliError} */
function newFile(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new CliError(`${file} is there already. Name a new file.`);
    if (isMissing(code)) throw new CliError(`The folder of ${file} is not there. Create it, or name a file in another one.`);
    throw error;
  }
}

/** @throws {CliError} unless the file of an import can be read. */
function checkReadable(file: string): void {
  const which = 'Name the file that portcullis store export wrote.';
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isMissing(code)) throw new CliError(`${file} is not there. ${which}`);
    throw error;
  }
  if (statSync(file).isDirectory()) throw new CliError(`${file} is a folder. ${which}`);
}

/** Whether a path, or a folder in it, is not there. */
function isMissing(code: string | undefined): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function importFrom(store: Store, file: string): Promise<Outcome> {
  // The file is read twice: it is checked completely before anything is written.
  const lines = (): AsyncIterable<string> => createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  const { written, kept } = await importRecords(store, lines);
  return { lines: [`${written} records imported; ${kept} were there already.`], json: { written, kept } };
}

/** A store, and how to close it. */
interface OpenStore {
  readonly store: Store;
  readonly close: () => Promise<void>;
  /** Host and port, if it is reached over a network. */
  readonly place?: string | undefined;
}

/** Opens a store. @param make whether a missing file is created. @throws {CliError} naming what is missing. */
export async function openStore(name: string, make: boolean): Promise<OpenStore> {
  const isPostgres = /^postgres(ql)?:\/\//.test(name);
  if (isPostgres || /^rediss?:\/\//.test(name)) return openAt(name, isPostgres ? openPostgres : openRedis);
  if (/^[a-z]+:\/\//.test(name))
    throw new CliError(`There is no store for ${name.split(':', 1)[0]}://. Name a file, postgres://… or redis://….`, 2);
  const path = name.replace(/^sqlite:/, '');
  // A missing path is a data folder, as for `serve`, unless it is named like a file.
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? (make && extname(path) === '');
  const file = isFolder ? join(path, 'portcullis.db') : path;
  if (!make && !statSync(file, { throwIfNoEntry: false }))
    throw new CliError(`There is no database at ${file}. Name the folder that the server has as \`data\`.`);
  if (isFolder) mkdirSync(path, { recursive: true, mode: 0o700 });
  const store = await opened(file);
  return { store, close: async () => store.close() };
}

/** Opens a store by its address. The error for one that is no URL quotes it, with its password: it is not passed on. */
async function openAt(address: string, open: (address: string) => Promise<OpenStore>): Promise<OpenStore> {
  const place = placeOf(address);
  try {
    return { ...(await open(address)), place };
  } catch (error) {
    if (error instanceof CliError) throw error;
    if ((error as { code?: string }).code !== 'ERR_INVALID_URL') throw unusable(error, place);
    throw new CliError(
      'The address of the store cannot be read. Percent-encode what is special in its password, and check host and port.',
      2,
    );
  }
}

/** Host and port of an address, without user and password; undefined for one that only its driver can read. */
function placeOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { hostname, port, protocol } = new URL(address);
  return hostname === '' ? undefined : `${hostname}:${port || (protocol.startsWith('redis') ? 6379 : 5432)}`;
}

/** The error for a store that fails: one line, with its place. */
export function unusable(error: unknown, place?: string): CliError {
  const { message, code } = error as NodeJS.ErrnoException; // the message is empty where several addresses of a host were tried
  return new CliError(`The store${place === undefined ? '' : ` at ${place}`} cannot be used: ${message || code}`, 1, { cause: error });
}

async function opened(file: string): Promise<SqliteStore> {
  const { sqliteStore } = await import('../stores/sqlite.ts'); // on Node 22 the driver prints a warning when it is loaded
  try {
    return sqliteStore(file);
  } catch (error) {
    throw new CliError((error as Error).message, 1, { cause: error });
  }
}

async function openPostgres(place: string): Promise<OpenStore> {
  const [url, schema] = without('schema', place);
  const options = schema === null ? {} : { schema };
  const postgres = await load<{ default: (url: string, options: object) => PostgresDriver & { end(): Promise<void> } }>('postgres');
  if (postgres) {
    const sql = postgres.default(url, { onnotice: () => undefined });
    return { store: postgresStore(sql, options), close: () => sql.end() };
  }
  const pg = await load<{ default: { Pool: new (options: object) => PgDriver & { end(): Promise<void> } } }>('pg');
  if (!pg) throw new CliError('PostgreSQL needs a driver in this folder: npm install pg, or npm install postgres.');
  const pool = new pg.default.Pool({ connectionString: url });
  return { store: postgresStore(pool, options), close: () => pool.end() };
}

async function openRedis(place: string): Promise<OpenStore> {
  const [url, prefix] = without('prefix', place);
  return openRedisAt(url, prefix === null ? {} : { prefix });
}

/** The URL without our own parameter, and that parameter. */
function without(name: string, place: string): readonly [url: string, value: string | null] {
  if (!place.includes(`${name}=`)) return [place, null]; // unchanged: drivers accept more than URLs
  const url = new URL(place);
  const value = url.searchParams.get(name);
  url.searchParams.delete(name);
  return [url.href, value];
}

/** What `ioredis` has beside commands. */
interface IoConnection {
  connect(): Promise<void>;
  disconnect(): void;
  once(event: 'error', listener: (error: Error) => void): unknown;
}

async function openRedisAt(url: string, options: { readonly prefix?: string }): Promise<OpenStore> {
  const ioredis = await load<{ Redis: new (url: string, options: object) => RedisClient & IoConnection }>('ioredis');
  if (ioredis) {
    const client = new ioredis.Redis(url, { maxRetriesPerRequest: 1, lazyConnect: true });
    const store = redisStore(client, options);
    const failed = new Promise<never>((_, reject) => client.once('error', reject)); // why, which a command would not say
    await Promise.race([client.connect(), failed]).catch((error: unknown) => {
      client.disconnect();
      throw error;
    });
    return { store, close: async () => client.disconnect() };
  }
  const redis = await load<{ createClient: (options: object) => RedisClient & { connect(): Promise<unknown>; destroy(): void } }>('redis');
  if (!redis) throw new CliError('Redis needs a client in this folder: npm install redis, or npm install ioredis.');
  const client = redis.createClient({ url, socket: { reconnectStrategy: false } });
  const store = redisStore(client, options); // listens for errors before the first one can occur
  await client.connect();
  return { store, close: async () => client.destroy() };
}

/** A package of the working directory; null if it is not installed. */
async function load<T>(name: string): Promise<T | null> {
  const here = createRequire(join(process.cwd(), 'package.json'));
  try {
    return (await import(pathToFileURL(here.resolve(name)).href)) as T;
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
