import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { exportRecords, importRecords } from '../../src/stores/move.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { appOn, storeNames, makeApp } from '../support/app.ts';

async function linesOf(store: Store): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportRecords(store)) lines.push(line);
  return lines;
}

describe.each(storeNames)('stores/move from %s', (name) => {
  it('moves everything to another store without signing users out', async () => {
    const app = await makeApp(name);
    const { client, tokens } = await app.signedIn();
    const lines = await linesOf(app.inner);
    const clock = makeClock();
    const target = memoryStore(clock);
    await importRecords(target, lines);
    const moved = await appOn(target, clock);
    expect((await moved.call(tokens.access)).access?.userId).toBe(app.aliceId);
    const refresh = await moved.ask('POST', '/token', `grant_type=refresh_token&client_id=${client.id}&refresh_token=${tokens.refresh}`, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(refresh.status).toBe(200);
    expect((await moved.provider.helpers(moved.env).accounts.findByUsername('alice'))?.id).toBe(app.aliceId);
    expect((await target.list(`user:${app.aliceId}`)).keys).toHaveLength(1);
  });
});

describe('stores/move', () => {
  const filled = async (count: number): Promise<Store> => {
    const store = memoryStore({ now: () => 1000 });
    for (let n = 0; n < count; n++) await store.write(`a:${n}`, n, 'any', { index: ['user:1'], ...(n % 2 === 0 ? { until: 2000 } : {}) });
    return store;
  };

  it('keeps ends and lists, in order, and may be run again without touching what changed meanwhile', async () => {
    const lines = await linesOf(await filled(300));
    const clock = { time: 1000 };
    const target = memoryStore({ now: () => clock.time });
    await target.write('a:7', 'newer', 'any');
    expect(await importRecords(target, lines)).toEqual({ written: 299, kept: 1 });
    expect(await importRecords(target, lines)).toEqual({ written: 0, kept: 300 });
    expect((await target.read('a:7'))?.value).toBe('newer');
    expect((await target.list('user:1')).keys.slice(0, 8)).toEqual(['a:0', 'a:1', 'a:2', 'a:3', 'a:4', 'a:5', 'a:6', 'a:8']);
    clock.time = 2000;
    expect([await target.read('a:2'), (await target.read('a:3'))?.value]).toEqual([null, 3]);
  });

  it('rejects an export without its end, with a line that is not a record, or from another program', async () => {
    const lines = await linesOf(await filled(10));
    const cases: readonly [readonly string[], RegExp][] = [
      [lines.slice(0, -1), /end of the export is missing: it stops after 10 records/],
      [[...lines.slice(0, 4), ...lines.slice(5)], /Records are missing: the export had 10, and here are 9/],
      [[...lines.slice(0, 3), '{"key":"nothing"}', ...lines.slice(3)], /^Line 4 is not a record/],
      [[...lines.slice(0, 3), '{"key":"a:b","val', ...lines.slice(3)], /^Line 4 is not a record/],
      [[...lines, lines[1] ?? ''], /^Line 13 is not a record/],
      [lines.slice(1), /not an export of Portcullis/],
      [[], /end of the export is missing/],
    ];
    for (const [some, message] of cases) {
      const error = await importRecords(memoryStore(), some).catch((caught: unknown) => caught);
      expect((error as Error).message).toMatch(message);
    }
  });

  it('refuses a store that cannot list its records', async () => {
    const { all: _all, ...rest } = { ...(await filled(0)) } as Store;
    await expect(linesOf({ ...rest, atomic: true })).rejects.toThrow('cannot list its records');
  });
});
