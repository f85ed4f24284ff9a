import { describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { composedStore } from '../../src/stores/composed.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { expectKept } from '../support/store-rules.ts';

/** Two stores that tell what they are asked. */
function two(now: () => number): { atomic: Store; cache: Store; asked: string[] } {
  const asked: string[] = [];
  const telling = (name: string, store: Store): Store =>
    new Proxy(store, {
      get: (_, verb: keyof Store) => {
        const own = store[verb];
        if (typeof own !== 'function') return own;
        return (...all: never[]) => (
          asked.push(`${name} ${verb} ${String(all[0])}`),
          (own as (...all: never[]) => unknown).apply(store, all)
        );
      },
    });
  return { atomic: telling('atomic', memoryStore({ now })), cache: telling('cache', memoryStore({ now })), asked };
}

describe('stores/composed', () => {
  for (const { name, run } of storeSuite) it(name, () => expectKept(run, async (now) => ({ store: composedStore({ ...two(now), now }) })));

  it('reads displayed records from the cache, and everything else from the atomic store (F-15)', async () => {
    const { atomic, cache, asked } = two(() => 1000);
    await atomic.write('client:1', 'a', 'any');
    const store = composedStore({ atomic, cache, now: () => 1000 });
    asked.length = 0;
    for (let time = 0; time < 3; time++) expect((await store.readStale?.('client:1'))?.value).toBe('a');
    expect(asked).toEqual([
      'cache read client:1',
      'atomic read client:1',
      'cache write client:1',
      'cache read client:1',
      'cache read client:1',
    ]);
    asked.length = 0;
    for (const key of ['grant:1', 'pending:1', 'session:1', 'limit:1', 'account:1', 'client:1', 'document:1'] as const)
      await store.read(key);
    for (const key of ['grant:1', 'account:1'] as const) await store.readStale?.(key);
    expect(asked.some((line) => line.startsWith('cache'))).toBe(false);
  });

  it('sees its own changes at once, and those of others after the time it may be late', async () => {
    const clock = { time: 1000 };
    const now = (): number => clock.time;
    const { atomic, cache } = two(now);
    const [here, there] = [
      composedStore({ atomic, cache, now, late: 300 }),
      composedStore({ atomic, cache: two(now).cache, now, late: 300 }),
    ];
    await here.write('client:1', 'a', 'any');
    await there.readStale?.('client:1');
    await here.write('client:1', 'b', 'any');
    expect((await here.readStale?.('client:1'))?.value).toBe('b');
    expect((await there.readStale?.('client:1'))?.value).toBe('a');
    clock.time += 300;
    expect((await there.readStale?.('client:1'))?.value).toBe('b');
  });

  it('assumes so, and reads past the cache, for no longer where the clock goes back', async () => {
    const clock = { time: 1000 };
    const { atomic, cache, asked } = two(() => clock.time);
    const store = composedStore({ atomic, cache, now: () => clock.time });
    expect(await store.readStale?.('client:1')).toBeNull();
    clock.time = 500;
    await atomic.write('client:1', 'a', 'any'); // by another process
    expect((await store.readStale?.('client:1'))?.value).toBe('a');
    clock.time = 1000;
    await store.write('client:2', 'b', 'any');
    clock.time = 500;
    asked.length = 0;
    for (let time = 0; time < 2; time++) await store.readStale?.('client:2');
    expect(asked).toEqual(['cache read client:2', 'atomic read client:2', 'cache write client:2', 'cache read client:2']);
  });

  it('assumes for a moment that a missing record stays absent, unless this process writes it (F-70)', async () => {
    const clock = { time: 1000 };
    const { atomic, cache, asked } = two(() => clock.time);
    const store = composedStore({ atomic, cache, now: () => clock.time });
    for (let time = 0; time < 5; time++) expect(await store.readStale?.('client:1')).toBeNull();
    expect(asked).toEqual(['cache read client:1', 'atomic read client:1']);
    await atomic.write('client:1', 'elsewhere', 'any');
    clock.time += 5;
    expect((await store.readStale?.('client:1'))?.value).toBe('elsewhere');
    expect(await store.readStale?.('client:2')).toBeNull();
    await store.write('client:2', 'here', 'absent');
    expect((await store.readStale?.('client:2'))?.value).toBe('here');
  });

  it('works without its cache when that fails, and reports it', async () => {
    const down = (): Promise<never> => Promise.reject(new Error('429'));
    const cache: Store = { atomic: false, read: down, write: down, remove: down, list: down };
    const errors: unknown[] = [];
    const store = composedStore({ atomic: memoryStore(), cache, onError: (error) => errors.push(error), now: () => 1000 });
    await store.write('client:1', 'a', 'any');
    expect((await store.readStale?.('client:1'))?.value).toBe('a');
    expect(await store.readStale?.('client:2')).toBeNull();
    expect(errors).toHaveLength(2);
  });

  it('waits a second for a cache that hangs, and works without it', async () => {
    vi.useFakeTimers();
    try {
      const hang = (): Promise<never> => new Promise(() => undefined);
      const cache: Store = { atomic: false, read: hang, write: hang, remove: hang, list: hang };
      const errors: unknown[] = [];
      const atomic = memoryStore({ now: () => 1000 });
      const store = composedStore({ atomic, cache, onError: (error) => errors.push(error), now: () => 1000 });
      const given: unknown[] = [];
      void store.write('client:1', 'a', 'any').then((version) => given.push(version !== null));
      await atomic.write('client:2', 'b', 'any');
      void store.readStale?.('client:2').then((stored) => given.push(stored?.value)); // reads from the cache, then writes to it
      await vi.advanceTimersByTimeAsync(990);
      expect(given).toEqual([]);
      await vi.advanceTimersByTimeAsync(1500);
      expect(given).toEqual([true, 'b']);
      expect(errors).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('rejects a store that is not atomic', () => {
    const atomic = { ...two(() => 0).cache, atomic: false } as Store;
    expect(() => composedStore({ atomic, cache: memoryStore() })).toThrow('`atomic` must be a store with conditional writes');
    expect(() => composedStore({ atomic: memoryStore(), cache: undefined as never })).toThrow('`cache` must be a store');
  });
});
