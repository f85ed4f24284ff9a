/** The Redis store on a cluster of three primaries, by both clients. */
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, describe, expect, it } from 'vitest';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { appOn } from '../support/app.ts';
import { engineOr } from '../support/engine.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { expectKept } from '../support/store-rules.ts';

const cluster = engineOr('stores/redis-cluster', await startRedisCluster());
const open: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of open) await end();
  await cluster?.stop();
});

const CLIENTS: Readonly<Record<string, (urls: readonly string[]) => Promise<RedisClient>>> = {
  async redis(urls) {
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })) });
    open.push(() => client.destroy());
    await client.connect();
    return client as unknown as RedisClient;
  },
  async ioredis(urls) {
    const client = new Cluster(urls.map((url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })));
    open.push(() => client.disconnect());
    return client as unknown as RedisClient;
  },
};

describe.skipIf(!cluster)('stores/redis on a cluster', async () => {
  const made = cluster ? await Promise.all(Object.entries(CLIENTS).map(async ([name, make]) => [name, await make(cluster.urls)] as const)) : [];
  for (const [library, client] of made) {
    describe(`by ${library}`, () => {
      for (const { name, run } of storeSuite) {
        it(name, async () => {
          await expectKept(run, async (now) => {
            const options = { now, prefix: `${crypto.randomUUID()}:` };
            return { store: redisStore(client, options), reopen: async () => redisStore(client, options) };
          });
        });
      }

      it('FLT-14 signs in, calls, refreshes at once, and revokes', async () => {
        const clock = makeClock();
        const store = redisStore(client, { now: clock.now, prefix: `${crypto.randomUUID()}:` });
        const app = await appOn(store, clock);
        const { client: own, tokens } = await app.signedIn();
        const [one, two] = await Promise.all([own.refresh(tokens.refresh), own.refresh(tokens.refresh)]);
        expect(tokensOf(one)).toEqual(tokensOf(two));
        expect((await app.call(tokensOf(one).access)).status).toBe(200);
        expect((await own.revoke(tokensOf(one).refresh)).status).toBe(200);
        expect((await app.call(tokensOf(one).access)).status).toBe(401);
      });
    });
  }
}); // prettier-ignore
