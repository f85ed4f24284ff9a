/** Slots for registrations: counted, taken in blocks while there are many, and never more than there are. */
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { readQuota, takeOldestSlot, takeSlot } from '../../../src/core/records/client-quota.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeServer, type ServerParts } from '../../support/server.ts';

const serverOf = (most: number, parts: ServerParts = {}) =>
  makeServer({ ...parts, settings: { clientRegistration: { most } as Settings['clientRegistration'], clientRegistrationTTL: 86_400 } });
async function takeMany(as: AuthServer, times: number): Promise<number> {
  let taken = 0;
  for (let count = 0; count < times; count++) if (await takeSlot(as)) taken++;
  return taken;
}
const quotaOf = async (as: AuthServer) => (await as.store.read('quota:clients'))?.value as Record<string, number> | undefined;
async function putClients(as: AuthServer, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at++) {
    const client = { id: `c${at}`, redirectUris: [], authMethod: 'none', grantTypes: [], applicationType: 'web', createdAt: as.now() };
    await as.store.write(`client:c${at}`, client, 'absent', { index: ['clients:all'] });
  }
}

describe('core/records/client-quota', () => {
  it('takes one slot for each registration while there are few, and no more than there are', async () => {
    const { as } = serverOf(5);
    expect([await takeMany(as, 7), await quotaOf(as)]).toEqual([5, expect.objectContaining({ v: 1, count: 5 })]);
    expect(await takeMany(serverOf(0).as, 1)).toBe(0);
  });

  it('keeps a block, and counts the clients again, where the clock goes back', async () => {
    const { as, clock } = serverOf(5);
    expect(await takeMany(as, 6)).toBe(5);
    clock.pass(-86_400); // none of the five was stored
    expect(await takeMany(as, 1)).toBe(1);
    clock.pass(86_400);
    const { as: many, clock: other } = serverOf(5000);
    const count = async () => (await quotaOf(many))?.['count'];
    await takeSlot(many);
    expect(await count()).toBe(32);
    other.pass(-61);
    await takeSlot(many);
    expect(await count()).toBe(64);
  });

  it('takes none twice when many ask at once', async () => {
    const { as } = serverOf(5);
    const all = await Promise.all(Array.from({ length: 9 }, () => takeSlot(as)));
    expect(all.filter(Boolean)).toHaveLength(5);
  });

  it('takes blocks of thirty-two while more than a thousand are free, for one process and a minute', async () => {
    const few = serverOf(1000).as;
    expect([await takeSlot(few), (await quotaOf(few))?.['count']]).toEqual([true, 1]);
    const { as, clock, store } = serverOf(1033);
    const writes = async (): Promise<unknown> => (await store.read('quota:clients'))?.version;
    expect([await takeSlot(as), (await quotaOf(as))?.['count']]).toEqual([true, 32]);
    const version = await writes();
    expect([await takeMany(as, 31), await writes()]).toEqual([31, version]);
    expect([await takeSlot(as), (await quotaOf(as))?.['count']]).toEqual([true, 64]);
    const other = serverOf(1033, { clock, store }).as;
    expect([await takeSlot(other), (await quotaOf(as))?.['count']]).toEqual([true, 65]); // 969 are free: one at a time
    clock.pass(59);
    await takeSlot(as);
    expect((await quotaOf(as))?.['count']).toBe(65);
    clock.pass(1);
    await takeSlot(as);
    expect((await quotaOf(as))?.['count']).toBe(66);
  });

  it('counts again when all seem taken, at most every ten minutes, and adds the slots whose clients may not be stored yet', async () => {
    const { as, clock } = serverOf(4);
    expect(await takeMany(as, 5)).toBe(4);
    await putClients(as, 0, 2); // two of four were stored, two expired
    for (const seconds of [299, 300]) {
      clock.pass(seconds);
      expect(await takeSlot(as)).toBe(false);
    }
    clock.pass(1);
    expect([await takeMany(as, 3), (await quotaOf(as))?.['countedAt']]).toEqual([2, clock.now()]);
    expect(await quotaOf(as)).toMatchObject({ count: 4, taken: 2, takenBefore: 0 });
    clock.pass(600);
    await putClients(as, 2, 3);
    expect(await takeMany(as, 2)).toBe(1);
  });

  it('remembers the slots of this span of two minutes and of the one before', async () => {
    const { as, clock } = serverOf(50);
    clock.pass(120 - (clock.now() % 120));
    const span = clock.now() / 120;
    await takeMany(as, 2);
    expect(await quotaOf(as)).toMatchObject({ span, taken: 2, takenBefore: 0 });
    clock.pass(119);
    await takeSlot(as);
    expect(await quotaOf(as)).toMatchObject({ span, taken: 3, takenBefore: 0 });
    clock.pass(1);
    await takeSlot(as);
    expect(await quotaOf(as)).toMatchObject({ span: span + 1, taken: 1, takenBefore: 3 });
    clock.pass(240);
    await takeSlot(as);
    expect(await quotaOf(as)).toMatchObject({ span: span + 3, taken: 1, takenBefore: 0, count: 5 }); // not counted again
  });

  it('counts slots of both spans as taken when it counts again', async () => {
    const { as, store, clock } = serverOf(10);
    const span = Math.floor(clock.now() / 120);
    const quota = { v: 1, count: 10, countedAt: clock.now() - 600, span: span - 1, taken: 3, takenBefore: 9 };
    await putClients(as, 0, 4);
    await store.write('quota:clients', quota, 'any', {});
    expect(await takeMany(as, 5)).toBe(3); // 10 less 4 that are stored and 3 that were taken a span ago
    await store.write('quota:clients', { ...quota, span, takenBefore: 1 }, 'any', {});
    expect(await takeMany(as, 5)).toBe(2);
  });

  it('is read ahead where a slot has to be taken from it, and tells whether there are plenty', async () => {
    const { as, store, clock } = serverOf(1033);
    expect(await readQuota(as)).toEqual({ stored: null, isPlenty: false });
    await takeSlot(as);
    expect(await readQuota(as)).toEqual({ stored: undefined, isPlenty: false }); // this process has slots left
    const other = serverOf(1033, { clock, store }).as;
    const known = await readQuota(other);
    expect(known).toEqual({ stored: await store.read('quota:clients'), isPlenty: true });
    expect(await readQuota(serverOf(1032, { clock, store }).as)).toMatchObject({ isPlenty: false }); // a thousand are free
    let reads = 0;
    const counting = { ...other, store: { ...store, read: async (...all: Parameters<typeof store.read>) => (reads++, store.read(...all)), write: store.write.bind(store) } as never }; // prettier-ignore
    expect([await takeSlot(counting, known), reads, (await quotaOf(as))?.['count']]).toEqual([true, 0, 64]);
    await store.write('quota:clients', { v: 2 }, 'any', {});
    clock.pass(60);
    expect(await readQuota(other)).toMatchObject({ isPlenty: false });
  });

  it('leaves a count of another format as it is, and answers 503', async () => {
    const { as, store } = serverOf(5);
    for (const bad of [
      { v: 2, count: 0, countedAt: 0 },
      { v: 1, count: 0 },
    ]) {
      await store.write('quota:clients', bad, 'any', {});
      await expect(takeSlot(as)).rejects.toMatchObject({ status: 503 });
      expect(await quotaOf(as)).toEqual(bad);
    }
  });

  it('notes the slot of the oldest unused registration as taken before it is free', async () => {
    const { as, clock } = serverOf(5);
    expect([await takeOldestSlot(as), await quotaOf(as)]).toEqual([false, undefined]);
    await takeSlot(as);
    const before = await quotaOf(as);
    clock.pass(120);
    await takeOldestSlot(as);
    expect(await quotaOf(as)).toEqual({ ...before, span: (before?.['span'] ?? 0) + 1, taken: 1, takenBefore: 1 });
  });
});
