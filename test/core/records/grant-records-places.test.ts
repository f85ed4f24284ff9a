/** Which record a grant is found in, and what a move writes and for how long, record by record. */
import { describe, expect, it } from 'vitest';
import { listsOfGrant, locateGrant, moveGrant } from '../../../src/core/records/grant-records.ts';
import { type Grant, lifeEndOf } from '../../../src/model/grant.ts';
import { PLACES } from '../../../src/model/token.ts';
import type { Json, Key, Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { openGrant, START } from '../../support/grants.ts';

const grant: Grant = openGrant({ id: 'a', expiresAt: START + 60 }); // the code lives for 60 seconds

/** A store with these records, and the keys that were read. */
async function makeWorld(records: { readonly [id: string]: Json } = {}) {
  const clock = makeClock(START);
  const inner = memoryStore(clock);
  for (const [id, value] of Object.entries(records)) await inner.write(`grant:${id}`, value, 'absent');
  const read: string[] = [];
  const writes: string[] = [];
  const store: Pick<Store, 'read' | 'write'> = {
    read: (key, known) => (read.push(key), inner.read(key, known)),
    write: (key, ...all) => (writes.push(key), inner.write(key, ...all)),
  };
  const valueOf = async (id: string): Promise<unknown> => (await inner.read(`grant:${id}`))?.value;
  return { clock, inner, store, read, writes, valueOf };
}
const signpost = (movedTo: string, move = 'm'): Json => ({ v: 1, movedTo, move });
const arriving = (from: string, move = 'm', over = 1): Json => ({ v: 1, move, from, over, arriving: grant });

describe('core/records/grant-records: where a grant is', () => {
  it('is nowhere if there is no record, or one of another kind or version', async () => {
    const { v: _, ...unversioned } = arriving('x') as { v: 1 };
    const odd = [{ v: 1 }, { v: 2, movedTo: 'a', move: 'm' }, { movedTo: 'a', move: 'm' }, { v: 1, movedTo: 'a' }, unversioned, { ...grant, v: 2 }];
    expect(await locateGrant((await makeWorld()).store, 'a')).toBeNull();
    for (const record of odd) expect(await locateGrant((await makeWorld({ b: record as Json, x: signpost('b') })).store, 'b'), JSON.stringify(record)).toBeNull();
  }); // prettier-ignore

  it('is under its id, or where the signposts lead, at one read for each', async () => {
    const { store, read } = await makeWorld({ a: grant as Json, b: signpost('a'), c: signpost('b') });
    expect(await locateGrant(store, 'c')).toMatchObject({ at: 'a', grant, isArriving: false });
    expect(read).toEqual(['grant:c', 'grant:b', 'grant:a']);
    expect(await locateGrant((await makeWorld({ a: signpost('b') })).store, 'a')).toBeNull(); // which leads to no record
  });

  it('is not read again where the caller has just read it', async () => {
    const { store, read, inner } = await makeWorld({ a: grant as Json });
    expect(await locateGrant(store, 'a', { read: await inner.read('grant:a') })).toMatchObject({ at: 'a', grant });
    expect(await locateGrant(store, 'a', { read: null })).toBeNull();
    expect(read).toEqual([]);
  });

  it('is in the arriving copy only if the old place names its very move', async () => {
    const found = async (records: { readonly [id: string]: Json }, id = 'b') => {
      const { store, read } = await makeWorld(records);
      return [await locateGrant(store, id), read.length] as const;
    };
    const moved = { at: 'b', grant, isArriving: true };
    expect(await found({ a: signpost('b'), b: arriving('a') })).toEqual([expect.objectContaining(moved), 2]);
    expect(await found({ a: signpost('b'), b: arriving('a') }, 'a')).toEqual([expect.objectContaining(moved), 2]);
    expect(await found({ a: grant as Json, b: arriving('a') })).toEqual([expect.objectContaining({ at: 'a', isArriving: false }), 2]);
    expect((await found({ b: arriving('a') }))[0]).toBeNull(); // the old place is empty: the grant has ended and was removed
    const elsewhere = { ...grant, id: 'c' } as Json;
    expect((await found({ a: signpost('c', 'other'), b: arriving('a'), c: elsewhere }))[0]).toMatchObject({ at: 'c', isArriving: false });
  });

  it('is found at the end of 18 signposts, and said to be moving beyond, with the time to wait', async () => {
    const chain = (length: number): { readonly [id: string]: Json } => ({
      ...Object.fromEntries(Array.from({ length }, (_, at) => [`g${at}`, signpost(`g${at + 1}`)])),
      [`g${length}`]: grant as Json,
    });
    const most = 2 * PLACES.length;
    expect(await locateGrant((await makeWorld(chain(most))).store, 'g0')).toMatchObject({ at: `g${most}` });
    await expect(locateGrant((await makeWorld(chain(most + 1))).store, 'g0')).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      headers: { 'retry-after': '1' },
    });
  });

  it('is in the lists of its user and client, and in that of keys if it is one', () => {
    expect(listsOfGrant(grant)).toEqual(['user:user', 'client:client']);
    expect(listsOfGrant({ ...grant, key: { kind: 'personal', name: 'Laptop' } })).toEqual(['user:user', 'client:client', 'keys:all']);
  });
});

describe('core/records/grant-records: a move', () => {
  const to = { id: 'b', grant, move: 'mine' };
  const isThere = async (inner: Store, key: Key): Promise<boolean> => (await inner.read(key)) !== null;

  it('writes copy, signpost and grant, each for as long as it counts', async () => {
    const { store, inner, writes, clock } = await makeWorld({ a: grant as Json });
    const long = { ...grant, expiresAt: START + 900 };
    expect(await moveGrant(store, (await locateGrant(store, 'a'))!, { ...to, grant: long })).toBe(true);
    expect(writes).toEqual(['grant:b', 'grant:a', 'grant:b']);
    expect(lifeEndOf(long)).toBe(START + 60);
    clock.pass(59);
    expect(await isThere(inner, 'grant:b')).toBe(true);
    clock.pass(1);
    expect([await isThere(inner, 'grant:a'), await isThere(inner, 'grant:b')]).toEqual([true, false]); // a replay is still led there
    clock.pass(840);
    expect(await isThere(inner, 'grant:a')).toBe(false);
  });

  it('has happened though the last write fails', async () => {
    const { store, inner, valueOf } = await makeWorld({ a: grant as Json });
    let writes = 0;
    const failing: typeof store = { read: store.read, write: (...all) => (++writes === 3 ? Promise.reject(new Error('down')) : inner.write(...all)) }; // prettier-ignore
    expect(await moveGrant(failing, (await locateGrant(store, 'a'))!, to)).toBe(true);
    expect(await valueOf('b')).toMatchObject({ arriving: grant, move: 'mine', from: 'a' });
    expect(await locateGrant(store, 'a')).toMatchObject({ at: 'b', isArriving: true });
  });

  it('turns an arriving copy into the grant first, for the life of the grant', async () => {
    const { store, inner, clock, valueOf, writes } = await makeWorld({ a: signpost('b'), b: arriving('a') });
    const from = (await locateGrant(store, 'b'))!;
    expect(await moveGrant(store, from, { ...to, id: 'c' })).toBe(false);
    expect([writes, await valueOf('b')]).toEqual([['grant:b'], grant]);
    clock.pass(60);
    expect(await isThere(inner, 'grant:b')).toBe(false);
  });

  it('changes nothing where the grant is there already, or another record', async () => {
    for (const there of [grant as Json, { v: 1 }]) {
      const { store, writes } = await makeWorld({ a: grant as Json, b: there });
      expect(await moveGrant(store, (await locateGrant(store, 'a'))!, to)).toBe(false);
      expect(writes).toEqual([]);
    }
  });

  it('writes over a copy whose old place is empty or has changed, and over a signpost', async () => {
    for (const there of [arriving('gone'), arriving('a', 'other', 7), signpost('a', 'former')]) {
      const { store, valueOf } = await makeWorld({ a: grant as Json, b: there });
      expect(await moveGrant(store, (await locateGrant(store, 'a'))!, to)).toBe(true);
      expect([await valueOf('b'), await valueOf('a')]).toEqual([grant, signpost('b', 'mine')]);
    }
  });

  it('ends the chance of another move that is waited for no more, by writing the grant anew for its life', async () => {
    const { store, inner, clock, writes } = await makeWorld({ a: grant as Json });
    const from = (await locateGrant(store, 'a'))!;
    await inner.write('grant:b', arriving('a', 'other', from.version), 'absent');
    expect(await moveGrant(store, from, to)).toBe('other');
    expect(writes).toEqual([]);
    expect(await moveGrant(store, from, { ...to, pending: 'other' })).toBe(false);
    expect([writes, (await locateGrant(store, 'a'))?.version === from.version]).toEqual([['grant:a'], false]);
    clock.pass(60);
    expect(await isThere(inner, 'grant:a')).toBe(false);
  });

  it('has not happened where the grant changed meanwhile, and the copy counts for nothing', async () => {
    const { store, inner, valueOf } = await makeWorld({ a: grant as Json });
    const from = (await locateGrant(store, 'a'))!;
    await inner.write('grant:a', { ...grant, usedAt: START + 1 } as Json, from.version);
    expect(await moveGrant(store, from, to)).toBe(false);
    expect(await valueOf('b')).toMatchObject({ move: 'mine' });
    expect(await locateGrant(store, 'b')).toMatchObject({ at: 'a', grant: { usedAt: START + 1 } });
  });
});
