/** Places of sessions, to the second, without a server around them. */
import { describe, expect, it } from 'vitest';
import { base64url } from '../../../src/lib/bytes.ts';
import { sha256 } from '../../../src/lib/sha256.ts';
import { checkTerms, type SessionSlots, sessionSlotsOf } from '../../../src/mcp/sessions/limits.ts';
import type { UserStates } from '../../../src/model/user-state.ts';
import { statesWith } from '../states.ts';

const CLIENT = 'https://client.example/app.json';

interface World {
  clock: number;
  readonly ended: string[];
  readonly states: UserStates;
  writes: number;
  slots(terms?: { readonly idle?: number; readonly most?: number }, kind?: string, clientId?: string): Promise<SessionSlots>;
  take(label: string, slots?: SessionSlots): Promise<void>;
}

function setUp(): World {
  const kept = statesWith({ now: () => world.clock });
  const states: UserStates = { ...kept, write: async (...all) => (world.writes++, kept.write(...all)) };
  const world: World = {
    clock: 1000,
    ended: [],
    states,
    writes: 0,
    slots: ({ idle = 100, most = 2 } = {}, kind = 'mcp', clientId = CLIENT) => sessionSlotsOf(states, kind, clientId, { idle, most }),
    take: async (label, slots) => (slots ?? (await world.slots())).take(label, async (one) => world.ended.push(one)),
  };
  return world;
}

describe('mcp/sessions/limits, slots in the record', () => {
  it('stand under the hash of the client, the one that was seen longest ago first', async () => {
    const world = setUp();
    await world.take('a');
    world.clock = 1001;
    await world.take('b');
    world.clock = 1002;
    await world.take('a'); // keeps its place, and was seen last
    const handle = `mcp places ${base64url(sha256(CLIENT))}`;
    expect((await world.states.read(handle))?.value).toEqual([['b', 1001], ['a', 1002]]);
    await world.take('c');
    expect(world.ended).toEqual(['b']);
  }); // prettier-ignore

  it('are those of one kind and one client', async () => {
    const world = setUp();
    const [one, ...others] = [await world.slots({ most: 1 }), await world.slots({ most: 1 }, 'bound'), await world.slots({ most: 1 }, 'mcp', 'other')];
    await world.take('a', one);
    for (const slots of others) await world.take('b', slots);
    expect([world.ended, await one?.keep('a')]).toEqual([[], true]);
  }); // prettier-ignore

  it('are free a tenth of the idle time after the session has expired', async () => {
    const world = setUp();
    const slots = await world.slots({ idle: 105 });
    await world.take('a', slots);
    world.clock = 1000 + 116; // ⌈105 · 1.1⌉
    expect(await slots.keep('a')).toBe(true);
    world.clock += 117;
    expect(await slots.keep('a')).toBe(false);
    await world.take('b', slots);
    expect(world.ended).toEqual([]);
  });

  it('are all given back that are more than there may be', async () => {
    const world = setUp();
    const many = await world.slots({ most: 4 });
    for (const label of ['a', 'b', 'c', 'd']) await world.take(label, many);
    await world.take('e', await world.slots({ most: 2 }));
    expect(world.ended).toEqual(['a', 'b', 'c']);
  });

  it('are released without a write by a session that has none', async () => {
    const world = setUp();
    const slots = await world.slots();
    await world.take('a', slots);
    world.writes = 0;
    await slots.leave('b');
    expect([await slots.keep('b'), world.writes]).toEqual([false, 0]);
    await slots.leave('a');
    expect([await slots.keep('a'), world.writes]).toEqual([false, 1]);
  });
});

describe('mcp/sessions/limits, terms', () => {
  it('are a minute at least, and one to two thousand sessions', () => {
    for (const terms of [{ idle: 60, most: 1 }, { idle: 9e9, most: 2000 }]) expect(checkTerms('sessions', terms)).toEqual(terms);
    for (const idle of [59, 60.5, Number.NaN, '60' as never]) expect(() => checkTerms('sessions', { idle, most: 1 })).toThrow(/^sessions: `idle` must be/);
    for (const most of [0, 2001, 1.5, -1]) expect(() => checkTerms('boundSessions', { idle: 60, most })).toThrow(/^boundSessions: `most` must be/);
  }); // prettier-ignore
});
