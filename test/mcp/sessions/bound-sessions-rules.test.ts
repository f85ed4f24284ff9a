/** Whose session a handler's session is, to the second and the last character: over states in memory that drop nothing by themselves. */
import { describe, expect, it, vi } from 'vitest';
import { boundSessions, type BoundSessionsOptions } from '../../../src/mcp/sessions/bound-sessions.ts';
import type { Access, AuthContext } from '../../../src/model/access.ts';
import { withRequestState } from '../../../src/model/context.ts';
import type { UserStates } from '../../../src/model/user-state.ts';
import { signalThatCounts } from '../../support/counting-signal.ts';
import { accessWith, contextOf, ENDPOINT } from '../clients.ts';
import { statesWith } from '../states.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const IDLE = 1000;

interface Asked {
  readonly id?: string;
  readonly method?: string;
  readonly access?: Access<AuthContext>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly headers?: Record<string, string>;
  readonly query?: string;
}

interface World {
  clock: number;
  writes: number;
  /** What the handler answers; it knows nothing of ends. */
  answer: (request: Request) => Response;
  readonly seen: Request[];
  readonly events: unknown[];
  readonly handles: string[];
  ask(asked?: Asked): Promise<Response>;
  /** Statuses one after the other. */
  statuses(...all: readonly Asked[]): Promise<number[]>;
}

/** @param more what stands beside each request. */
function setUp(options: BoundSessionsOptions = {}, more: object = {}): World {
  const kept = statesWith({ now: () => world.clock });
  const passing: UserStates = { ...kept, write: async (...all) => (world.writes++, world.handles.push(all[0]), kept.write(...all)) };
  const inner = { fetch: async (request: Request): Promise<Response> => (world.seen.push(request), world.answer(request)) };
  const handler = boundSessions(inner, { idle: IDLE, most: 2, ...options });
  const world: World = {
    clock: 5000,
    writes: 0,
    seen: [],
    events: [],
    handles: [],
    answer: () => Response.json({}),
    async ask({ id, method = 'POST', access = accessWith(), body = JSON.stringify(PING), signal, headers: others, query = '' } = {}) {
      const headers = { 'content-type': 'application/json', ...others, ...(id === undefined ? {} : { 'mcp-session-id': id }) };
      const request = new Request(`${ENDPOINT}${query}`, {
        method,
        headers,
        ...(method === 'POST' && { body }),
        ...(signal && { signal }),
      });
      const state = { states: { passing }, emit: (event: unknown) => void world.events.push(event), ...more };
      return handler.fetch(request, {}, withRequestState(contextOf(access), state as never));
    },
    statuses: async (...all) => {
      const found: number[] = [];
      for (const asked of all) found.push((await world.ask(asked)).status);
      return found;
    },
  };
  return world;
}

/** Begins a session under this id. */
async function begin(world: World, id = 'one', asked: Asked = {}): Promise<void> {
  const { answer } = world;
  world.answer = () => new Response('{}', { headers: { 'mcp-session-id': id } });
  expect((await world.ask(asked)).status).toBe(200);
  world.answer = answer;
}

describe('mcp/sessions/bound-sessions, owner (SEC-189)', () => {
  it('is the user’s, the client’s and that of the props that it began with', async () => {
    const world = setUp();
    await begin(world);
    const { seen } = world;
    seen.length = 0;
    const ada = accessWith();
    const others = [{ ...ada, clientId: 'other' }, accessWith(['admin'])];
    expect(await world.statuses({ id: 'one' }, ...others.map((access) => ({ id: 'one', access })), { id: 'two' })).toEqual([200, 404, 404, 404]);
    expect(seen).toHaveLength(1);
  }); // prettier-ignore

  it('is found by an id of 200 characters, and a longer one begins none', async () => {
    const world = setUp();
    await begin(world, 'x'.repeat(200));
    expect(await world.statuses({ id: 'x'.repeat(200) }, { id: 'x'.repeat(201) })).toEqual([200, 404]);
    await expect(begin(world, 'x'.repeat(201))).rejects.toThrow(/^boundSessions: the handler began a session under an id that is too long/);
    await expect(begin(world, 'x'.repeat(200))).rejects.toThrow(/was there before/);
  });
});

describe('mcp/sessions/bound-sessions, where it is kept', () => {
  it('is under a name of its own, beside our own sessions, that tells no one its id', async () => {
    const world = setUp();
    await begin(world, 'the-id');
    expect(world.handles.every((handle) => handle.startsWith('mcp-bound-session ') && !handle.includes('the-id'))).toBe(true);
    expect(world.handles).toHaveLength(2);
  });
});

describe('mcp/sessions/bound-sessions, how it ends', () => {
  it('ends with DELETE if the handler accepts it', async () => {
    const world = setUp();
    await begin(world);
    world.answer = () => new Response(null, { status: 405 });
    expect(await world.statuses({ id: 'one', method: 'DELETE' })).toEqual([405]);
    world.answer = () => Response.json({});
    expect(await world.statuses({ id: 'one' }, { id: 'one', method: 'DELETE' }, { id: 'one' }, { id: 'one', method: 'DELETE' })).toEqual([200, 200, 404, 404]);
    await begin(world, 'two');
    await begin(world, 'three'); // the place of the first is free
    expect(await world.statuses({ id: 'two' }, { id: 'three' }, { method: 'DELETE' }, { id: 'two' })).toEqual([200, 200, 200, 200]);
  }); // prettier-ignore

  it('ends when it was not used for long, and tells so in a tenth of that time', async () => {
    const world = setUp();
    await begin(world);
    const at = async (clock: number): Promise<readonly [number, number]> => {
      [world.clock, world.writes] = [clock, 0];
      return [(await world.ask({ id: 'one' })).status, world.writes];
    };
    expect(await at(5000 + IDLE / 10)).toEqual([200, 0]);
    const [status, writes] = await at(5000 + IDLE / 10 + 1);
    expect([status, writes > 0]).toEqual([200, true]);
    const seenAt = world.clock;
    expect((await at(seenAt + IDLE))[0]).toBe(200);
    expect((await at(seenAt + 2 * IDLE + 1))[0]).toBe(404);
  });

  it('gives its place to one more than there may be, and is gone then (SEC-228)', async () => {
    const world = setUp();
    for (const id of ['one', 'two', 'three']) await begin(world, id);
    expect(await world.statuses({ id: 'one' }, { id: 'two' }, { id: 'three' })).toEqual([404, 200, 200]);
  });
});

describe('mcp/sessions/bound-sessions, what the handler is given', () => {
  it('passes a signal that aborts when the client disconnects, but not when the response is complete', async () => {
    const world = setUp();
    const gone = new AbortController();
    world.answer = () => new Response(new ReadableStream({ start: () => undefined }), { headers: { 'content-type': 'text/event-stream' } });
    await world.ask({ signal: gone.signal });
    expect(world.seen.at(-1)?.signal.aborted).toBe(false);
    gone.abort();
    expect(world.seen.at(-1)?.signal.aborted).toBe(true);
    world.answer = () => Response.json({});
    await (await world.ask()).text();
    expect(world.seen.at(-1)?.signal.aborted).toBe(false);
  });

  it('ends with the server for a client that waits for news, while a tool may finish its work', async () => {
    const stopping = signalThatCounts();
    const world = setUp({}, { stopping: stopping.signal });
    world.answer = () => new Response(new ReadableStream({ start: () => undefined }), { headers: { 'content-type': 'text/event-stream' } });
    await begin(world);
    const [news, tool] = [await world.ask({ id: 'one', method: 'GET' }), await world.ask({ id: 'one' })];
    const [newsSignal, toolSignal] = world.seen.slice(-2).map(({ signal }) => signal);
    stopping.abort();
    expect([newsSignal?.aborted, await news.text(), toolSignal?.aborted]).toEqual([true, '', false]);
    await tool.body?.cancel();
  });

  it('is watched no longer than it takes, also where the handler fails', async () => {
    const stopping = signalThatCounts();
    const world = setUp({}, { stopping: stopping.signal });
    await begin(world);
    let during = 0;
    world.answer = () => ((during = stopping.listeners()), Response.json({}));
    await world.ask({ id: 'one', method: 'GET' });
    expect([during, stopping.listeners()]).toEqual([1, 0]);
    world.answer = () => {
      throw new Error('theirs');
    };
    await expect(world.ask({ id: 'one', method: 'GET' })).rejects.toThrow('theirs');
    expect(stopping.listeners()).toBe(0);
  });

  it('holds no credential, in whatever header or parameter it came', async () => {
    const world = setUp({}, { credential: () => 's3cret' });
    await world.ask({ headers: { 'x-mine': 's3cret', 'x-trace': 't1' }, query: '?mine=s3cret&page=2' });
    const [request] = world.seen;
    expect([request?.headers.get('x-mine'), request?.headers.get('x-trace'), request?.url]).toEqual([null, 't1', `${ENDPOINT}?page=2`]);
    expect(await request?.json()).toEqual(PING);
  });

  it('is nothing that was refused before, which is told', async () => {
    const world = setUp({}, { bodyLimit: 20 });
    expect([(await world.ask()).status, (await world.ask({ body: '{' })).status, world.seen.length]).toEqual([413, 400, 0]);
    const refused = { kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request' };
    expect(world.events).toEqual([
      { ...refused, reason: 'too_large' },
      { ...refused, reason: 'not_json' },
    ]);
    expect((await setUp({ bodyLimit: 100 }, { bodyLimit: 20 }).ask()).status).toBe(200);
    expect((await setUp({}, { bodyLimit: 20, emit: undefined }).ask()).status).toBe(413); // also where none listens
  });

  it('refuses a call whose token ended while its body arrived (SEC-190)', async () => {
    let now = 0;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => (now += 1000)); // a second from look to look
    try {
      const ends = setUp({}, { stillGood: async () => false, challenge: { metadataUrl: ENDPOINT, scope: [] } });
      expect([(await ends.ask()).status, ends.seen.length]).toEqual([401, 0]);
      const holds = setUp({}, { stillGood: async () => true, challenge: { metadataUrl: ENDPOINT, scope: [] } });
      expect([(await holds.ask()).status, holds.seen.length]).toEqual([200, 1]);
    } finally {
      clock.mockRestore();
    }
  });

  it('is what it served before, and its faults are its own', async () => {
    const world = setUp();
    world.answer = () => {
      throw new Error('theirs');
    };
    await expect(world.ask()).rejects.toThrow('theirs');
    const inner = { fetch: async () => new Response('{}') };
    expect([boundSessions({ ...inner, servedPaths: ['/mcp'] as never }).servedPaths, 'servedPaths' in boundSessions(inner)]).toEqual([['/mcp'], false]);
  }); // prettier-ignore

  it('answers with an error without a guard and a store in front', async () => {
    const handler = boundSessions({ fetch: async () => new Response('{}') });
    const request = (): Request => new Request(ENDPOINT);
    const message = /^boundSessions needs OAuthProvider in front/;
    await expect(Promise.resolve(handler.fetch(request(), {}, contextOf(accessWith())))).rejects.toThrow(message);
    const states = { passing: statesWith() };
    await expect(Promise.resolve(handler.fetch(request(), {}, withRequestState({ waitUntil: () => undefined }, { states } as never)))).rejects.toThrow(message);
  }); // prettier-ignore
});

describe('mcp/sessions/bound-sessions, start-up', () => {
  it('names itself and the option', () => {
    const make = (options: object): unknown => boundSessions({ fetch: async () => new Response('') }, options);
    for (const streamCheck of [0, 301, 1.5]) expect(() => make({ streamCheck })).toThrow(/^boundSessions: `streamCheck` must be/);
    for (const streamCheck of [1, 300]) expect(() => make({ streamCheck })).not.toThrow();
    expect(() => make({ idle: 59 })).toThrow(/^boundSessions: `idle`/);
    expect(() => make({ bodyLimit: 0 })).toThrow(/^boundSessions: `bodyLimit`/);
    expect(() => make({ ttl: 1 })).toThrow(/^boundSessions: `ttl` is not an option/);
  });
});
