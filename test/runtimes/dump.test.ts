/** What someone reads who steals the disk: every byte that an engine wrote, tables, logs and journals alike. */
import { Redis } from 'ioredis';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, it } from 'vitest';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { everything } from '../support/crash.ts';
import { NO_FOLDER, oursOr } from '../support/engine.ts';
import { startEngines } from '../support/engines.ts';
import { expectNothingKnown, liveThrough } from '../support/known-secrets.ts';

const { postgres, redis, folder } = await startEngines('runtimes/dump');

/** All that could be text in a secret's alphabet or in JSON, of every file below a folder. */
function bytesBelow(path: string): string {
  if (statSync(path).isSocket()) return '';
  if (!statSync(path).isDirectory()) return [...new Set(readFileSync(path, 'latin1').match(/[\w+/=.:,"[\]{}-]{8,}/g))].join('\n');
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

  it.skipIf(!postgres)('SEC-213 I5 a PostgreSQL, its write-ahead log with it, holds no secret of a complete run', async (test) => {
    const bytes = oursOr(test, postgres?.folder, NO_FOLDER);
    const pool = new pg.Pool({ connectionString: await postgres?.freshUrl(), max: 4 });
    let time = (): number => 0;
    const store = postgresStore(pool, { now: () => time() });
    const known = await liveThrough((now) => ((time = now), store));
    expectNothingKnown(JSON.stringify(await everything(store)), known); // long values are compressed on the disk
    await pool.query('CHECKPOINT');
    expectNothingKnown(bytesBelow(bytes), known);
    await pool.end();
  });

  it.skipIf(!redis)('SEC-213 I5 a Redis with its append-only file holds no secret of a complete run', async (test) => {
    const bytes = oursOr(test, redis?.folder, NO_FOLDER);
    const client = new Redis(redis?.url ?? '');
    const known = await liveThrough((now) => redisStore(client as unknown as RedisClient, { now }));
    expectNothingKnown(bytesBelow(bytes), known);
    client.disconnect();
  });
});
