import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { markUsed, singleUse, takeFor } from '../../../src/core/records/one-time.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { Key, Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';

const NOW = 1_790_000_000;

/** As much of a server as this needs: hashes that can be read. */
function serverOn(store: Store): AuthServer {
  let ids = 0;
  return { store, secrets: { hash: async (text: string) => text, id: () => `id-${++ids}` } } as unknown as AuthServer;
}

describe('core/records/one-time', () => {
  it('accepts an id once within its namespace, until a second after its expiry', async () => {
    let now = NOW;
    const as = serverOn(memoryStore({ now: () => now }));
    const spend = async (namespace: readonly string[], id: string): Promise<boolean> =>
      (await singleUse(as, namespace, id, NOW + 60)).spend();
    expect([await spend(['a', 'b'], 'c'), await spend(['a', 'b'], 'c')]).toEqual([true, false]);
    for (const [namespace, id] of [
      [['a'], 'b'],
      [['a', 'b', 'c'], 'c'],
      [['a,b'], 'c'],
      [['a', 'b'], 'd'],
    ] as const)
      expect([namespace, await spend(namespace, id)]).toEqual([namespace, true]);
    now = NOW + 60;
    expect(await spend(['a', 'b'], 'c')).toBe(false);
    now = NOW + 61;
    expect(await spend(['a', 'b'], 'c')).toBe(true);
  });

  it('is given back only by the caller that used it', async () => {
    const store = memoryStore({ now: () => NOW });
    const as = serverOn(store);
    const [first, second] = [await singleUse(as, ['a'], 'b', NOW + 60), await singleUse(as, ['a'], 'b', NOW + 60)];
    expect([await first.spend(), await second.spend()]).toEqual([true, false]);
    await second.giveBack();
    expect(await second.spend()).toBe(false);
    await first.giveBack();
    expect(await second.spend()).toBe(true);
    const key: Key = `replay:replay\n${JSON.stringify(['a', 'b'])}`;
    await store.remove(key, (await store.read(key))?.version ?? 0);
    await expect(second.giveBack()).resolves.toBeUndefined(); // it is over, and was swept
    expect(await second.spend()).toBe(true);
    const unused = await singleUse(as, ['a'], 'b', NOW + 60);
    await unused.giveBack();
    expect(await unused.spend()).toBe(false);
  });

  it('stays used if the store is down, and passes on any other error', async () => {
    const inner = memoryStore({ now: () => NOW });
    let fault: Error | null = null;
    let reads = 0;
    const read = async (key: Key): ReturnType<Store['read']> => {
      reads++;
      if (fault) throw fault;
      return inner.read(key);
    };
    const once = await singleUse(
      serverOn({ ...inner, read, write: inner.write.bind(inner), remove: inner.remove.bind(inner) } as Store),
      ['a'],
      'b',
      NOW + 60,
    );
    await once.giveBack();
    expect(reads).toBe(0);
    expect(await once.spend()).toBe(true);
    fault = new OAuthError('temporarily_unavailable', 'store_down');
    await expect(once.giveBack()).resolves.toBeUndefined();
    fault = new TypeError('a fault of ours');
    await expect(once.giveBack()).rejects.toThrow('a fault of ours');
  });
});

type Form = { readonly taken?: 'now' | 'done'; readonly expiresAt: number; readonly by: string };
const isForm = (value: unknown): value is Form => typeof value === 'object' && value !== null && 'by' in value;

describe('core/records/one-time, marks', () => {
  it('is taken by exactly one caller, ended by it, and gone when it expires', async () => {
    let now = NOW;
    const store = memoryStore({ now: () => now });
    const mark = (taken: 'now' | 'done'): Promise<boolean> => markUsed({ store }, 'pending:a', isForm, taken);
    const value = async (): Promise<unknown> => (await store.read('pending:a'))?.value;
    expect([await mark('now'), await mark('done'), await value()]).toEqual([false, false, undefined]);
    const form: Form = { by: 'x', expiresAt: NOW + 60 };
    await store.write('pending:a', form, 'absent', { until: NOW + 60 });
    expect([await mark('done'), await value()]).toEqual([false, form]);
    expect([await mark('now'), await mark('now'), await value()]).toEqual([true, false, { ...form, taken: 'now' }]);
    expect([await mark('done'), await mark('done'), await mark('now'), await value()]).toEqual([true, false, false, { ...form, taken: 'done' }]); // prettier-ignore
    now = NOW + 60;
    expect(await value()).toBeUndefined();
  });
});

describe('core/records/one-time, work', () => {
  const key = 'pending:a' as const;
  const until = NOW + 60;

  it('is done by the one caller that takes the record, and the record is gone', async () => {
    const store = memoryStore({ now: () => NOW });
    const version = await store.write(key, 'kept', 'absent', { until });
    const take = (): Promise<string | null> => takeFor(store, { key, record: { value: 'kept', version: version ?? 0 }, until }, async () => 'done'); // prettier-ignore
    expect([await take(), await take(), await store.read(key)]).toEqual(['done', null, null]);
  });

  it('leaves the record where the work fails, until its time', async () => {
    let now = NOW;
    const store = memoryStore({ now: () => now });
    const version = await store.write(key, 'kept', 'absent', { until });
    const failing = takeFor(store, { key, record: { value: 'kept', version: version ?? 0 }, until }, () =>
      Promise.reject(new Error('work')),
    );
    await expect(failing).rejects.toThrow('work');
    expect((await store.read(key))?.value).toBe('kept');
    now = NOW + 60;
    expect(await store.read(key)).toBeNull();
  });

  it('writes over no record that was made in the meantime', async () => {
    const store = memoryStore({ now: () => NOW });
    const version = await store.write(key, 'kept', 'absent', { until });
    const work = async (): Promise<never> => {
      await store.write(key, 'newer', 'absent', { until });
      throw new Error('work');
    };
    await expect(takeFor(store, { key, record: { value: 'kept', version: version ?? 0 }, until }, work)).rejects.toThrow('work');
    expect((await store.read(key))?.value).toBe('newer');
  });

  it('reports the first failure if the store is down as well, but a fault of our own instead', async () => {
    const inner = memoryStore({ now: () => NOW });
    const version = await inner.write(key, 'kept', 'absent', { until });
    const failing = (error: Error): Promise<unknown> => {
      const store = { ...inner, remove: async () => true, write: () => Promise.reject(error) } as unknown as Store;
      return takeFor(store, { key, record: { value: 'kept', version: version ?? 0 }, until }, () => Promise.reject(new Error('work')));
    };
    await expect(failing(new OAuthError('temporarily_unavailable', 'store_down'))).rejects.toThrow('work');
    await expect(failing(new TypeError('a fault of ours'))).rejects.toThrow('a fault of ours');
  });
});
