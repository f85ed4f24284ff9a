import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { durableObjectStore } from '../../../src/stores/durable-object.ts';
import type { ObjectNamespace } from '../../../src/stores/object-namespace.ts';
import { storeSuite } from '../../../src/testing/store-suite.ts';
import type { PortcullisStore } from '../../../src/worker/store-object.ts';
import { expectKept } from '../../support/store-rules.ts';

const { PORTCULLIS } = env as unknown as { PORTCULLIS: DurableObjectNamespace<PortcullisStore> };
const HOUR = 3600;

describe('stores/durable-object', () => {
  for (const { name, run } of storeSuite) {
    it(name, async () => {
      await expectKept(run, async (now) => {
        const options = { now, prefix: `${crypto.randomUUID()}-`, shards: 4 };
        return {
          store: durableObjectStore(PORTCULLIS, options),
          reopen: async () => durableObjectStore(PORTCULLIS, options),
        };
      });
    });
  }

  it('reads with one call, and writes with one call when no list is named', async () => {
    const { namespace, calls } = counting();
    const store = durableObjectStore(namespace, { prefix: crypto.randomUUID() });
    await store.read('grant:1');
    expect(calls.splice(0)).toEqual(['read']);
    const version = await store.write('grant:1', 1, 'absent', { until: 10 ** 10 });
    await store.write('grant:1', 2, version ?? 0, { until: 10 ** 10 });
    expect(calls.splice(0)).toEqual(['write', 'write']);
    await store.remove('grant:1');
    expect(calls).toEqual(['remove']);
  });

  it('enters the lists of a record that ends beside it, and those of one that lasts before it', async () => {
    const { namespace, calls } = counting(async (verb) => {
      if (verb === 'enter') await new Promise((next) => setTimeout(next, 5));
      calls.push(`${verb} done`);
    });
    const store = durableObjectStore(namespace, { prefix: crypto.randomUUID() });
    const index = ['user:1', 'client:1'] as const;
    await store.write('grant:1', 1, 'absent', { index, until: 10 ** 10 });
    expect(calls.splice(0).slice(0, 3)).toEqual(['enter', 'enter', 'write']);
    await store.write('identity:1', 1, 'absent', { index });
    expect(calls).toEqual(['enter', 'enter', 'enter done', 'enter done', 'write', 'write done']);
  });

  it('removes a new record if its list entry cannot be written', async () => {
    const { namespace } = counting(async (verb) => (verb === 'enter' ? Promise.reject(new Error('the list is down')) : undefined));
    const store = durableObjectStore(namespace, { prefix: crypto.randomUUID() });
    const write = store.write('grant:1', 1, 'absent', { index: ['user:1'], until: 10 ** 10 });
    await expect(write).rejects.toThrow('the list is down');
    expect(await store.read('grant:1')).toBeNull();
  });

  it('skips an entry whose record was never written, and removes it once no write can be in progress', async () => {
    const clock = { time: 1_800_000_000 };
    const prefix = crypto.randomUUID();
    const object = PORTCULLIS.get(PORTCULLIS.idFromName(`${prefix}0`));
    const store = durableObjectStore(PORTCULLIS, { prefix, shards: 1, now: () => clock.time });
    await object.enter('user:1', 'grant:lost', clock.time);
    expect(await store.list('user:1')).toEqual({ keys: [] });
    expect(await object.entries('user:1', 0)).toMatchObject({ keys: ['grant:lost'] });
    clock.time += HOUR + 1;
    expect(await store.list('user:1')).toEqual({ keys: [] });
    expect(await object.entries('user:1', 0)).toMatchObject({ keys: [] });
  });

  it('sweeps expired records when its alarm rings, and sets no further alarm when nothing is left to expire', async () => {
    const prefix = crypto.randomUUID();
    const object = PORTCULLIS.get(PORTCULLIS.idFromName(`${prefix}0`));
    const now = Math.floor(Date.now() / 1000);
    const store = durableObjectStore(PORTCULLIS, { prefix, shards: 1, now: () => now - HOUR });
    await store.write('keep:1', 1, 'any');
    expect(await runDurableObjectAlarm(object)).toBe(false);
    await Promise.all(Array.from({ length: 2100 }, (_, n) => store.write(`ticket:${n}`, n, 'any', { until: now - 600 })));
    await store.write('ticket:late', 1, 'any', { until: now + 600 });
    expect(await store.read('ticket:1')).not.toBeNull();
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await keysIn(object)).toEqual(['keep:1', 'ticket:late']);
    expect(await store.remove('ticket:late')).toBe(true);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await runDurableObjectAlarm(object)).toBe(false);
  });

  it('refuses to work on an object that another version laid out (FLT-22)', async () => {
    const prefix = crypto.randomUUID();
    const object = PORTCULLIS.get(PORTCULLIS.idFromName(`${prefix}0`));
    const store = durableObjectStore(PORTCULLIS, { prefix, shards: 1 });
    expect(await store.read('a:1')).toBeNull();
    await runInDurableObject(object, (_, { storage }) => storage.kv.put('layout', 99));
    await evictDurableObject(object);
    await expect(store.read('a:1')).rejects.toThrow('written by another version of Portcullis');
    await expect(store.write('a:1', 1, 'any')).rejects.toThrow('written by another version of Portcullis');
  });

  it('uses the same objects under any load, and distributes keys evenly over them', async () => {
    const names: string[] = [];
    const namespace: ObjectNamespace = {
      idFromName: (name: string) => name,
      get: (name: never) => (names.push(name), { read: () => null }),
    };
    const store = durableObjectStore(namespace, { shards: 8, prefix: 's' });
    for (let n = 0; n < 800; n++) await store.read(`grant:${n}`);
    const counts = Map.groupBy(names, (name) => name);
    expect(new Set(names)).toEqual(new Set(['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7']));
    for (const { length } of counts.values()) expect(length).toBeGreaterThan(60);
    names.length = 0;
    await store.read('grant:1');
    await store.read('grant:1');
    expect(names[0]).toBe(names[1]);
  });

  it('refuses to start without its binding or with an invalid number of shards', () => {
    expect(() => durableObjectStore(undefined as unknown as ObjectNamespace)).toThrow(/binding is missing.*PortcullisStore/);
    for (const shards of [0, 1.5, NaN]) expect(() => durableObjectStore(PORTCULLIS, { shards })).toThrow(TypeError);
  });
});

function counting(before: (verb: string) => Promise<unknown> = async () => undefined): { namespace: ObjectNamespace; calls: string[] } {
  const calls: string[] = [];
  const get = (id: never): unknown =>
    new Proxy(PORTCULLIS.get(id) as unknown as Record<string, (...parameters: unknown[]) => unknown>, {
      get:
        (stub, verb: string) =>
        async (...parameters: unknown[]) => {
          calls.push(verb);
          await before(verb);
          return stub[verb]?.(...parameters);
        },
    });
  return { namespace: { idFromName: (name) => PORTCULLIS.idFromName(name), get }, calls };
}

async function keysIn(object: DurableObjectStub<PortcullisStore>): Promise<unknown[]> {
  return runInDurableObject(object, (_, { storage }) =>
    storage.sql
      .exec('SELECT key FROM records ORDER BY key')
      .toArray()
      .map(({ key }) => key),
  );
}
