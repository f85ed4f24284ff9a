import { env } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { cloudflareKvStore } from '../../../src/stores/cloudflare-kv.ts';
import { storeSuite } from '../../../src/testing/store-suite.ts';
import { expectKept } from '../../support/store-rules.ts';

type KvBinding = Parameters<typeof cloudflareKvStore>[0];

const { KV } = env as unknown as { KV: KVNamespace };

describe('stores/cloudflare-kv', () => {
  // What KV cannot promise, it does not claim: the cases in which several come at once are for atomic stores.
  for (const { name, run } of storeSuite.filter((one) => !one.atomic)) {
    it(name, async () => {
      await expectKept(run, async (now) => ({ store: cloudflareKvStore(KV, { now, prefix: `${crypto.randomUUID()}:` }) }));
    });
  }

  it('declares that it is not atomic, so that it is not used for grants', () => {
    expect(cloudflareKvStore(KV).atomic).toBe(false);
  });

  it('FLT-13 stores the real expiry with the value, independent of the minimum of KV', async () => {
    const lives: (number | undefined)[] = [];
    const namespace: KvBinding = {
      get: (key) => KV.get(key),
      put: (key, value, options) => (lives.push(options?.expirationTtl), KV.put(key, value, options)),
      delete: (key) => KV.delete(key),
      list: (options) => KV.list(options) as never,
    };
    const clock = { time: 1_800_000_000 };
    const store = cloudflareKvStore(namespace, { now: () => clock.time, prefix: `${crypto.randomUUID()}:` });
    for (const until of [clock.time - 5, clock.time + 5, clock.time + 600]) await store.write(`a:${until}`, 1, 'any', { until });
    await store.write('a:0', 1, 'any');
    expect(lives).toEqual([60, 60, 600, undefined]);
    expect(await store.read(`a:${clock.time - 5}`)).toBeNull();
    expect(await store.read(`a:${clock.time + 5}`)).not.toBeNull();
    clock.time += 5;
    expect(await store.read(`a:${clock.time}`)).toBeNull();
  });

  it('names a missing binding', () => {
    expect(() => cloudflareKvStore(undefined as unknown as KvBinding)).toThrow('the KV binding is missing');
  });
});
