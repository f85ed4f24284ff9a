/**
 * Opens the store that a command line names: a file or data folder of SQLite, `postgres://` or `redis://`. Drivers are loaded from the
 * working directory; the package has none.
 */
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Store } from '../model/store.ts';
import { postgresStore } from '../stores/postgres.ts';
import type { PgDriver, PostgresDriver } from '../stores/postgres-driver.ts';
import { redisStore } from '../stores/redis.ts';
import type { RedisClient } from '../stores/redis-client.ts';
import type { SqliteStore } from '../stores/sqlite.ts';
import { CliError } from './terminal.ts';

/** A store, and how to close it. */
export interface OpenStore {
  readonly store: Store;
  readonly close: () => Promise<void>;
}

/** Opens a store. @param make whether a missing file is created. @throws {CliError} naming what is missing. */
export async function openStore(name: string, make: boolean): Promise<OpenStore> {
  if (/^postgres(ql)?:\/\//.test(name)) return openPostgres(name);
  if (/^rediss?:\/\//.test(name)) return openRedis(name);
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

async function openRedisAt(url: string, options: { readonly prefix?: string }): Promise<OpenStore> {
  const ioredis = await load<{ Redis: new (url: string, options: object) => RedisClient & { disconnect(): void } }>('ioredis');
  if (ioredis) {
    const client = new ioredis.Redis(url, { maxRetriesPerRequest: 1 });
    return { store: redisStore(client, options), close: async () => client.disconnect() };
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
