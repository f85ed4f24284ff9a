import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { expectKept } from '../support/store-rules.ts';

describe('stores/memory', () => {
  for (const { name, run } of storeSuite) {
    it(name, async () => {
      await expectKept(run, async (now) => ({ store: memoryStore({ now }) }));
    });
  }

  it('refuses a new record when it is full of live ones, and still writes, reads and removes those', async () => {
    const store = memoryStore({ now: () => 0, capacity: 2 });
    await fill(store, 2);
    await expect(store.write('new:1', 1, 'any')).rejects.toThrow('The memory store is full: 2 live records.');
    expect(await store.write('old:0', 2, 'any')).not.toBeNull();
    expect(await store.read('old:1')).not.toBeNull();
    expect(await store.remove('old:1')).toBe(true);
    expect(await store.write('new:1', 1, 'any')).not.toBeNull();
  });

  it('makes room by dropping expired records, with their places in lists', async () => {
    const clock = { time: 0 };
    const store = memoryStore({ now: () => clock.time, capacity: 3 });
    await store.write('short:1', 1, 'any', { until: 10, index: ['user:1'] });
    await store.write('short:2', 1, 'any', { until: 20, index: ['user:1'] });
    await store.write('long:1', 1, 'any', { until: 30, index: ['user:1'] });
    clock.time = 10;
    expect(await store.write('new:1', 1, 'any')).not.toBeNull();
    await expect(store.write('new:2', 1, 'any')).rejects.toThrow('full');
    clock.time = 20;
    expect(await store.write('new:2', 1, 'any')).not.toBeNull();
    expect(await store.list('user:1')).toEqual({ keys: ['long:1'] });
  });

  it('refuses a capacity that is no number of records', () => {
    for (const capacity of [0, -1, 1.5, NaN]) expect(() => memoryStore({ capacity })).toThrow(TypeError);
  });

  it('reads the machine clock unless it is given one', async () => {
    const store = memoryStore();
    const now = Math.floor(Date.now() / 1000);
    await store.write('a:1', 1, 'any', { until: now + 1000 });
    await store.write('a:2', 1, 'any', { until: now - 1000 });
    expect(await store.read('a:1')).not.toBeNull();
    expect(await store.read('a:2')).toBeNull();
  });
});

async function fill(store: Store, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.write(`old:${n}`, n, 'any');
}
