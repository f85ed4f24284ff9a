/** A record: how it is read, and the one verb for conditional writes: what it keeps, how it waits, and how it ends. */
import { makeRuntime, makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { changeRecord, changeState, has, readPage, type RecordAccess, versioned } from '../../src/model/record.ts';
import type { Json, Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { statesWith } from '../mcp/states.ts';
import { chance } from '../support/random.ts';

type Count = { readonly n: number };
const isCount = (value: unknown): value is Count => typeof (value as { n?: unknown } | null)?.n === 'number';
const raise = (over: RecordAccess): Promise<number> =>
  changeRecord(over, 'count:1', isCount, (held) => ({ write: { n: (held?.n ?? 0) + 1 }, result: (held?.n ?? 0) + 1 }));

/** A machine whose pauses pass at once and are noted, with the same random byte each time. */
function paused(byte: number): { readonly runtime: RecordAccess['runtime']; readonly pauses: number[] } {
  const pauses: number[] = [];
  const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte);
  return { pauses, runtime: { random, pause: async (milliseconds) => void pauses.push(milliseconds) } };
}

/** A store on which another request is always faster. */
function contended(): RecordAccess['store'] {
  const store = memoryStore();
  return { read: (key) => store.read(key), write: async () => null, remove: async () => false };
}

describe('model/record', () => {
  it('loses no concurrent change, on every store (F-22)', async () => {
    for (const { name, store } of await makeStores(() => 1000)) {
      const results = await Promise.all(Array.from({ length: 40 }, () => raise({ store, runtime: makeRuntime() })));
      expect([name, new Set(results).size, (await store.read('count:1'))?.value]).toEqual([name, 40, { n: 40 }]);
    }
  });

  it('answers 503 with Retry-After under endless contention, and names the kind of record (F-22)', async () => {
    const { runtime, pauses } = paused(255);
    await expect(raise({ store: contended(), runtime })).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'count_contended',
      status: 503,
      headers: { 'retry-after': '1' },
    });
    expect(pauses.length).toBeGreaterThan(20);
  });

  it('waits longer each time up to a limit, with jitter from the runtime (F-22)', async () => {
    const [longest, shortest] = [paused(255), paused(0)];
    for (const { runtime } of [longest, shortest]) await expect(raise({ store: contended(), runtime })).rejects.toThrow();
    expect(longest.pauses.slice(0, 7)).toEqual([8, 16, 32, 64, 128, 200, 200]);
    expect(new Set(shortest.pauses)).toEqual(new Set([0]));
    expect(longest.pauses.reduce((sum, one) => sum + one)).toBeLessThan(20_000);
  });

  it('gives each of 20 callers that never stop its turn, on a store that takes 100 ms', async () => {
    const [inner, seed] = [memoryStore(), chance(7)];
    let now = 0;
    const sleeping: { readonly until: number; readonly wake: () => void }[] = [];
    const pause = (milliseconds: number): Promise<void> => new Promise((wake) => void sleeping.push({ until: now + milliseconds, wake }));
    const later = (): Promise<void> => pause(50 + seed.below(100));
    const store: RecordAccess['store'] = {
      read: async (key) => (await later(), inner.read(key)),
      write: async (...change) => (await later(), inner.write(...change)),
      remove: async () => false,
    };
    const random = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, () => seed.below(256));
    const callers = Array.from({ length: 20 }, async () => {
      for (let n = 0; n < 100; n++) await raise({ store, runtime: { random, pause } });
    });
    const all = Promise.all(callers);
    all.catch(() => undefined); // it is awaited below
    do {
      const next = sleeping.toSorted((one, other) => one.until - other.until)[0];
      if (next) sleeping.splice(sleeping.indexOf(next), 1);
      now = next?.until ?? now;
      next?.wake();
      for (let turn = 0; turn < 20; turn++) await Promise.resolve(); // until all of them sleep again
    } while (sleeping.length > 0);
    await all;
    expect((await inner.read('count:1'))?.value).toEqual({ n: 2000 });
  });

  it('passes null to the edit for an absent record, and writes nothing for it', async () => {
    const store: Store = memoryStore();
    expect(await changeRecord({ store }, 'count:1', isCount, (held) => ({ result: held }))).toBeNull();
    expect(await store.read('count:1')).toBeNull();
  });

  it('changes no record that another version of the program wrote: 503, at once', async () => {
    const store: Store = memoryStore();
    const newer: Json = { v: 2, many: 3 };
    await store.write('count:1', newer, 'any');
    const { runtime, pauses } = paused(0);
    await expect(raise({ store, runtime })).rejects.toMatchObject({ status: 503, reason: 'count_unreadable' });
    expect([(await store.read('count:1'))?.value, pauses]).toEqual([newer, []]);
  });

  it('removes the very state that it decided on', async () => {
    const store: Store = memoryStore();
    await store.write('count:1', { n: 1 }, 'any');
    let runs = 0;
    const removed = await changeRecord({ store, ...paused(0) }, 'count:1', isCount, async (held) => {
      if (runs++ === 0) await store.write('count:1', { n: 2 }, 'any');
      return { remove: true, result: held?.n };
    });
    expect([removed, runs, await store.read('count:1')]).toEqual([2, 2, null]);
  });

  it('spares the read of what the caller has just read, once', async () => {
    const store: Store = memoryStore();
    await store.write('count:1', { n: 1 }, 'any');
    const known = await store.read('count:1');
    await store.write('count:1', { n: 5 }, 'any');
    const seen: (number | undefined)[] = [];
    const edit = (held: Count | null) => (seen.push(held?.n), { write: { n: 9 }, result: null });
    await changeRecord({ store, ...paused(0) }, 'count:1', isCount, edit, known);
    expect(seen).toEqual([1, 5]);
  });

  it('removes nothing where there is nothing, and writes nothing where the edit names nothing', async () => {
    const store: Store = memoryStore();
    const refuse = async (): Promise<never> => {
      throw new Error('The store was changed.');
    };
    const over = { store: { read: (key: 'count:1') => store.read(key), write: refuse, remove: refuse } as unknown as Store };
    expect(await changeRecord(over, 'count:1', isCount, () => ({ remove: true, result: 'gone' }))).toBe('gone');
    await store.write('count:1', { n: 1 }, 'any');
    expect(await changeRecord(over, 'count:1', isCount, (held) => ({ result: held?.n }))).toBe(1);
    const newer: Store = memoryStore();
    await newer.write('count:1', { v: 2 }, 'any');
    expect(await changeRecord({ store: newer }, 'count:1', isCount, (held) => ({ result: held }))).toBeNull();
  });

  it('names a kind of two words with an underscore, and waits by the machine without a runtime', async () => {
    await expect(
      changeRecord({ store: contended(), ...paused(0) }, 'client-quota:1', isCount, () => ({ write: { n: 1 }, result: 1 })),
    ).rejects.toMatchObject({
      reason: 'client_quota_contended',
    });
    let tries = 0;
    const store = memoryStore();
    const once = { read: (key: 'count:1') => store.read(key), write: async () => (++tries < 2 ? null : '1'), remove: async () => false };
    expect(await changeRecord({ store: once as unknown as Store }, 'count:1', isCount, () => ({ write: { n: 1 }, result: tries }))).toBe(1);
  });

  it('changes what is stored for a user in the same way: of what was read, and no other version (F-22)', async () => {
    const seen: unknown[] = [];
    const kept = statesWith({ lost: (write) => write === 1 });
    const states: typeof kept = {
      ...kept,
      read: (handle) => (seen.push(['read', handle]), kept.read(handle)),
      write: (handle, value, since, ttl) => (seen.push(['write', handle, value, since, ttl]), kept.write(handle, value, since, ttl)),
      remove: (handle, since) => (seen.push(['remove', handle, since]), kept.remove(handle, since)),
    };
    const add = (value: Count | null): { write: Count; result: number } => ({ write: { n: (value?.n ?? 0) + 1 }, result: value?.n ?? 0 });
    expect(await changeState(states, 'a', 60, add)).toBe(0);
    expect(await changeState(states, 'a', undefined, add)).toBe(1);
    expect(await changeState(states, 'a', undefined, () => ({ remove: true, result: 'gone' }), { value: { n: 2 }, version: 2 })).toBe(
      'gone',
    );
    expect(seen).toEqual([
      ['read', 'a'],
      ['write', 'a', { n: 1 }, null, 60],
      ['read', 'a'],
      ['write', 'a', { n: 2 }, 1, undefined], // lost: it is read again
      ['read', 'a'],
      ['write', 'a', { n: 2 }, 1, undefined],
      ['remove', 'a', 2],
    ]);
  });
});

describe('model/record, reading', () => {
  const store = memoryStore();

  it('reads a page of a list at once, without what is absent or of another kind', async () => {
    for (const [key, value] of [
      ['count:1', { n: 1 }],
      ['count:2', { m: 2 }],
      ['count:3', { n: 3 }],
    ] as const)
      await store.write(key, value, 'any', { index: ['counts:all'] });
    const reads: string[] = [];
    const read: Store['read'] = (key) => (reads.push(key), store.read(key));
    const records = new Map([['count:1', { value: { n: 1 }, version: 1 }]] as const);
    const list: Store['list'] = async (name, after, isWhole) => ({ ...(await store.list(name, after)), ...(isWhole ? { records } : {}) });
    expect(await readPage({ ...store, read, list }, 'counts:all', isCount)).toEqual({ values: [{ n: 1 }, { n: 3 }] });
    expect(reads, 'what the list gives along is not read again').toEqual(['count:2', 'count:3']);
  });

  it('takes nothing but an object for one with members', () => {
    expect([{ n: undefined }, {}, { m: 1 }].map((value) => has(value, 'n'))).toEqual([true, false, false]);
    expect([null, undefined, 'text', 1].map((value) => has(value, 'length'))).toEqual([false, false, false, false]);
    expect([{ v: 1 }, { v: 2 }, {}].map(versioned)).toEqual([true, false, false]);
  });
});
