/** What somebody reads who steals the disk: every byte that an engine wrote, tables, logs and journals alike. */
import { Redis } from 'ioredis';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, it } from 'vitest';
import { postgresStore } from '../../src/stores/postgres.ts';
import { type RedisClient, redisStore } from '../../src/stores/redis.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { everything } from '../support/crash.ts';
import { engineOr } from '../support/engine.ts';
import { expectNothingKnown, liveThrough } from '../support/known-secrets.ts';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';

const postgres = engineOr('runtimes/dump', await startPostgres());
const redis = engineOr('runtimes/dump', await startRedis());
const folder = mkdtempSync(join(tmpdir(), 'portcullis-dump-'));
afterAll(async () => {
  await postgres?.stop();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** All that could be text in a secret's alphabet, of every file below a folder. */
function bytesBelow(path: string): string {
  if (statSync(path).isSocket()) return '';
  if (!statSync(path).isDirectory()) return [...new Set(readFileSync(path, 'latin1').match(/[\w+/=.-]{8,}/g))].join('\n');
  return readdirSync(path)
    .map((name) => bytesBelow(join(path, name)))
    .join('\n');
}

describe('every byte of', () => {
  it('SEC-213 I5 a SQLite file and its log holds no secret of a complete run', async () => {
    let time = (): number => 0;
    const store = sqliteStore(join(folder, 'p.db'), { now: () => time() });
    const known = await liveThrough((now) => ((time = now), store));
    expectNothingKnown(bytesBelow(folder), known);
    store.close();
    expectNothingKnown(bytesBelow(folder), known);
  });

  it.skipIf(!postgres?.folder)('SEC-213 I5 a PostgreSQL, its write-ahead log with it, holds no secret of a complete run', async () => {
    const pool = new pg.Pool({ connectionString: await postgres?.freshUrl(), max: 4 });
    let time = (): number => 0;
    const store = postgresStore(pool, { now: () => time() });
    const known = await liveThrough((now) => ((time = now), store));
    expectNothingKnown(JSON.stringify(await everything(store)), known); // long values are compressed on the disk
    await pool.query('CHECKPOINT');
    expectNothingKnown(bytesBelow(postgres?.folder ?? ''), known);
    await pool.end();
  });

  it.skipIf(!redis?.folder)('SEC-213 I5 a Redis with its append-only file holds no secret of a complete run', async () => {
    const client = new Redis(redis?.url ?? '');
    const known = await liveThrough((now) => redisStore(client as unknown as RedisClient, { now }));
    expectNothingKnown(bytesBelow(redis?.folder ?? ''), known);
    client.disconnect();
  });
});
