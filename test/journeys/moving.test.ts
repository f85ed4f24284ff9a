/** Copies of a whole store: every layout of names, from each engine and into it. */
import { makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import type { IndexKey, StoredRecord, Key, Store } from '../../src/model/store.ts';
import { epochStore, tenantStore } from '../../src/stores/prefixed.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { exportRecords, importRecords } from '../../src/stores/move.ts';
import { storeNames } from '../support/app.ts';

const NOW = 1_800_000_000;
const freshStore = async (name: string): Promise<Store> => (await makeStores(() => NOW)).find((one) => one.name === name)!.store;

async function linesOf(store: Store): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportRecords(store)) lines.push(line);
  return lines;
}

/** What stands in a store, but for versions. */
async function recordsOf(store: Store): Promise<ReadonlyMap<Key, Omit<StoredRecord, 'version' | 'key'>>> {
  const found = (await linesOf(store)).slice(1, -1).map((line) => JSON.parse(line) as StoredRecord);
  return new Map(found.map(({ key, version: _version, ...rest }) => [key, rest]));
}

/** A store as a server with tenants and epochs leaves it. */
async function fill(store: Store): Promise<void> {
  const parts = [store, epochStore(store, '2026-11.b'), tenantStore(store, 'acme'), epochStore(tenantStore(store, '0-b'), '1')];
  for (const [at, part] of parts.entries()) {
    for (let n = 0; n < 60; n++)
      await part.write(`grant:${n}`, { v: 1, at, text: 'ü\n"' }, 'absent', { until: NOW + 60, index: [`user:${n % 2}`, 'client:c'] });
    await part.write('account:a', { v: 1, at }, 'absent');
    await part.write('signing-keys:ES256', { v: 1, keys: [] }, 'absent');
  }
}

describe.each(storeNames)('moving from and to %s', (name) => {
  it('copies every layout of tenants and epochs with its ends and lists, there and back (F-12)', async () => {
    const [here, there] = [await freshStore(name), memoryStore({ now: () => NOW })];
    await fill(here);
    const wanted = await recordsOf(here);
    expect(wanted.size).toBe(4 * 62 - 1); // accounts outlast an epoch: two of them are one
    await importRecords(there, await linesOf(here));
    expect(await recordsOf(there)).toEqual(wanted);
    const back = await freshStore(name);
    await importRecords(back, await linesOf(there));
    expect(await recordsOf(back)).toEqual(wanted);
    const part = epochStore(tenantStore(back, '0-b'), '1');
    const listed = new Set<string>();
    let page = await part.list('user:1');
    for (; ; page = await part.list('user:1', page.next)) {
      for (const key of page.keys) listed.add(key);
      if (page.next === undefined) break;
    }
    expect([(await part.read('grant:7'))?.value, listed.size]).toEqual([{ v: 1, at: 3, text: 'ü\n"' }, 30]);
  });

  it('counts its live records in another way than it lists them, and fails an export that has fewer (F-64)', async () => {
    const store = await freshStore(name);
    for (let n = 0; n < 5; n++) await store.write(`a:${n}`, n, 'any', { index: ['user:1'] });
    await store.write('ended:1', 1, 'any', { until: NOW });
    await store.remove('a:4');
    expect(await store.count?.()).toBe(4);
    const blind: Store = { ...wrapped(store), all: async () => ({ records: [] }), count: async () => (await store.count?.()) ?? 0 };
    await expect(linesOf(blind)).rejects.toThrow('the store counts 4 records and listed 0');
  });
});

describe('moving', () => {
  it('writes nothing of an incomplete or damaged file (F-12)', async () => {
    const source = memoryStore({ now: () => NOW });
    for (let n = 0; n < 200; n++) await source.write(`a:${n}`, n, 'any');
    const lines = await linesOf(source);
    const broken = [lines.slice(0, -1), [...lines.slice(0, -1), '{"key":"nothing"}', lines.at(-1) ?? ''], lines.toSpliced(150, 1)];
    for (const some of broken) {
      const target = memoryStore({ now: () => NOW });
      await expect(importRecords(target, some)).rejects.toThrow();
      await expect(importRecords(target, streamOf(some))).rejects.toThrow();
      await expect(importRecords(target, () => streamOf(some))).rejects.toThrow();
      expect(await target.count?.()).toBe(0);
    }
  });

  it('may be interrupted and run again: nothing is missing and nothing is overwritten (F-12)', async () => {
    const source = memoryStore({ now: () => NOW });
    await fill(source);
    const lines = await linesOf(source);
    const target = memoryStore({ now: () => NOW });
    let left = 120;
    const failing: Store = {
      ...wrapped(target),
      write: (...all) => (left-- > 0 ? target.write(...all) : Promise.reject(new Error('The disk is full.'))),
    };
    await expect(importRecords(failing, lines)).rejects.toThrow(/stopped after 120 records: The disk is full. Run it again/);
    await target.write('grant:1', 'newer', 'any', { index: ['user:1' satisfies IndexKey] });
    const { written, kept } = await importRecords(target, lines);
    expect([written + kept, kept]).toEqual([lines.length - 2, 120]);
    expect([(await target.read('grant:1'))?.value, await target.count?.()]).toEqual(['newer', lines.length - 2]);
  });
});

async function* streamOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

function wrapped(store: Store): Store {
  return {
    atomic: true,
    read: (key) => store.read(key),
    write: (...all) => store.write(...all),
    remove: (...all) => store.remove(...all),
    list: (...all) => store.list(...all),
  };
}
