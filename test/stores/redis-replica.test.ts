/** A Redis with a replica: what `WAIT` promises, and what a failover that loses the last write does to people who are signed in. */
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { appOn } from '../support/app.ts';
import { engineOr } from '../support/engine.ts';
import { startRedis } from '../support/redis.ts';

type RedisStoreOptions = Parameters<typeof redisStore>[1];

const found = await startRedis('--repl-diskless-sync-delay', '0');
const first = engineOr('stores/redis-replica', found);
await first?.stop();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Side {
  readonly admin: Redis;
  readonly storeWith: (options?: RedisStoreOptions) => Store;
}

async function side(): Promise<Side & { readonly port: string }> {
  const server = await startRedis('--repl-diskless-sync-delay', '0');
  if (typeof server === 'string') throw new Error(server);
  ends.push(() => server.stop());
  const admin = new Redis(server.url);
  ends.push(() => admin.disconnect());
  return { admin, port: new URL(server.url).port, storeWith: (options = {}) => redisStore(admin as unknown as RedisClient, options) };
}

/** A primary, and a replica that has caught up. */
async function pair(): Promise<{ primary: Side; replica: Side }> {
  const [primary, replica] = [await side(), await side()];
  await replica.admin.call('REPLICAOF', '127.0.0.1', primary.port);
  while (!String(await replica.admin.info('replication')).includes('master_link_status:up')) await wait(20);
  await caughtUp({ primary }); // the primary may count the replica only later
  return { primary, replica };
}

async function caughtUp({ primary }: { primary: Side }): Promise<void> {
  await primary.admin.set('mark', '1');
  expect(await primary.admin.wait(1, 30_000)).toBe(1);
}

describe.skipIf(!first)('a Redis with a replica', () => {
  it('answers a write only when a replica has it where `replicas` is given, and 503 where none is left (F-66)', async () => {
    const both = await pair();
    const [sure, fast] = [both.primary.storeWith({ replicas: 1 }), both.primary.storeWith()];
    // Within a second, which a busy machine may need for itself.
    expect(await vi.waitFor(() => sure.write('a:1', 1, 'any'), { timeout: 120_000 })).not.toBeNull();
    await both.replica.admin.call('REPLICAOF', 'NO', 'ONE');
    expect((await both.replica.storeWith().read('a:1'))?.value).toBe(1);
    await expect(sure.write('a:2', 2, 'any')).rejects.toThrow('Redis has a write on 0 of 1 replicas');
    await expect(sure.remove('a:1')).rejects.toThrow('0 of 1 replicas');
    expect(await fast.write('a:3', 3, 'any')).not.toBeNull();
    expect(() => both.primary.storeWith({ replicas: -1 })).toThrow('`replicas` must be a whole number');
  });

  it('signs no user out after a failover that loses the last refresh, and still detects a thief (F-66)', async () => {
    const both = await pair();
    const clock = makeClock();
    const before = await appOn(both.primary.storeWith({ now: clock.now }), clock);
    const { client, tokens } = await before.signedIn();
    const stolen = tokens.refresh;
    const second = tokensOf(await client.refresh(tokens.refresh));
    await caughtUp(both);
    await both.replica.admin.call('REPLICAOF', 'NO', 'ONE'); // what comes now, the replica never sees
    const third = tokensOf(await client.refresh(second.refresh));
    const after = await appOn(both.replica.storeWith({ now: clock.now }), clock);
    const refresh = async (token: string): Promise<Response> =>
      after.ask('POST', '/token', new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, client_id: client.id }), {
        'content-type': 'application/x-www-form-urlencoded',
      });
    const answer = await refresh(third.refresh);
    expect(answer.status).toBe(200);
    const { access_token: access } = (await answer.json()) as { access_token: string };
    expect((await after.call(access)).status).toBe(200);
    expect(after.events.map(({ kind }) => kind)).toContain('grant.caught_up');
    clock.pass(200);
    expect((await refresh(stolen)).status).toBe(400);
    expect((await after.call(access)).status).toBe(401);
    expect(after.events).toContainEqual(expect.objectContaining({ kind: 'grant.ended', reason: 'refresh_reused' }));
  });
});
