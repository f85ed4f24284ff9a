/** The Redis store on a real server, by both clients. */
import { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { createClient } from 'redis';
import { afterAll, describe, expect, it } from 'vitest';
import { NothingDone, type Store } from '../../src/model/store.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { openStore } from '../../src/cli/store.ts';
import { exportRecords } from '../../src/stores/move.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { engineOr, NO_RESTART, oursOr } from '../support/engine.ts';
import { startRedis } from '../support/redis.ts';
import { expectKept } from '../support/store-rules.ts';

const server = engineOr('stores/redis', await startRedis());
const open: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of open) await end();
  await server?.stop();
});

const CLIENTS: Readonly<Record<string, (url: string) => Promise<RedisClient>>> = {
  async redis(url) {
    const client = createClient({ url });
    open.push(() => client.destroy());
    client.on('error', () => undefined);
    await client.connect();
    client.removeAllListeners('error'); // from here on the store listens
    return client as RedisClient;
  },
  async ioredis(url) {
    const client = new Redis(url);
    open.push(() => client.disconnect());
    return client as unknown as RedisClient;
  },
  async 'ioredis with a keyPrefix (F-64)'(url) {
    const client = new Redis(url, { keyPrefix: 'app[*]?:' });
    open.push(() => client.disconnect());
    return client as unknown as RedisClient;
  },
};

describe.skipIf(!server)('stores/redis', async () => {
  const url = server?.url ?? '';
  const clients = server ? await Promise.all(Object.entries(CLIENTS).map(async ([name, make]) => [name, await make(url)] as const)) : [];
  const fresh = (client: RedisClient, more: Parameters<typeof redisStore>[1] = {}): Store =>
    redisStore(client, { prefix: `${crypto.randomUUID()}[*]:`, ...more });

  for (const [library, client] of clients) {
    describe(`by ${library}`, () => {
      for (const { name, run } of storeSuite) {
        it(name, async () => {
          await expectKept(run, async (now) => {
            const options = { now, prefix: `${crypto.randomUUID()}:` };
            return { store: redisStore(client, options), reopen: async () => redisStore(client, options) };
          });
        });
      }

      it('FLT-05 recovers by itself after the server was killed and restarted, with all confirmed writes', async (test) => {
        const restart = oursOr(test, server?.restart, NO_RESTART);
        const store = fresh(client);
        const version = (await store.write('a:1', 1, 'any', { index: ['user:1'] })) ?? 0;
        await restart();
        const again = (): ReturnType<Store['read']> => store.read('a:1');
        const read = await again().catch(() => again()); // the one that meets the dead connection may fail
        expect(read).toEqual({ value: 1, version });
        expect(await store.write('a:1', 2, version)).not.toBeNull(); // the scripts are gone with the server, and found again
        expect(await store.list('user:1')).toEqual({ keys: ['a:1'] });
      });

      it('lets Redis drop what has expired, and keeps what has no end', async () => {
        const store = fresh(client, { prefix: `${library}-ttl:`, now: () => 1000 });
        await store.write('a:1', 1, 'any', { until: 1060 });
        await store.write('a:2', 1, 'any', { until: 1060 });
        await store.write('a:2', 2, 'any');
        const ttl = async (key: string): Promise<number> => {
          const command = client as { call?: (...all: string[]) => Promise<unknown>; sendCommand: (all: string[]) => Promise<unknown> };
          const all = ['TTL', `${library}-ttl:r:${key}`] as const;
          return Number(await (command.call ? command.call(...all) : command.sendCommand([...all])));
        };
        expect(await ttl('a:1')).toBeGreaterThan(300);
        expect(await ttl('a:1')).toBeLessThanOrEqual(360);
        expect(await ttl('a:2')).toBe(-1);
      });
    });
  }

  const first = clients[0]?.[1] as RedisClient;

  describe('by a client that sends every command twice, as ioredis does when its connection breaks', () => {
    const twice = (client: Redis): RedisClient => ({
      call: async (...all: [string, ...string[]]) => {
        await client.call(...all);
        return client.call(...all);
      },
    });
    for (const { name, run } of storeSuite) {
      it(`FLT-08 ${name}`, async () => {
        const client = clients[1]?.[1] as unknown as Redis;
        await expectKept(run, async (now) => {
          const options = { now, prefix: `${crypto.randomUUID()}:` };
          return { store: redisStore(twice(client), options), reopen: async () => redisStore(twice(client), options) };
        });
      });
    }
  });

  it('skips an entry whose record was never written, and forgets what has expired whenever a list grows', async () => {
    const clock = { time: 1_800_000_000 };
    const prefix = `${crypto.randomUUID()}:`;
    const store = redisStore(first, { prefix, now: () => clock.time });
    const length = async (): Promise<number> =>
      Number(await (first as { sendCommand: (all: string[]) => Promise<unknown> }).sendCommand(['ZCARD', `${prefix}l:{user:1}`]));
    for (let n = 0; n < 100; n++) await store.write(`grant:${n}`, n, 'any', { until: clock.time + 60, index: ['user:1'] });
    expect(await length()).toBe(100);
    clock.time += 3 * 3600;
    for (let n = 0; n < 100; n++) await store.write(`later:${n}`, n, 'any', { until: clock.time + 60, index: ['user:1'] });
    expect(await length()).toBeLessThan(130);
    expect((await store.list('user:1')).keys).toHaveLength(100);
    expect(await length()).toBe(100);
  });

  it('is named on the command line with every prefix of its keys, also the keyPrefix of ioredis (F-12, F-64)', async () => {
    const client = new Redis(url, { keyPrefix: 'cli:' });
    open.push(() => client.disconnect());
    await redisStore(client as unknown as RedisClient, { prefix: 'own:' }).write('acme/1@grant:1', { n: 1 }, 'any');
    const { store, close } = await openStore(`${url}?prefix=cli:own:`, false);
    const lines: string[] = [];
    for await (const line of exportRecords(store)) lines.push(line);
    await close();
    expect(lines.map((line) => (JSON.parse(line) as { key?: string }).key)).toEqual([undefined, 'acme/1@grant:1', undefined]);
  });

  it('F-70 stops a process of an older version once a newer one has migrated', async () => {
    const [prefix, clock] = [`${crypto.randomUUID()}:`, { time: 1000 }];
    const store = redisStore(first, { prefix, now: () => clock.time });
    await store.write('a:1', 1, 'any');
    await (first as { sendCommand: (all: string[]) => Promise<unknown> }).sendCommand(['SET', `${prefix}layout`, '99']);
    clock.time += 30;
    await expect(store.write('a:1', 2, 'any')).rejects.toThrow('newer version of Portcullis');
  });

  it('FLT-22 refuses records of a newer version in one line', async () => {
    const prefix = `${crypto.randomUUID()}:`;
    await (first as { sendCommand: (all: string[]) => Promise<unknown> }).sendCommand(['SET', `${prefix}layout`, '99']);
    await expect(redisStore(first, { prefix }).read('a:1')).rejects.toThrow(
      /^The records under .+ newer version of Portcullis\. Update .+prefix\.$/,
    );
  });

  it.each(['allkeys-lru', 'allkeys-random', 'volatile-lru', 'volatile-ttl'])(
    'rejects a Redis that evicts live records by %s, at start-up, unless that is accepted (F-66, FLT-09)',
    async (policy) => {
      const loose = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', policy);
      if (typeof loose === 'string') throw new Error(loose);
      open.push(() => loose.stop());
      const client = (await CLIENTS['ioredis']?.(loose.url)) as RedisClient;
      const line = new RegExp(
        `^redisStore: Redis has maxmemory-policy ${policy}: .+ Set it to noeviction, or .+ dangerouslyAllowEviction: true\\.$`,
      );
      await expect(redisStore(client).read('a:1')).rejects.toThrow(line);
      const app = new OAuthProvider({
        apiRoute: '/mcp',
        apiHandler: () => new Response(),
        defaultHandler: () => new Response(),
        store: redisStore(client),
      });
      await expect(serve(app, { port: 0, env: {} })).rejects.toThrow(line);
      const lines: string[] = [];
      const store = redisStore(client, { dangerouslyAllowEviction: true, warn: (one) => lines.push(one) });
      await Promise.all([store.read('a:1'), store.read('a:2')]);
      expect([lines.length, lines[0]?.includes('accounts')]).toEqual([1, policy.startsWith('allkeys')]);
    },
  );

  it.each(['false', 'true', '', 1, null])('refuses %j as the answer whether Redis may evict records', (dangerouslyAllowEviction) => {
    const options = { dangerouslyAllowEviction } as never;
    expect(() => redisStore(first, options)).toThrow('redisStore: `dangerouslyAllowEviction` must be true or false');
  });

  it('works with the rights that the documentation names, and says in one line what to do where one is missing, or the password is wrong', async () => {
    const storage = readFileSync(new URL('../../docs/reference/storage.md', import.meta.url), 'utf8');
    const [, rights = ''] = /few rights needs `([^`]+)`/.exec(storage) ?? [];
    const admin = new Redis(url);
    open.push(() => admin.disconnect());
    const as = async (user: string, password: string, given: readonly string[]): Promise<Store> => {
      await admin.call('ACL', 'SETUSER', user, 'on', '>right', ...given);
      const client = new Redis(Object.assign(new URL(url), { username: user, password }).href, { maxRetriesPerRequest: 1 });
      open.push(() => client.disconnect());
      client.on('error', () => undefined);
      return redisStore(client as unknown as RedisClient);
    };
    const rest = rights.split(' ');
    const store = await as('app', 'right', rest);
    const version = await store.write('rights:1', 1, 'absent', { index: ['rights:all'] });
    expect((await store.read('rights:1'))?.version).toBe(version);
    expect((await store.list('rights:all')).keys).toEqual(['rights:1']);
    const keys: string[] = [];
    for await (const line of exportRecords(store)) keys.push(String((JSON.parse(line) as { key?: string }).key));
    expect(keys).toContain('rights:1');
    for (const missing of rest) {
      const lesser = await as(
        `without-${missing.replaceAll(/\W/g, '')}`,
        'right',
        rest.filter((one) => one !== missing),
      );
      const uses = async (): Promise<unknown> => [
        await lesser.read('rights:1'),
        await lesser.write('rights:1', 1, 'any'),
        await lesser.list('rights:all'),
      ];
      if (missing === '+wait' || missing === '+@connection') continue; // used with replicas; by clients that have a password
      const refused = uses();
      await expect(refused).rejects.toThrow(/^Redis(?: changed nothing: NOPERM|: ERR The user executing the script) .+\.$/);
      await expect(refused).rejects.toThrow(` Give its user ${rights}.`);
    }
    await expect((await as('app', 'wrong', [])).read('rights:1')).rejects.toThrow(
      /^Redis changed nothing: (WRONGPASS|NOAUTH) .+ Give the client the right user and password\.$/,
    );
    expect(await store.remove('rights:1')).toBe(true);
  });

  it('says of a Redis that is loading, full or without its primary that nothing was done', async () => {
    const failing = (message: string): RedisClient => ({ call: () => Promise.reject(new Error(message)) });
    for (const message of [
      'LOADING Redis is loading',
      'OOM command not allowed',
      'READONLY You cannot write',
      'CLUSTERDOWN The cluster is down',
    ])
      await expect(redisStore(failing(message)).read('a:1')).rejects.toBeInstanceOf(NothingDone);
    await expect(redisStore(failing('ERR unknown')).read('a:1')).rejects.not.toBeInstanceOf(NothingDone);
  });

  it('refuses something that is no client, and an end that is no time', async () => {
    expect(() => redisStore({} as RedisClient)).toThrow('pass a client of `redis` or of `ioredis`');
    await expect(fresh(first).write('a:1', 1, 'any', { until: NaN })).rejects.toThrow('whole number of seconds');
  });
});
