/** A session as a record: started, found by its client, kept in use, ended. */
import { describe, expect, it } from 'vitest';
import {
  begin,
  endSession,
  findSession,
  type Keeper,
  keptNow,
  newSession,
  NOTHING_SAID,
  remember,
} from '../../../src/mcp/sessions/session.ts';
import type { UserStates } from '../../../src/model/user-state.ts';
import { statesWith } from '../states.ts';

const AGREED = { params: { a: 1 }, version: '2025-06-18', lists: ['tools'], canSubscribe: true } as const;

async function makeWorld(most = 3) {
  const world = { now: 1000, writes: [] as unknown[], handles: [] as string[] };
  const inner = statesWith({ now: () => world.now });
  const states: UserStates = { ...inner, write: (...all) => (world.writes.push(all[3]), world.handles.push(all[0]), inner.write(...all)) };
  const keeper: Keeper = { clientId: 'c1', states, terms: { idle: 100, most } };
  const session = await newSession(states);
  return Object.assign(world, { states, keeper, session });
}

describe('mcp/sessions/session', () => {
  it('has an id that cannot be guessed, and is not there before it has begun (S-130)', async () => {
    const { states, keeper, session } = await makeWorld();
    const other = await newSession(states);
    expect([session.id, session.kept, session.id === other.id]).toEqual([expect.stringMatching(/^[\w-]{43}$/), null, false]);
    expect([await findSession(session.id, keeper), await keptNow(session)]).toEqual([null, null]);
    expect(NOTHING_SAID).toEqual({ params: null, version: '', lists: [], canSubscribe: false });
  });

  it('is found by its client with what was agreed, and by no other client or id', async () => {
    const world = await makeWorld();
    const { keeper, session } = world;
    await begin(session, AGREED, keeper);
    const kept = { ...AGREED, level: null, subscribed: [], clientId: 'c1', seenAt: 1000 };
    const found = await findSession(session.id, keeper);
    expect([found?.id, found?.kept, found?.sessionStore.label, await keptNow(session)]).toEqual([session.id, kept, session.sessionStore.label, kept]); // prettier-ignore
    expect(world.writes).toContain(100);
    expect((await session.sessionStore.read('session'))?.value).toEqual(kept);
    expect(world.handles.filter((handle) => !handle.startsWith(`mcp-session ${session.sessionStore.label} `))).toEqual([expect.stringMatching(/^mcp-session/)]); // prettier-ignore
    expect(await findSession(session.id, { ...keeper, clientId: 'c2' })).toBeNull();
    for (const id of ['', `${session.id}A`, `x${session.id}`, session.id.slice(1), 'A'.repeat(43)]) expect(await findSession(id, keeper)).toBeNull();
  }); // prettier-ignore

  it('reads nothing for an id that has another form', async () => {
    const { keeper } = await makeWorld();
    let reads = 0;
    const counting: Keeper = { ...keeper, states: { ...keeper.states, read: async (handle) => (reads++, keeper.states.read(handle)) } };
    for (const id of ['', 'A'.repeat(44), `=${'A'.repeat(43)}`, `${'A'.repeat(43)}=`]) await findSession(id, counting);
    expect(reads).toBe(0);
  });

  it('notes its use after a tenth of the idle time', async () => {
    const world = await makeWorld();
    await begin(world.session, AGREED, world.keeper);
    world.now += 10;
    await findSession(world.session.id, world.keeper);
    expect((await keptNow(world.session))?.seenAt).toBe(1000);
    world.now += 1;
    world.writes.length = 0;
    expect(await findSession(world.session.id, world.keeper)).not.toBeNull();
    expect([(await keptNow(world.session))?.seenAt, world.writes[0]]).toEqual([1011, 100]);
  });

  it('loses its place to a newer session, and its record with it', async () => {
    const world = await makeWorld(1);
    const { keeper, session, states } = world;
    await begin(session, AGREED, keeper);
    const second = await newSession(states);
    await begin(second, AGREED, keeper);
    expect([await findSession(session.id, keeper), (await findSession(second.id, keeper))?.id]).toEqual([null, second.id]);
    // A request that wrote the record of the first again, after it had lost its place.
    await session.sessionStore.write('session', { ...AGREED, level: null, subscribed: [], clientId: 'c1', seenAt: 900 } as never, null);
    expect([await findSession(session.id, keeper), await keptNow(session)]).toEqual([null, null]);
    expect((await findSession(second.id, keeper))?.id).toBe(second.id);
  });

  it('remembers a subscription, refuses too many, and forgets those of a session that has ended', async () => {
    const { keeper, session } = await makeWorld();
    expect(await remember(session, { kind: 'level', level: 'error' }, keeper)).toBe(true);
    expect(await keptNow(session)).toBeNull();
    await begin(session, AGREED, keeper);
    for (let at = 0; at < 100; at++) expect(await remember(session, { kind: 'subscribe', uri: `a://${at}` }, keeper)).toBe(true);
    const before = await keptNow(session);
    expect(before?.version).toBe(AGREED.version);
    expect(await remember(session, { kind: 'subscribe', uri: 'a://100' }, keeper)).toBe(false);
    expect(await keptNow(session)).toEqual(before);
  });

  it('ends, and gives its place back', async () => {
    const { keeper, session, states } = await makeWorld(1);
    await begin(session, AGREED, keeper);
    await endSession(session, keeper);
    expect([await findSession(session.id, keeper), await keptNow(session)]).toEqual([null, null]);
    const handles: string[] = [];
    const second = await newSession(states);
    await begin(second, AGREED, { ...keeper, states: { ...states, remove: async (handle, since) => (handles.push(handle), states.remove(handle, since)) } }); // prettier-ignore
    expect(handles).toEqual([]); // no other session had to end for it
  });
});
