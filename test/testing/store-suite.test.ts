/** The suite for stores finds a store that breaks one of its promises, and ends for each. */
import { describe, expect, it } from 'vitest';
import type { Cursor, Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';

/** The names of the cases that a store fails. */
async function failedBy(broken: (store: Store) => Partial<Store>): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { name, run } of storeSuite)
    await run(async (now) => {
      const inner = memoryStore({ now });
      const store: Store = {
        atomic: inner.atomic,
        read: (...all) => inner.read(...all),
        write: (...all) => inner.write(...all),
        remove: (...all) => inner.remove(...all),
        list: (...all) => inner.list(...all),
        ...(inner.all && { all: (after) => inner.all!(after) }),
      };
      return { store: { ...store, ...broken(store) } };
    }).catch(() => failed.push(name));
  return failed;
}

const faults: readonly (readonly [what: string, caught: string, broken: Parameters<typeof failedBy>[0]])[] = [
  ['writes whatever the condition', 'absent', (store) => ({ write: (key, value, _when, options) => store.write(key, value, 'any', options) })],
  ['refuses every write on a version', 'loses no step of a counter', (store) => ({ write: async (key, value, when, options) => (typeof when === 'number' ? null : store.write(key, value, when, options)) })],
  ['removes whatever the version', 'removes with a version', (store) => ({ remove: (key) => store.remove(key) })],
  ['says that it removed what was not there', 'removes once', (store) => ({ remove: async (key, when) => (await store.remove(key, when)) || when === undefined })],
  ['forgets the end of a record', 'shows a record until', (store) => ({ write: (key, value, when, { until: _until, ...options } = {}) => store.write(key, value, when, options) })],
  ['hands out the same object twice', 'hands out copies', (store) => {
    const kept = new Map<string, Awaited<ReturnType<Store['read']>>>();
    const read: Store['read'] = async (key, known) => {
      const found = await store.read(key, known);
      const before = kept.get(key);
      if (found && before?.version === found.version) return before;
      kept.set(key, found);
      return found;
    };
    return { read };
  }],
  ['forgets in which lists a record is', 'keeps lists apart', (store) => ({ write: (key, value, when, { index: _index, ...options } = {}) => store.write(key, value, when, options) })],
  ['gives the first page again and again', 'lists keys oldest first', (store) => ({ list: async (index) => store.list(index) })],
  ['lists on without an end', 'gives an empty page', (store) => ({ list: async (index, after, withRecords) => ({ next: 'more' as Cursor, ...(after === ('more' as Cursor) ? { keys: [] } : await store.list(index, after, withRecords)) }) })],
  ['keeps expired records', 'sweeps expired records', () => ({ sweep: async () => 0 })],
]; // prettier-ignore

describe('testing/store-suite', () => {
  it('passes a store that keeps its promises', async () => {
    expect(await failedBy(() => ({}))).toEqual([]);
  });

  it.each(faults)('fails a store that %s', async (_what, caught, broken) => {
    expect(await failedBy(broken)).toContainEqual(expect.stringContaining(caught));
  });

  it('fails a store that copies one record twice and another never', async () => {
    const twice = (store: Store): Partial<Store> => ({
      async all(after) {
        const page = await store.all?.(after);
        if (!page) throw new Error('The store in memory lists its records.');
        const [first, , ...rest] = page.records;
        return first ? { ...page, records: [first, first, ...rest] } : page;
      },
    });
    const found = await failedBy(twice);
    expect(found).toEqual(['lists every live record once for a copy, with its expiry and its lists, if it can']);
  });
});
