/** Sessions of clients of 2025 through the whole server, on every store: whose they are, how they end, what they are asked and told. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport as OldTransportShape } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { McpAgent, sessions, userEvents } from '../../../src/mcp/index.ts';
import type { AuthContext } from '../../../src/model/access.ts';
import type { Handler } from '../../../src/model/context.ts';
import { type App, appOn, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { text } from '../clients.ts';
import { ask, begun, doorTo, eventsOf, tokenOf, toolCall } from '../session-client.ts';

const BOB = { username: 'bob', password: 'another passphrase' };
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] };
const ASKED = { message: 'Which city?', requestedSchema: SCHEMA };

/** Tools that ask, wait, and tell who called. */
class Asking extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'asking', version: '1.0.0' });
  init(): void {
    this.server.registerTool('whoami', {}, () => text((this.props.permissions ?? []).join()));
    this.server.registerTool('where', {}, async (context) => {
      const { action, content } = await context.mcpReq.elicitInput(ASKED);
      return text(`${action} ${JSON.stringify(content ?? null)} ${ran.push('where')}`);
    });
    this.server.registerTool('hold', {}, async (context) => {
      await Promise.race([held.opened, new Promise((done) => context.mcpReq.signal.addEventListener('abort', done))]);
      ran.push(context.mcpReq.signal.aborted ? 'cancelled' : 'held');
      return text('at last');
    });
  }
}

/** The same of SDK 1.x, which asks on no stream in particular. */
class OldAsking extends McpAgent<unknown, unknown, AuthContext> {
  server = new OldServer({ name: 'old', version: '1.0.0' });
  init(): void {
    this.server.registerTool('where', {}, async () => {
      const { action, content } = await this.server.server.elicitInput(ASKED);
      return text(`${action} ${JSON.stringify(content ?? null)}`);
    });
  }
}

const ran: string[] = [];
const news = userEvents();
let held = holding();

function holding(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((done) => void (open = done));
  return { opened, open };
}

const options = { sessions: sessions({ idle: 3000 }), events: news };
const serving = (store: string, more: object = {}): Promise<App> =>
  makeApp(store, { apiHandler: Asking.serve('/mcp', options) as Handler, accessTokenTTL: 86_400, ...more });

async function connected(app: App, token: string, answer: () => object, seen: string[] = []): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  client.setRequestHandler('elicitation/create', () => answer() as never);
  await client.connect(new StreamableHTTPClientTransport(new URL(`${ISSUER}/mcp`), { fetch: doorTo(app, token, seen) }));
  return client;
}

const ROME = { action: 'accept', content: { city: 'Rome' } };
const wordsOf = (result: { readonly [member: string]: unknown }): string => (result['content'] as { text: string }[])[0]?.text ?? '';

describe.each(storeNames)('sessions on %s', (store) => {
  it('S-130: a client of 2025 gets an id of 256 random bits, and its tool asks it something while it runs', async () => {
    const app = await serving(store);
    const client = await connected(app, await tokenOf(app), () => ROME);
    expect(wordsOf(await client.callTool({ name: 'where', arguments: {} }))).toContain('accept {"city":"Rome"}');
    await client.close();
  });

  it('separates two calls whose servers ask at the same time', async () => {
    const app = await serving(store);
    let at = 0;
    const client = await connected(app, await tokenOf(app), () => ({ action: 'accept', content: { city: `city ${at++}` } }));
    const both = await Promise.all(['where', 'where'].map((name) => client.callTool({ name, arguments: {} })));
    expect(new Set(both.map((one) => /city \d/.exec(wordsOf(one))?.[0]))).toEqual(new Set(['city 0', 'city 1']));
    await client.close();
  });

  it('serves clients and servers of SDK 1.x alike', async () => {
    const app = await serving(store, { apiHandler: OldAsking.serve('/mcp', options) as Handler });
    const token = await tokenOf(app);
    const client = new OldClient({ name: 'old', version: '1.0.0' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { city: 'Oslo' } }));
    await client.connect(new OldTransport(new URL(`${ISSUER}/mcp`), { fetch: doorTo(app, token) }) as OldTransportShape);
    expect(wordsOf(await client.callTool({ name: 'where', arguments: {} }))).toBe('accept {"city":"Oslo"}');
    await client.close();
  });

  it('finds the answer that another process took', async () => {
    const here = await serving(store);
    const token = await tokenOf(here);
    const there = await appOn(here.inner, here.clock, { apiHandler: Asking.serve('/mcp', { sessions: sessions() }) as Handler });
    const session = await begun(here, token);
    const stream = eventsOf(await ask(here, session, 'POST', toolCall('where')));
    await stream.next(); // the priming event
    const question = await stream.next();
    expect(question?.data['method']).toBe('elicitation/create');
    const answered = await ask(there, session, 'POST', { jsonrpc: '2.0', id: question?.data['id'], result: ROME });
    expect(answered.status).toBe(202);
    expect(JSON.stringify((await stream.next())?.data['result'])).toContain('Rome');
  });

  it('SEC-189, S-129: another user, or another client of the same user, finds no session: POST, answer, GET and DELETE', async () => {
    const app = await serving(store);
    await app.provider.helpers(app.env).accounts.create({ ...BOB });
    const session = await begun(app, await tokenOf(app));
    const stream = eventsOf(await ask(app, session, 'POST', toolCall('where')));
    await stream.next();
    const question = await stream.next();
    for (const token of [await tokenOf(app, BOB), await tokenOf(app)]) {
      const foreign = { ...session, token };
      const answer = { jsonrpc: '2.0', id: question?.data['id'], result: ROME };
      expect((await ask(app, foreign, 'POST', toolCall('whoami'))).status).toBe(404);
      expect((await ask(app, foreign, 'POST', answer)).status).toBe(404);
      expect((await ask(app, foreign, 'GET')).status).toBe(404);
      expect((await ask(app, foreign, 'GET', undefined, { 'last-event-id': question?.id ?? '' })).status).toBe(404);
      expect((await ask(app, foreign, 'DELETE')).status).toBe(404);
    }
    await ask(app, session, 'POST', { jsonrpc: '2.0', id: question?.data['id'], result: { action: 'decline' } });
    expect(JSON.stringify((await stream.next())?.data['result'])).toContain('decline'); // the owner's own answer, and it went on
  });

  it('S-128: a session is no token, and a token that is good needs none', async () => {
    const app = await serving(store);
    const { token, id } = await begun(app, await tokenOf(app));
    const without = await app.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers: { 'mcp-session-id': id }, body: '{}' }));
    expect(without.status).toBe(401);
    expect((await ask(app, { token, id: 'x'.repeat(43) }, 'POST', toolCall('whoami'))).status).toBe(404);
    const stateless = await ask(app, { token }, 'POST', toolCall('whoami'));
    expect(stateless.status).toBe(200);
    await stateless.text();
  });

  it('stores no props: each request has its own (SEC-185)', async () => {
    let permissions = ['admin'];
    const app = await serving(store, { permissions: () => permissions });
    const session = await begun(app, await tokenOf(app));
    expect(await (await ask(app, session, 'POST', toolCall('whoami'))).text()).toContain('admin');
    permissions = ['guest'];
    expect(await (await ask(app, session, 'POST', toolCall('whoami', 2))).text()).toContain('guest');
  });

  it('S-129: ends with DELETE, and when it was not used for long', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    const [deleted, idle, used] = [await begun(app, token), await begun(app, token), await begun(app, token)];
    const stream = eventsOf(await ask(app, deleted, 'GET'));
    await stream.next();
    expect((await ask(app, deleted, 'DELETE')).status).toBe(200);
    expect((await ask(app, deleted, 'POST', toolCall('whoami'))).status).toBe(404);
    expect((await ask(app, deleted, 'DELETE')).status).toBe(404);
    await stream.cancel();
    app.clock.pass(2000);
    expect((await ask(app, used, 'POST', toolCall('whoami'))).status).toBe(200);
    app.clock.pass(2000);
    expect((await ask(app, used, 'POST', toolCall('whoami', 2))).status).toBe(200);
    expect((await ask(app, idle, 'POST', toolCall('whoami'))).status).toBe(404);
  });

  it('keeps neither the id nor anything that was said in the clear', async () => {
    const app = await serving(store);
    const written: string[] = [];
    const write = app.store.write.bind(app.store);
    app.store.write = (key, value, ...rest) => (written.push(`${key} ${JSON.stringify(value)}`), write(key, value, ...rest));
    const seen: string[] = [];
    const city = 'Castel Gandolfo'; // no sealed value has a space: four letters once stood in one by chance
    const client = await connected(app, await tokenOf(app), () => ({ ...ROME, content: { city } }), seen);
    await client.callTool({ name: 'where', arguments: {} });
    const { sessionId = '?' } = client.transport as { sessionId?: string };
    await client.close();
    const all = written.join('\n');
    expect(written.filter((line) => line.startsWith('mcp:')).length).toBeGreaterThan(2);
    for (const secret of [sessionId, city, 'Which city', 'elicitation', 'clientInfo']) expect(all).not.toContain(secret);
  });

  it('resumes a broken connection from the last event, for its own client, any number of times', async () => {
    const app = await serving(store);
    held = holding();
    const session = await begun(app, await tokenOf(app));
    const broken = eventsOf(await ask(app, session, 'POST', toolCall('hold')));
    const primed = await broken.next();
    await broken.cancel();
    const resumed = eventsOf(await ask(app, session, 'GET', undefined, { 'last-event-id': primed?.id ?? '' }));
    held.open();
    const result = await resumed.next();
    expect(JSON.stringify(result?.data)).toContain('at last');
    expect(await resumed.next()).toBeNull();
    const again = eventsOf(await ask(app, session, 'GET', undefined, { 'last-event-id': primed?.id ?? '' }));
    expect((await again.next())?.id).toBe(result?.id);
    const after = eventsOf(await ask(app, session, 'GET', undefined, { 'last-event-id': result?.id ?? '' }));
    expect(await after.next()).toBeNull();
    expect((await ask(app, session, 'GET', undefined, { 'last-event-id': 'nonsense' })).status).toBe(400);
  });

  it('receives a cancellation by the client in another request', async () => {
    const app = await serving(store);
    held = holding();
    const session = await begun(app, await tokenOf(app));
    const stream = eventsOf(await ask(app, session, 'POST', toolCall('hold', 'seven')));
    await stream.next();
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'seven' } };
    expect((await ask(app, session, 'POST', cancelled)).status).toBe(202);
    expect(await stream.next()).toBeNull();
    expect(ran.at(-1)).toBe('cancelled');
  });

  it('tells of changed lists on the stream that the client holds open, and of all to one that comes back', async () => {
    const app = await serving(store);
    const session = await begun(app, await tokenOf(app));
    const stream = eventsOf(await ask(app, session, 'GET'));
    await stream.next();
    await news.publish({ userId: 'somebody else' });
    await news.publish({ userId: app.aliceId }, ['tools', 'prompts']); // it has no prompts
    const told = await stream.next();
    expect(told?.data['method']).toBe('notifications/tools/list_changed');
    await stream.cancel();
    const back = eventsOf(await ask(app, session, 'GET', undefined, { 'last-event-id': told?.id ?? '' }));
    await back.next();
    expect((await back.next())?.data['method']).toBe('notifications/tools/list_changed');
    await back.cancel();
  });

  it('SEC-190: the streams of a session end soon after its token was revoked, and with the session', async () => {
    const app = await serving(store, { apiHandler: Asking.serve('/mcp', { ...options, streamCheck: 1 }) as Handler });
    const { client, tokens } = await app.signedIn();
    const session = await begun(app, tokens.access);
    const [other, before] = [await begun(app, tokens.access), ran.length];
    const [news, waiting] = [eventsOf(await ask(app, session, 'GET')), eventsOf(await ask(app, session, 'POST', toolCall('where')))];
    await Promise.all([news.next(), waiting.next()]);
    await waiting.next();
    const ended = eventsOf(await ask(app, other, 'GET'));
    await ended.next();
    await ask(app, other, 'DELETE');
    expect(await ended.next()).toBeNull();
    await client.revoke(tokens.refresh);
    expect([await news.next(), await waiting.next()]).toEqual([null, null]);
    expect((await ask(app, session, 'POST', toolCall('whoami'))).status).toBe(401);
    expect(ran.length).toBe(before);
  });

  it('SEC-197: an initialize that cannot be kept is answered with an error, of which the operator is told, and begins nothing', async () => {
    const errors: string[] = [];
    const onError = ({ message, cause }: Error): void => void errors.push(cause instanceof Error ? cause.message : message);
    const app = await serving(store, { apiHandler: Asking.serve('/mcp', { ...options, onError }) as Handler });
    const token = await tokenOf(app);
    const write = app.store.write.bind(app.store);
    app.store.write = (key, ...rest) => (key.startsWith('mcp:') ? Promise.reject(new Error('The disk is full.')) : write(key, ...rest));
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const begin = (more: object = {}): Promise<Response> =>
      ask(app, { token }, 'POST', { jsonrpc: '2.0', id: 0, method: 'initialize', params: { ...params, ...more } });
    const failed = await begin();
    const id = failed.headers.get('mcp-session-id') ?? '';
    expect(await failed.text()).toContain('"error":{"code":-32603');
    expect(errors).toEqual(['The disk is full.']);
    app.store.write = write;
    expect((await ask(app, { token, id }, 'POST', toolCall('whoami'))).status).toBe(404);
    expect((await begin({ _meta: { much: 'x'.repeat(70_000) } })).status).toBe(413);
  });

  it('takes what names nothing that could be cancelled or was asked, and does nothing', async () => {
    const errors: string[] = [];
    const onError = (error: Error): void => void errors.push(error.message);
    const app = await serving(store, { apiHandler: Asking.serve('/mcp', { ...options, onError }) as Handler });
    const session = await begun(app, await tokenOf(app));
    const odd = [{ method: 'notifications/cancelled', params: { requestId: '\u0001'.repeat(300) } }, { method: 'notifications/cancelled' }, { id: 'x'.repeat(1000), result: {} }];
    for (const message of odd) expect((await ask(app, session, 'POST', { jsonrpc: '2.0', ...message })).status).toBe(202);
    const long = await ask(app, session, 'POST', toolCall('whoami', '\u0001'.repeat(300)));
    expect([long.status, (await long.text()).includes('"result"')]).toEqual([200, true]);
    expect(errors).toEqual([]);
  }); // prettier-ignore

  it('S-230: a client of 2026-07-28 has no session, with any header', async () => {
    const app = await serving(store, { permissions: () => ['admin'] });
    const token = await tokenOf(app);
    const seen: string[] = [];
    const client = new Client({ name: 'new', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    const door = doorTo(app, token, seen);
    const stray: typeof fetch = (input, init) => {
      const request = new Request(input as string | URL | Request, init);
      request.headers.set('mcp-session-id', 'stray');
      return door(request);
    };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${ISSUER}/mcp`), { fetch: stray }));
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
    expect(wordsOf(await client.callTool({ name: 'whoami', arguments: {} }))).toBe('admin');
    expect((client.transport as { sessionId?: string }).sessionId).toBeUndefined();
    await client.close();
  });
});

describe.each(storeNames)('clients of 2024-11 on %s', (store) => {
  const old = { sessions: sessions({ sse: true }) };

  it('hold one stream and send their messages to the address it tells, and are asked while a tool runs', async () => {
    const app = await serving(store, { apiHandler: OldAsking.serve('/mcp', old) as Handler });
    const door = doorTo(app, await tokenOf(app));
    const client = new OldClient({ name: 'old', version: '1.0.0' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { city: 'Oslo' } }));
    await client.connect(new SSEClientTransport(new URL(`${ISSUER}/mcp`), { fetch: door, eventSourceInit: { fetch: door } }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['where']);
    expect(wordsOf(await client.callTool({ name: 'where', arguments: {} }))).toBe('accept {"city":"Oslo"}');
    await client.close();
  });

  it('SEC-189: are not served to another user or client that knows their address, and end with their stream', async () => {
    const app = await serving(store, { apiHandler: Asking.serve('/mcp', old) as Handler });
    await app.provider.helpers(app.env).accounts.create({ ...BOB });
    const token = await tokenOf(app);
    const response = await ask(app, { token }, 'GET');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let read = '';
    while (!read.includes('sessionId')) read += new TextDecoder().decode((await reader.read()).value);
    const address = /\?sessionId=[\w-]{43}/.exec(read)?.[0] ?? '';
    const post = async (bearer: string): Promise<number> => {
      const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
      const request = new Request(`${ISSUER}/mcp${address}`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
      });
      return (await app.send(request)).status;
    };
    expect([await post(await tokenOf(app, BOB)), await post(await tokenOf(app)), await post(token)]).toEqual([404, 404, 202]);
    while (!read.includes('"result":{}')) read += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    await vi.waitFor(async () => expect(await post(token)).toBe(404), { timeout: 120_000 });
  });

  it('hear of what has changed, on their one stream', async () => {
    const app = await serving(store, { apiHandler: Asking.serve('/mcp', { ...old, events: news }) as Handler });
    const door = doorTo(app, await tokenOf(app));
    const told: string[] = [];
    const client = new OldClient({ name: 'old', version: '1.0.0' });
    client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => void told.push(method));
    await client.connect(new SSEClientTransport(new URL(`${ISSUER}/mcp`), { fetch: door, eventSourceInit: { fetch: door } }));
    await news.publish({ userId: app.aliceId });
    // The client's EventSource calls its handler twice in workerd, which calls `onmessage` by itself.
    await vi.waitFor(() => expect(told).toContain('notifications/tools/list_changed'), { timeout: 120_000, interval: 5 });
    await client.close();
  });

  it('are told 405 where the option is off', async () => {
    const app = await serving(store);
    expect((await ask(app, { token: await tokenOf(app) }, 'GET')).status).toBe(405);
  });
});

describe('mcp/sessions/sessions', () => {
  it('says what is missing: a sensible time, or a store in front', async () => {
    expect(() => sessions({ idle: 1 })).toThrow('`idle`');
    const errors: string[] = [];
    const handler = Asking.serve('/mcp', { sessions: sessions(), onError: (error) => void errors.push(error.message) });
    const auth = { userId: 'u', clientId: 'c', props: {}, scope: [], resource: `${ISSUER}/mcp`, expiresAt: 2 ** 40 } as never;
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: {} });
    const request = new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body });
    expect((await handler.fetch(request, {}, { auth, waitUntil: () => undefined })).status).toBe(500);
    expect(errors[0]).toContain('OAuthProvider');
  });
});
