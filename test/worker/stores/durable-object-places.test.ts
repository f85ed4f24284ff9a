import { env } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import { type Place, PLACES } from '../../../src/model/token.ts';
import type { Cursor, Key, Store } from '../../../src/model/store.ts';
import { durableObjectStore } from '../../../src/stores/durable-object.ts';
import { epochStore, tenantStore } from '../../../src/stores/prefixed.ts';
import { exportRecords, importRecords } from '../../../src/stores/move.ts';
import type { ObjectNamespace } from '../../../src/stores/object-namespace.ts';
import { workerRuntime } from '../../../src/worker/runtime.ts';

const { PORTCULLIS } = env as unknown as { PORTCULLIS: ObjectNamespace };
const secrets = makeSecrets(workerRuntime());
const EVERYWHERE: readonly (Place | null)[] = [null, ...PLACES];

/** A store on objects of its own, and which objects it asked for, with the hints that it gave. Miniflare has one place only. */
function watched(options: { readonly home?: Place; readonly shards?: number } = {}): {
  store: Store;
  asked: Map<string, string | undefined>;
} {
  const prefix = `${crypto.randomUUID()}-`;
  const asked = new Map<string, string | undefined>();
  const namespace: ObjectNamespace = {
    idFromName: (name) => ({ name, id: PORTCULLIS.idFromName(name) }),
    get: (made, hint) => {
      const { name, id } = made as { name: string; id: unknown };
      asked.set(name.slice(prefix.length), (hint as { locationHint?: string } | undefined)?.locationHint);
      return PORTCULLIS.get(id as never);
    },
  };
  return { store: durableObjectStore(namespace, { prefix, ...options }), asked };
}

async function pagesOf(store: Store, list: `${string}:${string}`): Promise<Key[][]> {
  const pages: Key[][] = [];
  let after: Cursor | undefined;
  do {
    const page = await store.list(list, after);
    pages.push([...page.keys]);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

describe('places of stores/durable-object', () => {
  it('keeps a record in an object of the place that its id names, created there', async () => {
    const { store, asked } = watched({ home: 'weur' });
    for (const place of PLACES) {
      asked.clear();
      const key: Key = `grant:${secrets.id(place)}`;
      await store.write(key, { place }, 'absent', { until: 10 ** 10 });
      expect((await store.read(key))?.value).toEqual({ place });
      expect(await store.remove(key)).toBe(true);
      expect([...asked]).toEqual([[expect.stringMatching(new RegExp(`^${place}-[0-7]$`)), place]]);
    }
  });

  it('finds records of the layout before places where they are, with a home region and without', async () => {
    const names = ['store-0', 'store-1', 'store-2', 'store-3'];
    const given = new Map<string, unknown>();
    const namespace: ObjectNamespace = { idFromName: (name) => name, get: (name, hint) => (given.set(name, hint), { read: () => null }) };
    for (const home of [undefined, 'apac'] as const) {
      const store = durableObjectStore(namespace, { shards: 4, ...(home && { home }) });
      for (let n = 0; n < 64; n++) {
        await store.read(`grant:${secrets.id()}`);
        await store.read(`session:${await secrets.hash(`${n}`)}`);
        await store.read(`account:${secrets.id('oc')}`);
        await store.read(`client:${secrets.id()}`);
      }
      expect([...given.keys()].toSorted()).toEqual(names);
      for (const hint of given.values()) expect(hint).toEqual(home && { locationHint: home });
      given.clear();
    }
  });

  it('asks for the same object for the same key as the layout before places did', async () => {
    const names: string[] = [];
    const namespace: ObjectNamespace = { idFromName: (name) => name, get: (name) => (names.push(name), { read: () => null }) };
    const store = durableObjectStore(namespace);
    for (const key of ['grant:AAAAAAAAAAAAAAAAAAAAAA', 'client:x', 'acme/session:1'] as const) await store.read(key);
    expect(names).toEqual(['store-11', 'store-28', 'store-9']);
  });

  it('spreads the keys of a place evenly over its objects', async () => {
    const { store, asked } = watched();
    const counts = new Map<string, number>();
    for (let n = 0; n < 400; n++) {
      asked.clear();
      await store.read(`grant:${secrets.id('oc')}`);
      for (const name of asked.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(counts.size).toBe(8);
    for (const count of counts.values()) expect(count).toBeGreaterThan(10); // 50 are expected; this is six standard deviations below
  });

  it('writes a record and its lists in its own place alone', async () => {
    const { store, asked } = watched();
    await store.write(`grant:${secrets.id('oc')}`, 1, 'absent', { index: ['user:1', 'client:1'], until: 10 ** 10 });
    expect([...new Set(asked.values())]).toEqual(['oc']);
  });

  it('lists the records of all places, each once, and no record that left the list', async () => {
    const { store } = watched({ shards: 2 });
    const keys = EVERYWHERE.flatMap((place) => [0, 1, 2].map((): Key => `grant:${secrets.id(place)}`));
    await Promise.all(keys.map((key) => store.write(key, 1, 'absent', { index: ['user:1'] })));
    expect((await pagesOf(store, 'user:1')).flat().toSorted()).toEqual(keys.toSorted());
    await store.remove(keys[4] as Key);
    await store.write(keys[7] as Key, 2, 'any', { index: ['user:2'] });
    const left = keys.filter((_, n) => n !== 4 && n !== 7);
    expect((await pagesOf(store, 'user:1')).flat().toSorted()).toEqual(left.toSorted());
    expect((await pagesOf(store, 'user:2')).flat()).toEqual([keys[7]]);
  });

  it('continues page by page in every place that has more', async () => {
    const { store } = watched({ shards: 1 });
    const keys = ([null, 'wnam', 'me'] as const).flatMap((place) =>
      Array.from({ length: place === 'wnam' ? 450 : 210 }, (): Key => `grant:${secrets.id(place)}`),
    );
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => store.write(key, 1, 'absent', { index: ['user:1'] })));
    const pages = await pagesOf(store, 'user:1');
    expect(pages.map(({ length }) => length)).toEqual([60, 198, 198, 182, 200, 32]);
    expect(new Set(pages.flat())).toEqual(new Set(keys));
  });

  it('keeps lists of records of the home region there', async () => {
    const { store, asked } = watched({ home: 'enam' });
    await store.write('account:1', 1, 'absent', { index: ['accounts:all'] });
    expect((await store.list('accounts:all')).keys).toEqual(['account:1']);
    expect([...new Set(asked.values())]).toEqual(['enam']);
  });

  it('counts and copies the records of all places, under tenants and epochs too', async () => {
    const [{ store, asked }, { store: copy }] = [watched({ shards: 2 }), watched({ shards: 2 })];
    const own = epochStore(tenantStore(store, 'acme'), '2026-11');
    const keys = EVERYWHERE.map((place): Key => `grant:${secrets.id(place)}`);
    for (const key of keys) await own.write(key, { key }, 'absent', { index: ['user:1'] });
    expect(await store.count?.()).toBe(keys.length);
    expect(asked.size).toBe(2 + 9 * 8);
    expect(await importRecords(copy, exportRecords(store))).toEqual({ written: keys.length, kept: 0 });
    const copied = epochStore(tenantStore(copy, 'acme'), '2026-11');
    expect((await pagesOf(copied, 'user:1')).flat().toSorted()).toEqual(keys.toSorted());
    for (const key of keys) expect((await copied.read(key))?.value).toEqual({ key });
  });

  it('asks a bounded number of objects at a time for a copy', async () => {
    let [now, most] = [0, 0];
    const answer = async <T>(value: T): Promise<T> => {
      most = Math.max(most, ++now);
      await new Promise((done) => setTimeout(done, 1));
      now--;
      return value;
    };
    const namespace: ObjectNamespace = {
      idFromName: (name) => name,
      get: () => ({ all: () => answer({ records: [] }), count: () => answer(1) }),
    };
    const store = durableObjectStore(namespace);
    expect(await store.count?.()).toBe(32 + 72);
    for (let page = await store.all?.(); page?.next !== undefined; page = await store.all?.(page.next)) expect(page.records).toEqual([]);
    expect(most).toBe(16);
  });

  it('refuses a cursor that it did not give, and asks no object', async () => {
    const { store, asked } = watched();
    for (const after of ['x', '-1', '99', '1.5', '0:0,99', '12:0,10', '3,4', ':,1', ''.padEnd(99, '0:0,')])
      await expect(store.list('user:1', after)).rejects.toMatchObject({ status: 400, reason: 'cursor_malformed' });
    expect(asked.size).toBe(0);
  });

  it('gives keys for each object of a place, for the health check', () => {
    const { store } = watched({ shards: 4 });
    expect(store.spread?.((n) => `health:probe-${n}`)).toHaveLength(4);
    const keys = store.spread?.((n) => `health:${`${n}-`.padEnd(21, 'a')}J`) ?? [];
    expect(keys).toHaveLength(8);
  });

  it('names the places in the error for a home region that does not exist', () => {
    for (const home of ['europe', '', 7, null] as unknown as Place[])
      expect(() => durableObjectStore(PORTCULLIS, { home })).toThrow(/^durableObjectStore: `home` must be one of wnam, enam, .*, me\.$/);
  });
});
