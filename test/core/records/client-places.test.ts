/** Where hosted clients call from: what is stored, for how long it is trusted, and how much a process remembers. */
import { describe, expect, it } from 'vitest';
import { type ClientPlaces, makeClientPlaces } from '../../../src/core/records/client-places.ts';
import type { Place } from '../../../src/model/token.ts';
import type { Json, Key } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { makeServer } from '../../support/server.ts';

const REDIRECT = 'https://claude.example/api/callback';
const DAY = 86_400;

/** A store with places, what is written to it and how often it is read, and processes over it. */
function makeWorld() {
  const clock = makeClock();
  const inner = memoryStore(clock);
  const written: { key: Key; value: Json | null; life: unknown }[] = [];
  const work: Promise<unknown>[] = [];
  const notes: Promise<unknown>[] = [];
  let [reads, isDown] = [0, false];
  const store = Object.assign(memoryStore(clock), {
    placed: true,
    read: async (key: Key) => (reads++, inner.read(key)),
    write: async (...all: Parameters<typeof inner.write>) => {
      const [key, value, , life] = all;
      written.push({ key, value, life });
      if (isDown) throw new Error('down');
      return inner.write(...all);
    },
  });
  const process = (): ClientPlaces => {
    const places = makeServer({ clock, store, machine: { waitUntil: (one) => void work.push(one) } }).as.clientPlaces;
    if (places === null) throw new Error('The store has places.');
    const note: ClientPlaces['note'] = (...seen) => {
      const noted = places.note(...seen);
      notes.push(noted);
      return noted;
    };
    return { find: places.find, note };
  };
  const settled = async (): Promise<void> => void (await Promise.all([...notes, ...work]));
  const countReads = async (look: () => Promise<unknown>): Promise<number> => {
    const before = reads;
    await look();
    return reads - before;
  };
  return { clock, inner, written, work, process, settled, countReads, fail: (now: boolean) => void (isDown = now) };
}

describe('core/records/client-places', () => {
  it('stores the place of a host for thirty days, under a name that does not disclose the host', async () => {
    const { clock, written, work, process, settled } = makeWorld();
    void process().note(REDIRECT, 'enam');
    void process().note('https://chatgpt.example/cb', 'oc');
    await settled();
    expect(work).toHaveLength(2); // the runtime waits for both behind the answer
    const places = written.map(({ key, ...rest }) => ({ ...rest, kind: key.split(':', 1)[0] }));
    const life = { until: clock.now() + 30 * DAY };
    expect(places).toEqual([
      { kind: 'place', value: { v: 1, place: 'enam' }, life },
      { kind: 'place', value: { v: 1, place: 'oc' }, life },
    ]);
    expect(new Set(written.map(({ key }) => key)).size).toBe(2);
    expect(written.some(({ key }) => key.includes('example'))).toBe(false);
    expect([await process().find('https://claude.example/other', 'weur'), await process().find('https://chatgpt.example/cb', 'weur')]).toEqual(['enam', 'oc']); // prettier-ignore
    clock.pass(30 * DAY);
    expect(await process().find(REDIRECT, 'weur')).toBe('weur');
  });

  it('reads a host once in ten minutes, also one of which nothing is known', async () => {
    const { clock, process, settled, countReads } = makeWorld();
    const [one, other] = [process(), process()];
    expect(await countReads(() => one.find(REDIRECT, 'weur'))).toBe(1);
    void other.note(REDIRECT, 'enam');
    await settled();
    clock.pass(599);
    expect([await countReads(() => one.find(REDIRECT, 'weur')), await one.find(REDIRECT, 'weur')]).toEqual([0, 'weur']);
    clock.pass(1);
    expect([await countReads(() => one.find(REDIRECT, 'weur')), await one.find(REDIRECT, 'weur')]).toEqual([1, 'enam']);
    expect(await countReads(() => one.find(REDIRECT, 'weur'))).toBe(0);
  });

  it('writes a place once in ten minutes, and another place at once', async () => {
    const { clock, written, process, settled } = makeWorld();
    const one = process();
    const note = async (place: Place): Promise<number> => {
      void one.note(REDIRECT, place);
      await settled();
      return written.length;
    };
    expect([await note('enam'), await note('enam'), await note('oc'), await note('oc')]).toEqual([1, 1, 2, 2]);
    clock.pass(599);
    expect(await note('oc')).toBe(2);
    clock.pass(1);
    expect(await note('oc')).toBe(3);
  });

  it('neither reads nor writes for a request from nowhere, a client on the own machine or a store that has one place', async () => {
    const { written, process, settled, countReads } = makeWorld();
    const one = process();
    void one.note(REDIRECT, null);
    void one.note(undefined, 'enam');
    void one.note('http://127.0.0.1:3334/callback', 'enam');
    void one.note('cursor://callback', 'enam');
    expect(await countReads(() => one.find(REDIRECT, null))).toBe(0);
    expect(await countReads(() => one.find('http://localhost:3334/callback', 'enam'))).toBe(0);
    expect([await one.find(REDIRECT, null), await one.find('http://localhost:3334/callback', 'enam')]).toEqual([null, 'enam']);
    expect(makeServer().as.clientPlaces).toBeNull();
    expect(makeServer({ store: Object.assign(memoryStore(makeClock()), { placed: true }) }).as.clientPlaces).not.toBeNull();
    await settled();
    expect(written).toEqual([]);
  });

  it('reads a record that holds no place as absent', async () => {
    const { inner, written, process, settled } = makeWorld();
    void process().note(REDIRECT, 'enam');
    await settled();
    const key = written[0]?.key ?? 'place:none';
    for (const value of [{ v: 1, place: 'atlantis' }, { v: 1 }, null]) {
      await inner.write(key, value as Json, 'any');
      expect(await process().find(REDIRECT, 'weur')).toBe('weur');
    }
  });

  it('fails no request where a place cannot be written, and writes it at a later one', async () => {
    const { clock, written, process, settled, fail } = makeWorld();
    const one = process();
    fail(true);
    void one.note(REDIRECT, 'enam');
    await settled();
    fail(false);
    clock.pass(600);
    void one.note(REDIRECT, 'enam');
    await settled();
    expect([written.length, await process().find(REDIRECT, 'weur')]).toEqual([2, 'enam']);
  });

  it('writes a place also where the runtime cancels no request', async () => {
    const clock = makeClock();
    const store = Object.assign(memoryStore(clock), { placed: true });
    const { as } = makeServer({ clock, store, machine: { waitUntil: undefined } as object });
    await as.clientPlaces?.note(REDIRECT, 'enam');
    expect(await makeClientPlaces(store, as.secrets, as.runtime).find(REDIRECT, 'weur')).toBe('enam');
  });

  it('remembers a thousand hosts, and drops the one that was noted longest ago', async () => {
    const { process, countReads } = makeWorld();
    const one = process();
    const hostOf = (at: number): string => `https://h${at}.example/cb`;
    for (let at = 0; at < 1000; at++) await one.find(hostOf(at), 'weur');
    const readsOf = (at: number): Promise<number> => countReads(() => one.find(hostOf(at), 'weur'));
    void one.note(hostOf(1), 'enam'); // is now the newest, and takes no other's place
    expect(await readsOf(0)).toBe(0);
    await one.find(hostOf(1000), 'weur');
    expect([await readsOf(1), await readsOf(2), await readsOf(0)]).toEqual([0, 0, 1]);
    expect([await readsOf(2), await readsOf(999)]).toEqual([1, 0]); // dropped for the one before
  });
});
