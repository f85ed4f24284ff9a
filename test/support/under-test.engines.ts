/** What the journeys run against once more: the engines that several machines share, started by `engines-setup`. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { inject } from 'vitest';
import type { Seconds, Store } from '../../src/model/store.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import type { PgDriver } from '../../src/stores/postgres-driver.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { type Around, metered } from './trips.ts';

/** The machine below. */
export const runtimeName: 'node' | 'workerd' = 'node';

const { postgres, redis } = inject('engines');
const pool = new pg.Pool({ connectionString: postgres, max: 8, allowExitOnIdle: true });
const client = new Redis(redis);
process.once('exit', () => client.disconnect());

/** Fresh, empty stores of every kind, all on one clock. @param around gets each statement and each command. */
export async function makeStores(
  now: () => Seconds,
  around: Around = (call) => call(),
): Promise<readonly { name: string; store: Store }[]> {
  const counted = metered(client, around, ['call']) as unknown as RedisClient;
  return [
    { name: 'postgres', store: postgresStore(metered(freshTables(), around, ['query']), { now }) },
    { name: 'redis', store: redisStore(counted, { now, prefix: `${crypto.randomUUID()}:` }) },
  ];
}

/** The one database of these tests, with tables of other names each time: empty ones. */
function freshTables(): PgDriver {
  const prefix = `t${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}_`;
  return {
    query: ({ text, values, name }) => {
      const named = name === undefined ? {} : { name: `${prefix}${name}` };
      return pool.query({ text: text.replaceAll('portcullis_', prefix), ...(values ? { values } : {}), ...named });
    },
  };
}

/** The machine's own verbs. */
export { nodeRuntime as makeRuntime } from '../../src/node/runtime.ts';
