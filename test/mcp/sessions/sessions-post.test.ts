/** A POST of a session without a server around: whose it is, what is stored for another exchange, and what is served. */
import { McpServer, Server, type Transport } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { type Shares, shares } from '../../../src/mcp/sessions/limits.ts';
import { serverRequestsOf } from '../../../src/mcp/sessions/exchange-records.ts';
import {
  type Admitted,
  begin,
  findSession,
  type Keeper,
  keptNow,
  newSession,
  type Session,
  type SessionCaller,
  sessionStoreOf,
} from '../../../src/mcp/sessions/session.ts';
import { acceptSessionPost, isOfSessions } from '../../../src/mcp/sessions/sessions.ts';
import { withRequestState } from '../../../src/model/context.ts';
import { accessWith, contextOf, ENDPOINT, text } from '../clients.ts';
import { statesWith } from '../states.ts';

const PARAMS = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } };
const AGREED = { params: PARAMS, version: '2025-06-18', lists: ['tools'], canSubscribe: true } as const;
const initialize = (params: object = PARAMS, id = 1): object => ({ jsonrpc: '2.0', id, method: 'initialize', params });
const call = (name: string, id: number | string = 1): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const cancel = (requestId: number | string): object => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });

const gone: AbortController[] = [];
afterEach(() => gone.splice(0).forEach((one) => one.abort()));

interface Asked {
  readonly id?: string | null;
  readonly query?: string;
  readonly sse?: boolean;
  readonly stillGood?: () => Promise<boolean>;
  readonly signal?: AbortSignal;
}

async function makeWorld() {
  const [states, streams] = [statesWith({ now: () => 1000 }), shares()];
  const [left, working]: [unknown[], string[]] = [[], []];
  const watched: Shares = { ...streams, leave: (...all) => void left.push(all[0]), work: (label, until) => (working.push(label), streams.work(label, until)) };
  const keeper: Keeper = { clientId: 'c1', states, terms: { idle: 1000, most: 30 } };
  const session = await newSession(states);
  await begin(session, AGREED, keeper);
  const [errors, work]: [string[], Promise<unknown>[]] = [[], []];
  const ask = async (body: object, { id = session.id, query = '', sse = false, stillGood = async () => true, signal }: Asked = {}) => {
    const client = new AbortController();
    gone.push(client);
    signal?.addEventListener('abort', () => client.abort());
    const access = { ...accessWith(), expiresAt: 2000 };
    const ctx = { ...contextOf(access), waitUntil: (one: Promise<unknown>) => void work.push(one) };
    withRequestState(ctx, { states: { passing: states }, stillGood } as never);
    const caller: SessionCaller = { access, ctx, report: (error) => void errors.push(error.message), streamCheck: 0.251, streams: watched };
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...(id === null ? {} : { 'mcp-session-id': id }) };
    const request = new Request(`${ENDPOINT}${query}`, { method: 'POST', headers, body: JSON.stringify(body), signal: client.signal });
    return acceptSessionPost(request, body as never, { caller, keeper, sse });
  };
  const read = async (name: string, of: Session = session): Promise<unknown> => (await of.sessionStore.read(name))?.value;
  /** The server's question that waits for an answer; its id. */
  const question = async (): Promise<string> => {
    let sent = '';
    const until = new AbortController();
    gone.push(until);
    const requests = serverRequestsOf(session.sessionStore, { deliver: () => undefined, until: until.signal, report: () => undefined });
    await requests.ask({ id: 9, method: 'elicitation/create' }, async (message) => void (sent = String((message as { id?: unknown }).id)));
    return sent;
  };
  return { states, streams, keeper, session, left, working, errors, work, ask, read, question };
} // prettier-ignore

/** A server with tools, of which one runs until it is ended, and lists that may change. */
function makeServer(seen: string[] = []): McpServer {
  const server = new McpServer(
    { name: 's', version: '1' },
    { capabilities: { tools: { listChanged: true }, resources: { subscribe: true } } },
  );
  server.registerTool('whoami', {}, () => text('ran'));
  server.registerTool('hang', {}, ({ mcpReq }) => new Promise((done) => mcpReq.signal.addEventListener('abort', () => (seen.push('ended'), done(text('late')))))); // prettier-ignore
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  return server;
}
const served = async (admitted: Admitted | Response | null, server: unknown = makeServer()): Promise<Response> =>
  (admitted as Admitted).serve(server as never, { token: 't', clientId: 'c1', scopes: [] });
const refused = async (response: Admitted | Response | null): Promise<unknown> => response instanceof Response && [response.status, await response.json()]; // prettier-ignore
const rpc = (code: number, message: string): object => ({ jsonrpc: '2.0', error: { code, message }, id: null });
const OVER = [404, rpc(-32001, 'Session not found')];

describe('mcp/sessions/sessions: which requests are of sessions', () => {
  it('are those of 2025 and older, and none that names a newer version in its header or its body (S-230)', () => {
    const is = (body: object, headers: Record<string, string> = {}): boolean => isOfSessions(new Request(ENDPOINT, { method: 'POST', headers, body: '{}' }), body as never); // prettier-ignore
    expect([is(PING), is(PING, { 'mcp-protocol-version': '2025-11-25' }), is(initialize())]).toEqual([true, true, true]);
    expect(is(PING, { 'mcp-protocol-version': '2026-07-28' })).toBe(false);
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } }; // prettier-ignore
    expect(is({ ...PING, params: { _meta } }, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'ping' })).toBe(false);
  });
});

describe('mcp/sessions/sessions: whose session a request has', () => {
  it('is the one of its header, for the client that began it', async () => {
    const { ask, session } = await makeWorld();
    expect(await ask(PING)).toMatchObject({ body: PING, headers: { 'mcp-session-id': session.id }, isApart: false });
    expect(await refused(await ask(PING, { id: 'x'.repeat(43) }))).toEqual(OVER);
    expect(await ask(PING, { id: null })).toBeNull();
  });

  it('is a new one for an initialize alone, and for no other request', async () => {
    const { ask, session } = await makeWorld();
    const admitted = (await ask(initialize(), { id: null })) as Admitted;
    expect([admitted.isApart, admitted.headers['mcp-session-id'] === session.id]).toEqual([false, false]);
    expect(admitted.headers['mcp-session-id']).toMatch(/^[\w-]{43}$/);
    expect(await ask([initialize(), PING], { id: null })).toBeNull();
    expect(await ask([], { id: null })).toBeNull();
    expect(await refused(await ask([initialize(), PING], { id: 'x'.repeat(43) }))).toEqual(OVER);
  });

  it('is the one of the URL for a client of 2024-11, where those are served', async () => {
    const { ask, session } = await makeWorld();
    const query = `?sessionId=${session.id}`;
    expect(await ask(PING, { id: null, query, sse: true })).toMatchObject({ isApart: true, headers: { 'mcp-session-id': session.id } });
    expect(await ask(PING, { id: null, query })).toBeNull();
    expect(await ask(PING, { id: null, sse: true })).toBeNull();
    expect(await refused(await ask(PING, { id: null, query: `?sessionId=${'x'.repeat(43)}`, sse: true }))).toEqual(OVER);
    expect(await refused(await ask(PING, { id: 'x'.repeat(43), query, sse: true }))).toEqual(OVER); // its header counts
  });
});

describe('mcp/sessions/sessions: what is stored for another exchange', () => {
  it('is an answer to a question of the server, and a cancellation; the POST is then done', async () => {
    const { ask, read, question } = await makeWorld();
    const id = await question();
    const answer = { jsonrpc: '2.0', id, result: { action: 'accept' } };
    const response = (await ask(answer)) as Response;
    expect([response.status, await response.text(), await read(`answer ${id}`)]).toEqual([202, '', answer]);
    expect(((await ask(cancel('seven'))) as Response).status).toBe(202);
    expect(await read('cancelled')).toEqual([['seven', 1000]]);
    expect(((await ask({ jsonrpc: '2.0', method: 'notifications/cancelled' })) as Response).status).toBe(202);
    expect(await read('cancelled')).toEqual([['seven', 1000]]);
  });

  it('is no request, which is served under any id', async () => {
    const { ask, read, question } = await makeWorld();
    const id = await question();
    const request = { ...PING, id };
    expect(await ask(request)).toMatchObject({ body: request });
    expect(await read(`answer ${id}`)).toBeNull();
  });

  it('is taken from among what is served here', async () => {
    const { ask, read, question } = await makeWorld();
    const id = await question();
    const answer = { jsonrpc: '2.0', id, result: {} };
    const other = { ...PING, id: 2 };
    const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
    expect(((await ask([PING, answer, cancel('seven'), note, other])) as Admitted).body).toEqual([PING, note, other]);
    expect([await read(`answer ${id}`), await read('cancelled')]).toEqual([answer, [['seven', 1000]]]);
    expect(((await ask([PING, cancel('eight')])) as Admitted).body).toEqual([PING]);
    expect(((await ask([cancel('nine')])) as Response).status).toBe(202);
  });

  it('may have the length of a record, which for a request is no limit', async () => {
    const { ask, read, question } = await makeWorld();
    const id = await question();
    const answerOf = (length: number): object => {
      const make = (filler: string): object => ({ jsonrpc: '2.0', id, result: { filler } });
      return make('x'.repeat(length - JSON.stringify(make('')).length));
    };
    const tooLarge = [413, rpc(-32600, 'An answer may have 190000 characters.')];
    expect(await refused(await ask([PING, answerOf(190_001)]))).toEqual(tooLarge);
    expect(await read(`answer ${id}`)).toBeNull();
    expect(((await ask(answerOf(190_000))) as Response).status).toBe(202);
    expect(await read(`answer ${id}`)).toEqual(answerOf(190_000));
    const long = { ...PING, params: { filler: 'x'.repeat(200_000) } };
    expect(await ask(long)).toMatchObject({ body: long });
  });
});

describe('mcp/sessions/sessions: an initialize', () => {
  it('begins the session with what client and server declared', async () => {
    const { ask, keeper, work } = await makeWorld();
    const admitted = (await ask(initialize(), { id: null })) as Admitted;
    const id = admitted.headers['mcp-session-id'] ?? '';
    expect(await findSession(id, keeper)).toBeNull();
    const response = await served(admitted);
    expect([response.status, response.headers.get('mcp-session-id'), (await response.text()).includes('"result"')]).toEqual([
      200,
      id,
      true,
    ]);
    expect((await findSession(id, keeper))?.kept).toEqual({ params: PARAMS, version: '2025-06-18', lists: ['tools', 'resources'], canSubscribe: true, clientId: 'c1', level: null, subscribed: [], seenAt: 1000 }); // prettier-ignore
    await Promise.all(work);
  });

  it('declares no list and no subscription that the server did not', async () => {
    const { ask, keeper } = await makeWorld();
    const declared = async (capabilities: object): Promise<unknown> => {
      const admitted = (await ask(initialize(), { id: null })) as Admitted;
      await (await served(admitted, new Server({ name: 's', version: '1' }, { capabilities } as never))).text();
      const { lists, canSubscribe } = (await findSession(admitted.headers['mcp-session-id'] ?? '', keeper))?.kept ?? {};
      return [lists, canSubscribe];
    };
    expect(await declared({})).toEqual([[], false]);
    expect(await declared({ tools: {}, resources: { subscribe: false }, prompts: { listChanged: true } })).toEqual([['prompts'], false]);
    expect(await declared({ tools: { listChanged: false }, resources: { listChanged: true, subscribe: true } })).toEqual([
      ['resources'],
      true,
    ]);
  });

  it('is stored without the icons of the client where it would be too long, and is refused where it is too long without', async () => {
    const { ask, keeper } = await makeWorld();
    const stored = async (params: object): Promise<unknown> => {
      const admitted = (await ask(initialize(params), { id: null })) as Admitted;
      await (await served(admitted)).text();
      return (await findSession(admitted.headers['mcp-session-id'] ?? '', keeper))?.kept?.params;
    };
    const iconsOf = (length: number): unknown[] => [{ src: `data:image/png;base64,${'A'.repeat(length)}` }];
    const withIcons = (length: number): object => ({ ...PARAMS, clientInfo: { ...PARAMS.clientInfo, icons: iconsOf(length) } });
    expect(await stored(withIcons(100))).toEqual(withIcons(100));
    expect(await stored(withIcons(70_000))).toEqual(PARAMS);
    const fit = 65_536 - JSON.stringify(withIcons(0)).length;
    expect(await stored(withIcons(fit))).toEqual(withIcons(fit));
    expect(await stored(withIcons(fit + 1))).toEqual(PARAMS);
    const longOf = (length: number): object => ({ ...PARAMS, x: 'x'.repeat(length - JSON.stringify({ ...PARAMS, x: '' }).length) });
    const tooLong = [413, rpc(-32600, 'The parameters of initialize may have 65536 characters without icons.')];
    expect(await refused(await ask(initialize(longOf(65_537)), { id: null }))).toEqual(tooLong);
    expect(await refused(await ask([PING, initialize(longOf(65_537))]))).toEqual(tooLong);
    expect(await stored(longOf(65_536))).toEqual(longOf(65_536));
    expect(await ask({ jsonrpc: '2.0', id: 1, method: 'initialize' }, { id: null })).toMatchObject({ isApart: false });
    expect(await ask({ ...PING, params: longOf(70_000) })).toMatchObject({ isApart: false });
  });
});

describe('mcp/sessions/sessions: what is served', () => {
  it('is answered on its own stream', async () => {
    const { ask, working, errors } = await makeWorld();
    const response = await served(await ask(call('whoami')));
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"ran"')]);
    expect([working, errors]).toEqual([[], []]);
  });

  it('is answered whole where two requests of one body are answered at the same time', async () => {
    const { ask } = await makeWorld();
    const body = await (await served(await ask([call('whoami', 2), PING]))).text();
    const events = body.split('\n\n').filter((event) => event.includes('data: '));
    const ids = events.map((event) => /"id":(\d)/.exec(event)?.[1]);
    expect(new Set(ids)).toEqual(new Set(['1', '2']));
    expect(new Set(events.map((event) => /^id: (.*)$/m.exec(event)?.[1])).size).toBe(2);
  });

  it('is answered by a server that answers at once, before it could be stored', async () => {
    const { ask, states } = await makeWorld();
    const write = states.write.bind(states);
    states.write = async (...all) => (await new Promise((done) => setTimeout(done, 5)), write(...all));
    let close = async (): Promise<void> => undefined;
    const quick = {
      async connect(transport: Transport): Promise<void> {
        close = () => transport.close();
        transport.onmessage = (message) =>
          void transport.send({ jsonrpc: '2.0', id: (message as { id: number }).id, result: { quick: true } });
        await transport.start();
      },
      close: () => close(),
    };
    expect(await (await served(await ask(call('whoami')), quick)).text()).toContain('"quick":true');
  });

  it('is answered in the outbox for a client of 2024-11, which counts as work until its end', async () => {
    const { ask, session, streams, working, read } = await makeWorld();
    const asked = { id: null, query: `?sessionId=${session.id}`, sse: true };
    const response = await served(await ask(call('whoami'), asked));
    expect([response.status, working]).toEqual([202, [session.sessionStore.label]]);
    await expect.poll(() => read('outbox'), { interval: 1 }).toMatchObject([{ id: 1, result: { content: [{ text: 'ran' }] } }]);
    await expect.poll(() => streams.isAtWork(session.sessionStore.label), { interval: 1 }).toBe(false);
  });

  it('is an error for a client of 2024-11 where the answer is too large for the outbox', async () => {
    const { ask, session, streams, work, read } = await makeWorld();
    const server = makeServer();
    server.registerTool('long', {}, () => text('x'.repeat(200_000)));
    await served(await ask(call('long'), { id: null, query: `?sessionId=${session.id}`, sse: true }), server);
    await expect.poll(() => read('outbox'), { interval: 1, timeout: 5000 }).toMatchObject([{ id: 1, error: { code: -32000 } }]);
    await expect.poll(() => streams.isAtWork(session.sessionStore.label), { interval: 1, timeout: 5000 }).toBe(false);
    await Promise.all(work);
  });

  it('waits for room in the outbox of a client of 2024-11', async () => {
    const { ask, session, streams, read } = await makeWorld();
    const asked = { id: null, query: `?sessionId=${session.id}`, sse: true };
    for (const id of [1, 2]) {
      const server = makeServer();
      server.registerTool('long', {}, () => text('x'.repeat(100_000)));
      await served(await ask(call('long', id), asked), server);
      await expect.poll(() => read('outbox'), { interval: 1, timeout: 5000 }).toMatchObject([{ id: 1 }]);
    }
    expect(await session.sessionStore.remove('outbox')).toBe(true);
    await expect.poll(() => read('outbox'), { interval: 1, timeout: 5000 }).toMatchObject([{ id: 2, result: {} }]);
    await expect.poll(() => streams.isAtWork(session.sessionStore.label), { interval: 1, timeout: 5000 }).toBe(false);
  });

  it('is over where its answer could not be sent', async () => {
    const { ask, session, states, streams, work } = await makeWorld();
    const write = states.write.bind(states);
    states.write = (handle, ...rest) =>
      handle.endsWith(' outbox') ? Promise.reject(new Error('The store is down.')) : write(handle, ...rest);
    await served(await ask(call('whoami'), { id: null, query: `?sessionId=${session.id}`, sse: true }));
    await expect.poll(() => streams.isAtWork(session.sessionStore.label), { interval: 1, timeout: 5000 }).toBe(false);
    await Promise.all(work);
  });

  it('stores a subscription in the session', async () => {
    const { ask, session } = await makeWorld();
    const subscribe = { jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params: { uri: 'file:///a' } };
    expect(await (await served(await ask(subscribe))).text()).toContain('"result":{}');
    expect((await keptNow(session))?.subscribed).toEqual(['file:///a']);
  });

  it('ends soon after its token was revoked (SEC-190)', async () => {
    const { ask, work } = await makeWorld();
    const [seen, began]: [string[], PromiseWithResolvers<void>] = [[], Promise.withResolvers()];
    const server = makeServer();
    server.registerTool('wait', {}, ({ mcpReq }) => {
      mcpReq.signal.addEventListener('abort', () => seen.push('ended'));
      began.resolve(); // a tool that begins after the end of its token would never be told of it
      return new Promise<ReturnType<typeof text>>((done) => mcpReq.signal.addEventListener('abort', () => done(text('late'))));
    });
    let isGood = true;
    const response = await served(await ask(call('wait'), { stillGood: async () => isGood }), server);
    await began.promise;
    isGood = false;
    expect(await response.text()).not.toContain('late');
    await Promise.all(work); // the request is kept until its server is closed
    expect([work.length, seen]).toEqual([1, ['ended']]);
  });

  it('runs on for a client that has gone, and counts then as a call of its user alone', async () => {
    const { ask, left, read } = await makeWorld();
    const client = new AbortController();
    await served(await ask(call('hang'), { signal: client.signal }));
    expect(left).toEqual([]);
    client.abort();
    expect(left).toMatchObject([{ userId: 'u1' }]);
    await served(await ask(PING));
    expect(await read('session')).toMatchObject({ clientId: 'c1' });
  });

  it('begins a client of 2024-11 with what it declares, once', async () => {
    const { ask, keeper, states } = await makeWorld();
    const session = await newSession(states);
    await begin(session, { params: null, version: '', lists: [], canSubscribe: false }, keeper);
    const asked = { id: null, query: `?sessionId=${session.id}`, sse: true };
    await served(await ask([{ ...PING, id: 5 }, initialize()], asked));
    await expect.poll(async () => (await keptNow(session))?.params, { interval: 1 }).toEqual(PARAMS);
    expect((await sessionStoreOf(session.id, states)).label).toBe(session.sessionStore.label);
  });
});
