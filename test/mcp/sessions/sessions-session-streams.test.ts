/** GET and DELETE of a session without a server around: which requests are for it, which stream they get, and what ends a stream. */
import { afterEach, describe, expect, it } from 'vitest';
import { recordTo } from '../../../src/mcp/sessions/exchange-records.ts';
import { begin, findSession, type Keeper, newSession, type Session, type SessionCaller } from '../../../src/mcp/sessions/session.ts';
import { openSessionStream } from '../../../src/mcp/sessions/sessions.ts';
import { shares } from '../../../src/mcp/sessions/limits.ts';
import { userEvents } from '../../../src/mcp/events/user-events.ts';
import { pause } from '../../../src/lib/async.ts';
import { withRequestState } from '../../../src/model/context.ts';
import type { UserStates } from '../../../src/model/user-state.ts';
import { accessWith, contextOf, ENDPOINT } from '../clients.ts';
import { statesWith } from '../states.ts';

const AGREED = { params: { a: 1 }, version: '2025-06-18', lists: ['tools', 'prompts'], canSubscribe: true } as const;
/** Seconds between two checks of a stream: the shortest that there can be. */
const CHECK = 0.251;

interface Asked {
  readonly id?: string | null;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly sse?: boolean;
  readonly signal?: AbortSignal;
  /** Null where the server cannot tell. */
  readonly stillGood?: (() => Promise<boolean>) | null;
}

const open: AbortController[] = [];
afterEach(() => open.splice(0).forEach((one) => one.abort())); // no timer of a stream is left

async function makeWorld(limits = { session: 8, user: 8, anonymous: 8, all: 8, alone: 8 }) {
  const [inner, streams, events, stopping] = [statesWith(), shares(limits), userEvents(), new AbortController()];
  const [refusals, errors, work]: [unknown[], string[], Promise<unknown>[]] = [[], [], []];
  let isDown = false;
  const states: UserStates = {
    ...inner,
    write: async (...all) => (isDown ? Promise.reject(new Error('down')) : inner.write(...all)),
    remove: async (...all) => (isDown ? Promise.reject(new Error('down')) : inner.remove(...all)),
  };
  const keeper: Keeper = { clientId: 'c1', states, terms: { idle: 1000, most: 3 } };
  const session = await newSession(states);
  await begin(session, AGREED, keeper);
  const ask = async ({ id = session.id, method = 'GET', headers = {}, sse = false, signal, stillGood = async () => true }: Asked = {}) => {
    const gone = new AbortController();
    open.push(gone);
    signal?.addEventListener('abort', () => gone.abort());
    const named = { ...(id === null ? {} : { 'mcp-session-id': id }), ...headers };
    const ctx = { ...contextOf(accessWith()), waitUntil: (one: Promise<unknown>) => void work.push(one) };
    withRequestState(ctx, { states: { passing: states }, stopping: stopping.signal, ...(stillGood && { stillGood }), emit: (event: unknown) => void refusals.push(event) } as never);
    const caller: SessionCaller = { access: accessWith(), ctx, report: (error) => void errors.push(error.message), streamCheck: CHECK, streams };
    const request = new Request(ENDPOINT, { method, headers: named, signal: gone.signal });
    return openSessionStream(request, { caller, keeper: () => keeper, sse, events });
  };
  const settled = async (): Promise<void> => void (await Promise.all(work));
  return { states, keeper, session, streams, events, stopping, refusals, errors, ask, settled, fail: (now: boolean) => void (isDown = now) };
} // prettier-ignore

/** Reads a stream until it holds this text; null where it ended before. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, text: string): Promise<string | null> {
  for (let read = ''; ;) {
    const { done, value } = await reader.read();
    if (done) return null;
    read += new TextDecoder().decode(value);
    if (read.includes(text)) return read;
  }
}
const readerOf = (response: Response | null) => ((response as Response).body as ReadableStream<Uint8Array>).getReader();
const refused = async (response: Response | null): Promise<unknown> => response && [response.status, await response.json()];
const rpc = (code: number, message: string): object => ({ jsonrpc: '2.0', error: { code, message }, id: null });

describe('mcp/sessions/sessions, GET and DELETE: which requests it answers', () => {
  it('leaves those that name no session, without looking at the store', async () => {
    const { ask } = await makeWorld();
    const none: Asked[] = [{ id: null }, { id: null, method: 'DELETE' }, { id: null, method: 'DELETE', sse: true }, { id: null, method: 'PUT', sse: true }, { method: 'PUT' }, { method: 'POST' }]; // prettier-ignore
    for (const asked of none) expect(await ask(asked)).toBeNull();
    const keeper = (): never => {
      throw new TypeError('no store');
    };
    const context = { caller: {} as never, keeper, sse: false, events: userEvents() };
    expect(await openSessionStream(new Request(ENDPOINT), context)).toBeNull();
    await expect(openSessionStream(new Request(ENDPOINT, { headers: { 'mcp-session-id': 'x' } }), context)).rejects.toThrow('no store');
  });

  it('finds no session of another client, or that has ended', async () => {
    const { ask, keeper, session } = await makeWorld();
    const over = [404, rpc(-32001, 'Session not found')];
    for (const method of ['GET', 'DELETE']) expect(await refused(await ask({ id: 'x'.repeat(43), method }))).toEqual(over);
    expect(await findSession(session.id, keeper)).not.toBeNull();
    const ended = await ask({ method: 'DELETE' });
    expect([ended?.status, await ended?.text()]).toEqual([200, '']);
    for (const method of ['GET', 'DELETE']) expect(await refused(await ask({ method }))).toEqual(over);
  });

  it('opens a stream for a client that takes one, and that says well what it has seen', async () => {
    const { ask, streams } = await makeWorld();
    const unacceptable = [406, rpc(-32000, 'Not Acceptable: Client must accept text/event-stream')];
    const json = { accept: 'application/json' };
    expect(await refused(await ask({ headers: json }))).toEqual(unacceptable);
    expect(await refused(await ask({ id: null, sse: true, headers: json }))).toEqual(unacceptable);
    for (const last of ['nonsense', 'news', 'news.x', ''])
      expect(await refused(await ask({ headers: { 'last-event-id': last } }))).toEqual([400, rpc(-32000, 'Invalid Last-Event-ID')]);
    expect(streams.isAtWork('')).toBe(false);
    const response = await ask({ headers: { accept: 'text/event-stream' } });
    expect([response?.status, response?.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });
});

describe('mcp/sessions/sessions, GET and DELETE: which stream it opens', () => {
  it('tells of changes from now on, and of all to a client that comes back', async () => {
    const { ask, events, session } = await makeWorld();
    const response = await ask();
    expect(response?.headers.get('mcp-session-id')).toBe(session.id);
    const reader = readerOf(response);
    expect(await readUntil(reader, ': open')).toBe(': open\n\n');
    await events.publish(accessWith(), ['prompts']);
    expect(await readUntil(reader, 'prompts')).not.toContain('tools');
    const back = readerOf(await ask({ headers: { 'last-event-id': 'news.1' } }));
    expect(await readUntil(back, 'list_changed')).toContain('notifications/tools/list_changed'); // nothing was published
  });

  it('goes on with the response that was interrupted, after the event that the client saw last', async () => {
    const { ask, session } = await makeWorld();
    const recording = recordTo(session.sessionStore, new Set([7]), () => undefined);
    await recording.storeEvent('stream-1', { jsonrpc: '2.0', method: 'first' } as never);
    await recording.storeEvent('stream-1', { jsonrpc: '2.0', method: 'second' } as never);
    const whole = await readUntil(readerOf(await ask({ headers: { 'last-event-id': 'stream-1.0' } })), 'second');
    expect(whole).toContain('first');
    const rest = await readUntil(readerOf(await ask({ headers: { 'last-event-id': 'stream-1.1' } })), 'second');
    expect([rest?.includes('first'), rest?.includes('id: stream-1.2')]).toEqual([false, true]);
  });
});

describe('mcp/sessions/sessions, GET and DELETE: what ends a stream', () => {
  /** Whether it is still open after the stream beside it was checked some times. */
  async function isOpen(world: Awaited<ReturnType<typeof makeWorld>>, response: Response | null): Promise<boolean> {
    let isOver = false;
    void readUntil(readerOf(response), '\0').then(() => (isOver = true));
    let checks = 0;
    await world.ask({ stillGood: async () => (checks++, true) });
    await expect.poll(() => checks, { interval: 1 }).toBeGreaterThan(5);
    return !isOver;
  }
  /** Whether it ends within the time of thousands of checks. */
  async function isClosed({ keeper, session }: Awaited<ReturnType<typeof makeWorld>>, response: Response | null): Promise<boolean> {
    let isOver = false;
    void readUntil(readerOf(response), '\0').then((text) => (isOver = text === null));
    for (let at = 0; at < 5000 && !isOver; at++) await findSession(session.id, keeper).then(() => pause(1));
    return isOver;
  }

  it('is the client that goes, and the server that stops', async () => {
    const world = await makeWorld();
    const gone = new AbortController();
    const [left, stays] = [await world.ask({ signal: gone.signal }), await world.ask()];
    gone.abort();
    expect([await isClosed(world, left), await isOpen(world, stays)]).toEqual([true, true]);
    const held = await world.ask();
    world.stopping.abort();
    expect(await isClosed(world, held)).toBe(true);
  });

  it('is a token that was revoked (SEC-190), and no runtime that cannot tell', async () => {
    const world = await makeWorld();
    let isGood = true;
    const response = await world.ask({ stillGood: async () => isGood });
    expect(await isOpen(world, await world.ask({ stillGood: null }))).toBe(true);
    isGood = false;
    expect(await isClosed(world, response)).toBe(true);
  });

  it('is the end of the session, whatever the token is good for, also where the server cannot tell that', async () => {
    const world = await makeWorld();
    const responses = [await world.ask(), await world.ask({ stillGood: null })];
    expect((await world.ask({ method: 'DELETE' }))?.status).toBe(200);
    for (const response of responses) expect(await isClosed(world, response)).toBe(true);
  });

  it('is refused above the limit of open streams, and then leaves no check behind', async () => {
    const world = await makeWorld({ session: 1, user: 8, anonymous: 8, all: 8, alone: 8 });
    let [checks, others] = [0, 0];
    const gone = new AbortController();
    await world.ask({ stillGood: async () => (checks++, true), signal: gone.signal });
    const full = await world.ask({ stillGood: async () => (others++, true) });
    expect([full?.status, full?.headers.get('retry-after')]).toEqual([429, '30']);
    expect(world.refusals).toEqual([{ kind: 'request.refused', endpoint: 'mcp', code: 'too_many_streams', reason: 'streams_of_session' }]);
    await expect.poll(() => checks, { interval: 1 }).toBeGreaterThan(5);
    expect(others).toBe(0);
    gone.abort();
    expect((await world.ask())?.status).toBe(200); // its place is free again
  });
});

describe('mcp/sessions/sessions, GET and DELETE: a client of 2024-11', () => {
  const OLD: Asked = { id: null, sse: true };
  const idIn = (text: string | null): string => /\?sessionId=([\w-]{43})\n/.exec(text ?? '')?.[1] ?? '';

  it('begins its session with its stream, which tells it where to send, whatever it has seen before', async () => {
    const { ask, keeper, session } = await makeWorld();
    const response = await ask({ ...OLD, headers: { 'last-event-id': 'nonsense' } });
    const text = await readUntil(readerOf(response), 'sessionId');
    expect([response?.status, text?.includes('event: endpoint\ndata: ?sessionId=')]).toEqual([200, true]);
    expect((await findSession(idIn(text), keeper))?.kept).toMatchObject({ params: null, version: '', lists: [], canSubscribe: false, clientId: 'c1' }); // prettier-ignore
    expect(idIn(text)).not.toBe(session.id);
    const own = await ask({ sse: true }); // a client of 2025: it names its session
    expect(own?.headers.get('mcp-session-id')).toBe(session.id);
  });

  it('ends its session with its stream, and tells the operator where that fails', async () => {
    const { ask, keeper, settled, errors, fail } = await makeWorld();
    const reader = readerOf(await ask(OLD));
    const id = idIn(await readUntil(reader, 'sessionId'));
    await reader.cancel();
    await settled();
    expect([await findSession(id, keeper), errors]).toEqual([null, []]);
    const other = readerOf(await ask(OLD));
    await readUntil(other, 'sessionId');
    fail(true);
    await other.cancel();
    await settled();
    expect(errors).toEqual(['down']);
  });

  it('holds no place where its session could not be stored', async () => {
    const { ask, fail } = await makeWorld({ session: 8, user: 1, anonymous: 8, all: 8, alone: 8 });
    fail(true);
    await expect(ask(OLD)).rejects.toThrow('down');
    fail(false);
    expect((await ask(OLD))?.status).toBe(200);
  });

  it('gets the answers of calls at work before the stream ends with the server', async () => {
    const { ask, keeper, streams, stopping } = await makeWorld();
    const reader = readerOf(await ask(OLD));
    const { sessionStore } = (await findSession(idIn(await readUntil(reader, 'sessionId')), keeper)) as Session;
    const call = new AbortController();
    streams.work(sessionStore.label, call.signal);
    stopping.abort();
    await sessionStore.write('outbox', [{ jsonrpc: '2.0', id: 1, result: { late: true } }], null);
    expect(await readUntil(reader, 'late')).toContain('"late":true');
    call.abort();
    expect(await readUntil(reader, '\0')).toBeNull();
  });
});
