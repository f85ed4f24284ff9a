/**
 * Filling a store with very many grants: copies of real ones with ids, users and hashes of their own, a hundred to a user, in the rows
 * that the engine's own adapter would write, only many at a time.
 */
import { createHash, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Pool } from 'pg';
import type { Redis } from 'ioredis';
import type { IndexKey, StoredRecord, Key } from '../dist/model/store.js';
import { NEVER } from '../src/stores/sql.ts';

/** A record with its value as text. */
export interface FilledRow extends Pick<StoredRecord, 'key' | 'version' | 'index'> {
  readonly until: number;
  readonly text: string;
}

/** Writes rows, which must not be there yet. */
export type Fill = (rows: readonly FilledRow[]) => Promise<void>;

/** Rows written at once. */
export const AT_ONCE = 1000;

const OF_ONE_USER = 100;
const OF_ONE_CLIENT = 1000;
/** A text in JSON that is the SHA-256 of something. */
const HASH = /"[A-Za-z0-9_-]{43}"/g;

/** A record as a row. */
export function rowOf({ key, version, until = NEVER, index, value }: StoredRecord): FilledRow {
  return { key, version, until, index, text: JSON.stringify(value) };
}

/** The user of the n-th copy. */
export function userOf(at: number): string {
  return `filled-${Math.floor(at / OF_ONE_USER)}`;
}

/** The n-th copy's id, spread as random ones are. */
export function idOf(at: number): string {
  return createHash('sha256').update(`filled ${at}`).digest().subarray(0, 16).toString('base64url');
}

/** The n-th copy of a real grant. @param userId its user, if it is not the one whose turn it is. */
export function copyOf(sample: FilledRow, at: number, userId: string = userOf(at)): FilledRow {
  const id = idOf(at);
  const clientId = `filler-${Math.floor(at / OF_ONE_CLIENT)}`;
  const parts = partsOf(sample);
  const fresh = randomBytes(32 * (parts.length - 1));
  let text = parts[0] ?? '';
  for (let part = 1; part < parts.length; part++)
    text += `"${fresh.toString('base64url', 32 * (part - 1), 32 * part)}"${parts[part]}`;
  text = text.replaceAll(ID, id).replace(USER, userId).replace(CLIENT, clientId);
  return { key: `grant:${id}`, version: sample.version, until: sample.until, index: [`user:${userId}`, `client:${clientId}`], text };
} // prettier-ignore

const [ID, USER, CLIENT] = ['<<id>>', '<<user>>', '<<client>>'];
const known = new WeakMap<FilledRow, readonly string[]>();

/** What stands between the hashes of a sample. */
function partsOf(sample: FilledRow): readonly string[] {
  const found = known.get(sample);
  if (found) return found;
  const parts = sample.text
    .replaceAll(sample.key.slice('grant:'.length), ID)
    .replace(/"userId":"[^"]*"/, `"userId":"${USER}"`)
    .replace(/"clientId":"[^"]*"/, `"clientId":"${CLIENT}"`)
    .split(HASH);
  known.set(sample, parts);
  return parts;
}

/** Straight into the tables of a file, over a connection of its own that does not wait for the disk. */
export function sqliteFill(path: string): Fill {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA busy_timeout = 5000');
  const record = database.prepare('INSERT INTO records (key, version, until, lists, value) VALUES (?, ?, ?, ?, ?)');
  const entry = database.prepare('INSERT INTO entries (list, key, since) VALUES (?, ?, ?)');
  return async (rows) => {
    database.exec('BEGIN IMMEDIATE');
    for (const { key, version, until, index, text } of rows) {
      record.run(key, version, until, listsOf(index), text);
      for (const list of index) entry.run(list, key, now());
    }
    database.exec('COMMIT');
  };
}

/** One statement for a thousand records, one for their entries. */
export function postgresFill(pool: Pool): Fill {
  return async (rows) => {
    const records = rows.map(({ key, version, until, index, text }) => ({ key, version, until, lists: listsOf(index), value: text }));
    await pool.query(
      `INSERT INTO portcullis_records (key, version, until, lists, value)
        SELECT key, version, until, lists, value FROM json_to_recordset($1) AS r(key text, version bigint, until bigint, lists text, value text)`,
      [JSON.stringify(records)],
    );
    const entries = entriesOf(rows).map(([list, key]) => ({ list, key }));
    await pool.query(
      'INSERT INTO portcullis_entries (list, key) SELECT list, key FROM json_to_recordset($1) AS e(list text, key text)',
      [JSON.stringify(entries)],
    );
  };
} // prettier-ignore

/** Does to a thousand records what the scripts of the store do to one. Arguments: prefix, now, then key, version, end, lists, value of each. */
const FILL_REDIS = `
local place = tonumber(ARGV[2]) * 1000
for at = 3, #ARGV, 5 do
  local name = ARGV[1] .. 'r:' .. ARGV[at]
  redis.call('HSET', name, 'v', ARGV[at + 1], 'u', ARGV[at + 2], 'l', ARGV[at + 3], 'd', ARGV[at + 4])
  redis.call('EXPIREAT', name, tonumber(ARGV[at + 2]) + 300)
  for _, list in ipairs(cjson.decode(ARGV[at + 3])) do
    place = place + 1
    redis.call('ZADD', ARGV[1] .. 'l:{' .. list .. '}', place, ARGV[at])
    redis.call('HSET', ARGV[1] .. 't:{' .. list .. '}', ARGV[at], ARGV[2])
  end
end`;

/** One script for a thousand records. @param prefix of the store. */
export function redisFill(client: Redis, prefix: string): Fill {
  return async (rows) => {
    const given = rows.flatMap(({ key, version, until, index, text }) => [key, String(version), String(until), listsOf(index) ?? '[]', text]);
    await client.eval(FILL_REDIS, 0, prefix, String(now()), ...given);
  };
} // prettier-ignore

function entriesOf(rows: readonly FilledRow[]): readonly (readonly [IndexKey, Key])[] {
  return rows.flatMap(({ key, index }) => index.map((list) => [list, key] as const));
}

function listsOf(index: readonly IndexKey[]): string | null {
  return index.length === 0 ? null : JSON.stringify(index);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
