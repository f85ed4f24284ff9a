/** A store for a server process of tests, by where it is: `postgres://…`, `redis://…`; null for a data folder of SQLite. */
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Store } from '../../src/model/store.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';

/** Connects when it is first asked. */
export function storeAt(place: string): Store | null {
  if (place.startsWith('postgres:')) return postgresStore(new pg.Pool({ connectionString: place, max: 6, connectionTimeoutMillis: 2000 }));
  if (place.startsWith('redis:')) return redisStore(new Redis(place, { maxRetriesPerRequest: 1 }) as unknown as RedisClient);
  return null;
}
