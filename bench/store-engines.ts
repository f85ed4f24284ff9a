/** The engines on Node, each started in a temporary folder; or why one is not there. */
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Store } from '../dist/model/store.js';
import { memoryStore } from '../dist/stores/memory.js';
import { postgresStore } from '../dist/stores/postgres.js';
import { type RedisClient, redisStore } from '../dist/stores/redis.js';
import { sqliteStore } from '../dist/stores/sqlite.js';
import { startPostgres } from '../test/support/postgres.ts';
import { startRedis } from '../test/support/redis.ts';

/** A store, and how to let go of it. */
export interface Engine {
  readonly store: Store;
  readonly stop: () => Promise<void>;
}

/** All of them. */
export const ENGINES: Readonly<Record<string, () => Promise<Engine | string>>> = {
  memory: async () => ({ store: memoryStore({ capacity: 200_000 }), stop: async () => undefined }),
  async sqlite() {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
    const store = sqliteStore(join(folder, 'bench.db'));
    return { store, stop: async () => (store.close(), rmSync(folder, { recursive: true, force: true })) };
  },
  async postgres() {
    const server = await startPostgres();
    if (typeof server === 'string') return server;
    const pool = new pg.Pool({ connectionString: await server.freshUrl(), max: 16 });
    return { store: postgresStore(pool), stop: async () => (await pool.end(), server.stop()) };
  },
  async redis() {
    const server = await startRedis('--appendfsync', 'everysec');
    if (typeof server === 'string') return server;
    const client = new Redis(server.url);
    return { store: redisStore(client as unknown as RedisClient), stop: async () => (client.disconnect(), server.stop()) };
  },
};
