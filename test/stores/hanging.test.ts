/** Connections that hang without breaking, on all four drivers: a query that passes its deadline costs its connection, and new ones are used. */
import { Redis } from 'ioredis';
import pg from 'pg';
import postgres from 'postgres';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { withStoreRetry } from '../../src/core/store-retry.ts';
import type { Store } from '../../src/model/store.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { startEngines } from '../support/engines.ts';
import { startSwallower, type Swallower } from '../support/proxy.ts';
import { startRedis } from '../support/redis.ts';

const engines = await startEngines('stores/hanging');
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A store over a proxy, with the options that docs/reference/storage.md names. */
interface Over {
  /** A store on the one client. */
  readonly make: () => Store;
  readonly proxy: Swallower;
}

async function proxyTo(url: string): Promise<{ proxy: Swallower; through: string }> {
  const proxy = await startSwallower(Number(new URL(url).port));
  ends.push(() => proxy.stop());
  return { proxy, through: Object.assign(new URL(url), { port: String(proxy.port) }).href };
}

const DRIVERS: Readonly<Record<string, () => Promise<Over>>> = {
  async pg() {
    const { proxy, through } = await proxyTo((await engines.postgres?.freshUrl()) ?? '');
    const pool = new pg.Pool({ connectionString: through, max: 4, connectionTimeoutMillis: 20_000, keepAlive: true });
    ends.push(() => pool.end());
    return { proxy, make: () => postgresStore(pool) };
  },
  async postgres() {
    const { proxy, through } = await proxyTo((await engines.postgres?.freshUrl()) ?? '');
    const sql = postgres(through, { max: 4, connect_timeout: 20, onnotice: () => undefined });
    ends.push(() => sql.end({ timeout: 1 }));
    return { proxy, make: () => postgresStore(sql) };
  },
  async ioredis() {
    const { proxy, through } = await proxyTo(engines.redis?.url ?? '');
    const client = new Redis(through, { maxRetriesPerRequest: 1 });
    ends.push(() => client.disconnect());
    return { proxy, make: () => redisStore(client as unknown as RedisClient) };
  },
  async redis() {
    const { proxy, through } = await proxyTo(engines.redis?.url ?? '');
    const client = createClient({ url: through });
    client.on('error', () => undefined);
    await client.connect();
    ends.push(() => client.destroy());
    return { proxy, make: () => redisStore(client as unknown as RedisClient) };
  },
};

const isThere = engines.postgres !== null && engines.redis !== null;

describe.skipIf(!isThere).each(Object.keys(isThere ? DRIVERS : {}))('%s over connections that hang', (driver) => {
  it('uses new connections at once after the first query that passes its deadline, and nothing has to be restarted (F-65)', async () => {
    const { proxy, make } = await DRIVERS[driver]!();
    const store = withStoreRetry(make());
    const name = (at: number): `hang:${string}` => `hang:${driver}-${at}`;
    await Promise.all([0, 1, 2, 3].map((at) => store.write(name(at), at, 'any'))); // as many connections as there may be
    expect(proxy.hang()).toBeGreaterThan(0);
    await store.read(name(0)).catch((error: unknown) => expect(error).toMatchObject({ status: 503 }));
    const swallowed = proxy.swallowed();
    expect(swallowed).toBeGreaterThan(0);
    for (let at = 0; at < 8; at++) {
      await store.write(name(at), at * 10, 'any');
      expect((await store.read(name(at)))?.value).toBe(at * 10);
    }
    expect(proxy.swallowed()).toBe(swallowed); // nothing was sent on the others: no second deadline is waited for
  });

  it('comes back from a hang of the very first query too, when the layout is looked at (F-65)', async () => {
    const { proxy, make } = await DRIVERS[driver]!();
    await make().write('hang:first', 1, 'any'); // so that the tables are there
    const store = withStoreRetry(make());
    proxy.hang();
    await store.read('hang:first').catch((error: unknown) => expect(error).toMatchObject({ status: 503 }));
    expect((await store.read('hang:first'))?.value).toBe(1);
  });

  it('ends no connection that answers, with any number of simultaneous operations (F-65)', async () => {
    const { proxy, make } = await DRIVERS[driver]!();
    const store = make();
    await Promise.all(Array.from({ length: 50 }, (_, at) => store.write(`hang:many-${driver}-${at}`, at, 'any')));
    const opened = proxy.opened();
    await new Promise((next) => setTimeout(next, 3500)); // longer than the deadline of a query
    await Promise.all(Array.from({ length: 50 }, (_, at) => store.read(`hang:many-${driver}-${at}`)));
    expect(proxy.opened()).toBe(opened);
  });
});

describe.skipIf(!isThere)('a demoted primary', () => {
  it.each(['ioredis', 'redis'])('is noticed by its READONLY, and %s connects anew to where the present one is (F-65)', async (library) => {
    const [old, present] = await Promise.all([
      startRedis('--repl-diskless-sync-delay', '0'),
      startRedis('--repl-diskless-sync-delay', '0'),
    ]);
    if (typeof old === 'string' || typeof present === 'string') throw new Error('There is no Redis.');
    ends.push(
      () => old.stop(),
      () => present.stop(),
    );
    const proxy = await startSwallower(Number(new URL(old.url).port));
    ends.push(() => proxy.stop());
    const url = `redis://127.0.0.1:${proxy.port}`;
    const admin = new Redis(old.url);
    ends.push(() => admin.disconnect());
    const store = withStoreRetry(redisStore(library === 'redis' ? await connected(url) : ioredisAt(url)));
    await store.write('demoted:1', 'before', 'any');
    await admin.call('REPLICAOF', '127.0.0.1', new URL(present.url).port);
    proxy.lead(Number(new URL(present.url).port)); // as a floating address does; the connection that is open stays at the old one
    await expect
      .poll(
        async () =>
          store.write('demoted:2', 'after', 'any').then(
            () => 'written',
            () => 'refused',
          ),
        { timeout: 120_000 },
      )
      .toBe('written');
    const there = new Redis(present.url);
    ends.push(() => there.disconnect());
    expect(await there.exists('portcullis:r:demoted:2')).toBe(1);
  });
});

async function connected(url: string): Promise<RedisClient> {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  ends.push(() => client.destroy());
  return client as unknown as RedisClient;
}

function ioredisAt(url: string): RedisClient {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  ends.push(() => client.disconnect());
  return client as unknown as RedisClient;
}
