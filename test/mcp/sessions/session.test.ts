/** A session as a record: started, found by its client, kept in use, ended. */
import { describe, expect, it } from 'vitest';
import {
  begin,
  endSession,
  findSession,
  handleIn,
  HEADER,
  type Keeper,
  keptNow,
  MAX_RECORD_BYTES,
  newSession,
  notFound,
  NOTHING_SAID,
  PARAMETER,
  refusal,
  remember,
  sessionStoreOf,
  statesIn,
} from '../../../src/mcp/sessions/session.ts';
import { withRequestState } from '../../../src/model/context.ts';
import type { Json } from '../../../src/model/store.ts';
import type { UserStates } from '../../../src/model/user-state.ts';
import { accessWith, contextOf } from '../clients.ts';
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

const ID = 'A'.repeat(43);

/** States that note what is written, under which handle and for how long. */
function noting(): { readonly states: UserStates; readonly writes: (readonly [string, Json, unknown])[]; readonly removes: unknown[] } {
  const inner = statesWith({ now: () => 77 });
  const [writes, removes]: [(readonly [string, Json, unknown])[], unknown[]] = [[], []];
  const write: UserStates['write'] = (handle, value, since, ttl) => (writes.push([handle, value, ttl]), inner.write(handle, value, since, ttl));
  const remove: UserStates['remove'] = (handle, since) => (removes.push([handle, since]), inner.remove(handle, since));
  return { states: { ...inner, write, remove }, writes, removes };
} // prettier-ignore

describe('mcp/sessions/session, session-store', () => {
  it('keeps records sealed, under a label that does not tell the id', async () => {
    const { states, writes } = noting();
    const store = await sessionStoreOf(ID, states);
    expect(store.label).toMatch(/^[\w-]{22}$/);
    const version = await store.write('session', { a: 'hello' }, null, 60);
    expect(await store.read('session')).toEqual({ value: { a: 'hello' }, version });
    expect(await store.read('other')).toBeNull();
    expect(writes).toEqual([[`mcp-session ${store.label} session`, expect.stringMatching(/^[\w-]+$/), 60]]);
    expect(handleIn(store.label, 'session')).toBe(`mcp-session ${store.label} session`);
    const text = atob(JSON.stringify(writes[0]?.[1]).slice(1, -1).replaceAll('-', '+').replaceAll('_', '/'));
    expect([text.length, text.includes('hello'), text.includes(ID)]).toEqual([
      12 + JSON.stringify({ a: 'hello' }).length + 16,
      false,
      false,
    ]);
    expect(store.now()).toBe(77);
  });

  it('seals each write with another text, and opens none of another session or name', async () => {
    const { states, writes } = noting();
    const [store, other] = [await sessionStoreOf(ID, states), await sessionStoreOf('B'.repeat(43), states)];
    expect(store.label).not.toBe(other.label);
    const first = await store.write('a', 1, null);
    await store.write('a', 1, first);
    const [one, two] = [writes[0]?.[1] ?? null, writes[1]?.[1] ?? null];
    expect(one).not.toBe(two);
    for (const value of [one, 'AAAA', '=', 7, null, {}] as Json[]) {
      for (const [target, name] of [[other, 'a'], [store, 'b']] as const) {
        await states.write(handleIn(target.label, name), value, (await states.read(handleIn(target.label, name)))?.version ?? null);
        expect(await target.read(name)).toBeNull();
      }
    }
    expect((await (await sessionStoreOf(ID, states)).read('a'))?.value).toBe(1);
  }); // prettier-ignore

  it('writes and removes on condition', async () => {
    const { states, removes } = noting();
    const store = await sessionStoreOf(ID, states);
    const first = await store.write('a', 1, null);
    expect([await store.write('a', 2, null), (await store.read('a'))?.value]).toEqual([null, 1]);
    const second = await store.write('a', 2, first);
    expect([second !== null, (await store.read('a'))?.value]).toEqual([true, 2]);
    expect([await store.remove('a', second ?? 0), await store.remove('a')]).toEqual([true, false]);
    expect(removes).toEqual([[handleIn(store.label, 'a'), second], [handleIn(store.label, 'a'), undefined]]); // prettier-ignore
  });

  it('refuses a value that is too large', async () => {
    const store = await sessionStoreOf(ID, statesWith());
    expect(MAX_RECORD_BYTES).toBe(190_000);
    expect(await store.write('a', 'x'.repeat(MAX_RECORD_BYTES - 2), null)).not.toBeNull();
    await expect(store.write('b', 'x'.repeat(MAX_RECORD_BYTES - 1), null)).rejects.toThrow('What is kept for a session may have 190000 characters');
  }); // prettier-ignore
});

it('names a session by the header of 2025 and by the parameter of 2024-11', () => {
  expect([HEADER, PARAMETER]).toEqual(['mcp-session-id', 'sessionId']);
});

it('finds the store of the server in front, and says what to do where there is none', () => {
  const passing = statesWith();
  expect(statesIn(withRequestState(contextOf(accessWith()), { states: { passing } } as never))).toBe(passing);
  expect(() => statesIn(contextOf(accessWith()))).toThrow('sessions: OAuthProvider must stand in front, whose store keeps them.');
});

it('refuses with a JSON-RPC error that belongs to no message, and that no cache keeps', async () => {
  const said = async (response: Response): Promise<unknown> => [
    response.status,
    response.headers.get('cache-control'),
    await response.json(),
  ];
  expect(await said(refusal(413, -32600, 'Too large.'))).toEqual([413, 'no-store', { jsonrpc: '2.0', error: { code: -32600, message: 'Too large.' }, id: null }]); // prettier-ignore
  expect(await said(notFound())).toEqual([404, 'no-store', { jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null }]); // prettier-ignore
});
