import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { singleUse, takeFor } from '../../../src/core/records/one-time.ts';
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

describe('core/records/one-time, work', () => {
  const key = 'pending:a' as const;
  const until = NOW + 60;
  const KEPT = { v: 1 };
  const make = async (clock = { now: () => NOW }) => {
    const store = memoryStore(clock);
    const version = (await store.write(key, KEPT, 'absent', { until })) ?? 0;
    let ids = 0;
    const secrets = { id: () => `id-${ids++}` } as AuthServer['secrets'];
    const take = (work: () => Promise<string> = async () => 'done', over: Partial<Store> = {}): Promise<string | null> => {
      const reached: Store = { read: (k) => store.read(k), write: (...a) => store.write(...a), ...over } as Store;
      return takeFor({ store: reached, secrets }, { key, record: { value: KEPT, version }, until }, work);
    };
    return { store, take, value: async () => (await store.read(key))?.value };
  };
  const outage = (): OAuthError => new OAuthError('temporarily_unavailable', 'store_down');
  const failing = (): Promise<never> => Promise.reject(new Error('work'));

  it('is done by the one caller that takes the record, which stays marked until its time', async () => {
    let now = NOW;
    const { take, value } = await make({ now: () => now });
    expect([await take(), await take(), await value()]).toEqual(['done', null, { v: 1, by: 'id-0' }]);
    now = NOW + 60;
    expect(await value()).toBeUndefined();
  });

  it('leaves the record open where the work fails, until its time', async () => {
    let now = NOW;
    const { take, value } = await make({ now: () => now });
    await expect(take(failing)).rejects.toThrow('work');
    expect(await value()).toEqual(KEPT);
    now = NOW + 60;
    expect(await value()).toBeUndefined();
  });

  it('writes over no record that was made in the meantime', async () => {
    const { store, take, value } = await make();
    const work = async (): Promise<never> => {
      await store.write(key, { v: 1, by: 'another' }, 'any', { until });
      return failing();
    };
    await expect(take(work)).rejects.toThrow('work');
    expect(await value()).toEqual({ v: 1, by: 'another' });
  });

  it('opens a record again that was taken while the answer was lost', async () => {
    const { store, take, value } = await make();
    const written: Store['write'][] = [async (...given) => (await store.write(...given), Promise.reject(outage()))];
    await expect(take(async () => 'done', { write: (...given) => (written.pop() ?? store.write.bind(store))(...given) })).rejects.toThrow(OAuthError); // prettier-ignore
    expect(await value()).toEqual(KEPT);
  });

  it('opens no record that another took while this caller could not', async () => {
    const { take, value } = await make();
    const write = async (): Promise<never> => {
      expect(await take()).toBe('done'); // another process
      throw outage();
    };
    await expect(take(async () => 'done', { write })).rejects.toThrow(OAuthError);
    expect(await value()).toEqual({ v: 1, by: 'id-1' });
  });

  it('reports the first failure if the store is down as well, but a fault of our own instead', async () => {
    const { take } = await make();
    await expect(take(failing, { read: () => Promise.reject(outage()) })).rejects.toThrow('work');
    const { take: other } = await make();
    await expect(other(failing, { read: () => Promise.reject(new TypeError('a fault of ours')) })).rejects.toThrow('a fault of ours');
  });
});
