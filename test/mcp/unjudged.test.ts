/** What was not judged is not dispatched: hostile bodies on every way to a server of either SDK line, with and without a token. */
import { type Context, type FetchObject, withRequestState } from '../../src/model/context.ts';
import { McpServer } from '@modelcontextprotocol/server';
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { boundSessions, catalogue, McpAgent, mcpHandler, mount, openMcpHandler, policy, sessions, tool } from '../../src/mcp/index.ts';
import type { AnyServer } from '../../src/mcp/index.ts';
import type { NewEvent } from '../../src/model/event.ts';
import { accessWith, callOf, contextOf, ENDPOINT, text } from './clients.ts';
import { statesWith } from './states.ts';

const MODERN = '2026-07-28';
const ran: string[] = [];
const rules = policy({
  tools: { open: { anonymous: true }, admin: { permissions: ['admin'] }, secret: { permissions: ['admin'], hidden: true } },
});
const offered = catalogue([
  tool({ name: 'open', anonymous: true, handler: () => (ran.push('open'), text('open')) }),
  tool({ name: 'admin', permissions: ['admin'], handler: () => (ran.push('admin'), text('admin')) }),
]); // prettier-ignore
const SERVERS = { '2.x': McpServer, '1.x': OldMcpServer as unknown as typeof McpServer };
type Line = keyof typeof SERVERS;

function build(line: Line): McpServer {
  const server = new SERVERS[line]({ name: 'p', version: '1' });
  for (const name of ['open', 'admin']) server.registerTool(name, {}, () => (ran.push(name), text(name)));
  return server;
}

const agentOf = (line: Line) =>
  class extends McpAgent {
    static override readonly policy = rules;
    server = build(line) as AnyServer;
    init(): void {}
  };

/** Keeps no session, and reads the body itself. */
const stranger = (line: Line): FetchObject => {
  const inner = mcpHandler(() => build(line));
  return {
    fetch: async (request, env, ctx) =>
      inner.fetch(new Request(request.url, { method: 'POST', headers: request.headers, body: await request.text() }), env, ctx),
  };
};

const made = (line: Line) => (): AnyServer => build(line) as AnyServer;
const options = { policy: rules, onError: () => {}, on: () => {} };
/** Each way to a server: whether callers without a token may take it, and the handler. */
const WAYS: readonly (readonly [name: string, isOpen: boolean, (line: Line) => FetchObject])[] = [
  ['openMcpHandler', true, (line) => openMcpHandler(made(line), options)],
  ['mcpHandler', false, (line) => mcpHandler(made(line), options)],
  ['McpAgent.serve', false, (line) => agentOf(line).serve('/mcp', options) as FetchObject],
  ['McpAgent.Router', false, (line) => agentOf(line).Router],
  ['sessions', false, (line) => mcpHandler(made(line), { ...options, sessions: sessions({ sse: true }) })],
  ['mount', false, (line) => mount({ '/mcp': mcpHandler(made(line), options) })],
  [
    'catalogue',
    true,
    (line) =>
      openMcpHandler(
        (access, ctx) => {
          const server = new SERVERS[line]({ name: 'p', version: '1' });
          offered.register(server, access, ctx);
          return server as AnyServer;
        },
        { ...options, policy: offered },
      ),
  ],
];

const modernOf = (name: string): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name,
      arguments: {},
      _meta: {
        'io.modelcontextprotocol/protocolVersion': MODERN,
        'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  });
const MODERN_HEADERS = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'admin' };
const utf8 = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);
const marked = (value: string): Uint8Array<ArrayBuffer> => new Uint8Array([0xef, 0xbb, 0xbf, ...utf8(value)]);
const utf16 = (value: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new Uint16Array([...value].map((one) => one.charCodeAt(0))).buffer);
const CALL = callOf(1, 'admin');
const wrapped = (value: string, before: string, after = ''): string => value.replace(before, `${before}${after}`);

/** Bodies that no two parsers read alike, or that are no message at all. */
const HOSTILE: readonly (readonly [name: string, body: Uint8Array<ArrayBuffer>, code: number, headers?: Record<string, string>])[] = [
  ['starts with a byte order mark', marked(CALL), -32700],
  ['starts with a byte order mark, of 2026-07-28', marked(modernOf('admin')), -32700, MODERN_HEADERS],
  ['starts with a byte order mark, as a list', marked('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'), -32700],
  ['starts with two byte order marks', marked(`\ufeff${CALL}`), -32700],
  ['is UTF-16', utf16(CALL), -32700, { 'content-type': 'application/json; charset=utf-16' }],
  ['is UTF-16 with a mark', utf16(`\ufeff${CALL}`), -32700],
  ['is not UTF-8', new Uint8Array([...utf8(CALL.slice(0, -1)), 0xff, 0x7d]), -32700],
  ['is empty', utf8(''), -32700],
  ['is cut off', utf8(CALL.slice(0, -1)), -32700],
  ['has something behind it', utf8(`${CALL}x`), -32700],
  ['is two messages', utf8(`${CALL}\n${CALL}`), -32700],
  ['begins with a space that is none of JSON', utf8(`\u00a0${CALL}`), -32700],
  ['has a comment', utf8(`/**/${CALL}`), -32700],
  ['is a text', utf8(JSON.stringify(CALL)), -32600],
  ['is null', utf8('null'), -32600],
  ['is an empty batch', utf8('[]'), -32600],
  ['is a batch in a batch', utf8(`[[${CALL}]]`), -32600],
  ['is a batch with null', utf8(`[null,${CALL}]`), -32600],
  ['names its method twice', utf8(CALL.replace('"method"', '"method":"ping","method"')), -32600],
  ['names its method twice, once escaped', utf8(CALL.replace('"method"', '"m\\u0065thod":"ping","method"')), -32600],
  ['names its tool twice', utf8(wrapped(CALL, '"params":{', '"name":"open",')), -32600],
  ['has its id twice', utf8(CALL.replace('"id"', '"id":2,"id"')), -32600],
  ['has a prototype', utf8(CALL.replace('"params":{', '"params":{"__proto__":{"name":"open"},')), -32600],
  ['is of JSON-RPC 1.0', utf8(CALL.replace('"2.0"', '"1.0"')), -32600],
  ['is of no JSON-RPC', utf8(CALL.replace('"jsonrpc":"2.0",', '')), -32600],
  ['has an id that is no integer', utf8(CALL.replace('"id":1', '"id":1.5')), -32600],
  ['has an id beyond all integers', utf8(CALL.replace('"id":1', '"id":9007199254740993')), -32600],
  ['has an infinite id', utf8(CALL.replace('"id":1', '"id":1e999')), -32600],
  ['has null for an id', utf8(CALL.replace('"id":1', '"id":null')), -32600],
  ['has an object for an id', utf8(CALL.replace('"id":1', '"id":{}')), -32600],
  ['is a call without an id', utf8(CALL.replace('"id":1,', '')), -32600],
  ['is an answer with a method', utf8(CALL.replace('"id":1', '"id":1,"result":{}')), -32600],
  ['is an error with a method', utf8(CALL.replace('"id":1', '"id":1,"error":{"code":1,"message":""}')), -32600],
  ['has a list for params', utf8(CALL.replace(/"params":\{.*\}\}/, '"params":["admin"]}')), -32600],
  ['has a list for a name', utf8(CALL.replace('"admin"', '["admin"]')), -32602],
  ['has a lone surrogate in its name', utf8(CALL.replace('"admin"', '"admin\\ud800"')), -32602],
  ['names no tool', utf8(CALL.replace('"name":"admin",', '')), -32602],
  ['names its tool in another case alone', utf8(CALL.replace('"name"', '"NAME"')), -32602],
]; // prettier-ignore

interface Answer {
  readonly status: number;
  readonly error?: { readonly code: number };
  readonly headers: Headers;
  readonly text: string;
}

async function send(handler: FetchObject, body: BodyInit, ctx: Context, headers: Record<string, string> = {}): Promise<Answer> {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers } };
  const response = await handler.fetch(new Request(ENDPOINT, init), {}, ctx);
  const words = await response.text();
  const json = /^data: (\{.*)$/m.exec(words)?.[1] ?? words;
  const { error } = (json.startsWith('{') ? JSON.parse(json) : {}) as { error?: { code: number } };
  return { status: response.status, headers: response.headers, text: words, ...(error && { error }) };
} // prettier-ignore

const events: NewEvent[] = [];
const about = { emit: (event: NewEvent): void => void events.push(event), challenge: { metadataUrl: `${ENDPOINT}/metadata`, scope: [] } };
const user = (permissions: readonly string[] = []): Context =>
  withRequestState(contextOf(accessWith(permissions)), { ...about, states: { ...statesWith(), passing: statesWith() } });
const anonymous = withRequestState<Context>({ waitUntil: () => undefined }, { ...about, isAnonymous: true });

describe.each(['2.x', '1.x'] as const)('what was not judged is not dispatched, SDK %s', (line) => {
  describe.each(WAYS)('by way of %s', (_, isOpen, make) => {
    const handler = make(line);

    it('F-01 refuses a body that another parser could read differently: 400, and no server is asked', async () => {
      ran.length = 0;
      for (const ctx of [user(), ...(isOpen ? [anonymous] : [])])
        for (const [what, body, code, headers] of HOSTILE) {
          const { status, error } = await send(handler, body, ctx, headers);
          expect([what, status, error?.code]).toEqual([what, 400, code]);
        }
      expect(ran).toEqual([]);
    });

    it('F-01 judges the same call without its fault', async () => {
      ran.length = 0;
      expect((await send(handler, CALL, user())).text).toContain('You do not have permission');
      expect((await send(handler, modernOf('admin'), user(), MODERN_HEADERS)).text).toContain('You do not have permission');
      if (isOpen) expect((await send(handler, CALL, anonymous)).status).toBe(401);
      expect(ran).toEqual([]);
      expect((await send(handler, CALL, user(['admin']))).status).toBe(200);
      expect(ran).toEqual(['admin']);
    });

    it('F-01 takes no call by another HTTP method, whatever a header says', async () => {
      ran.length = 0;
      for (const method of ['PUT', 'PATCH', 'DELETE'])
        for (const headers of [{}, { 'x-http-method-override': 'POST' }] as Record<string, string>[]) {
          const request = new Request(ENDPOINT, {
            method,
            body: CALL,
            headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
          });
          expect((await handler.fetch(request, {}, user(['admin']))).status).toBe(405);
        }
      expect(ran).toEqual([]);
    });

    it('F-01 reads UTF-8, whatever charset a header names, and refuses other media types', async () => {
      ran.length = 0;
      for (const type of ['text/plain', 'application/json-seq', 'application/x-www-form-urlencoded', 'text/json', ''])
        expect((await send(handler, CALL, user(['admin']), { 'content-type': type })).status).toBe(415);
      expect(ran).toEqual([]);
      for (const type of ['application/json; charset=utf-16', 'Application/JSON;charset="utf-8"'])
        expect((await send(handler, CALL, user(['admin']), { 'content-type': type })).status).toBe(200);
      expect(ran).toEqual(['admin', 'admin']);
    });

    it('F-46 lets no cache keep an answer, be it JSON or a stream, a list, a call or a refusal', async () => {
      const bodies = [
        CALL, callOf(1, 'open'), callOf(1, 'nosuch'), '[]', `[${CALL},${callOf(2, 'open')}]`, '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', '{"jsonrpc":"2.0","id":1,"method":"ping"}',
        '{"jsonrpc":"2.0","method":"notifications/initialized"}', '{"jsonrpc":"2.0","id":1,"method":"nosuch/method"}', '{',
      ]; // prettier-ignore
      for (const ctx of [user(), user(['admin']), ...(isOpen ? [anonymous] : [])])
        for (const body of bodies)
          for (const more of [{}, { 'mcp-protocol-version': '2025-11-25' }, { accept: '*/*' }] as Record<string, string>[]) {
            const { headers, status } = await send(handler, body, ctx, more);
            expect([body, status, headers.get('cache-control')]).toEqual([body, status, expect.stringContaining('no-store')]);
          }
      const got = await handler.fetch(new Request(ENDPOINT, { headers: { accept: 'text/event-stream' } }), {}, user());
      expect(got.headers.get('cache-control')).toContain('no-store');
      await got.body?.cancel();
    });
  });

  it('F-01 gives a handler that reads the body itself what was read strictly, of known members, and none of the bytes', async () => {
    ran.length = 0;
    const handler = boundSessions(stranger(line));
    for (const [what, body, code, headers] of HOSTILE.filter(([, , one]) => one !== -32602)) {
      if (what === 'is a call without an id') continue; // an ordinary notification: no policy judges it here
      const { status, error } = await send(handler, body, user(), headers);
      expect([what, status, error?.code]).toEqual([what, 400, code]);
    }
    expect(ran).toEqual([]);
    const bodies: string[] = [];
    const listening = boundSessions({ fetch: async (request) => (bodies.push(await request.text()), new Response('ok')) });
    await send(listening, utf8(' {"METHOD":"tools/call", "jsonrpc":"2.0","id":1,"method":"ping","Params":{"name":"admin"}}'), user(), {
      'content-encoding': 'identity',
    });
    expect(bodies).toEqual(['{"jsonrpc":"2.0","id":1,"method":"ping"}']);
  });

  it('F-01 drops members that look like others', async () => {
    ran.length = 0;
    const handler = mcpHandler(made(line), options);
    const body = { jsonrpc: '2.0', id: 1, METHOD: 'ping', method: 'tools/call', Params: { name: 'open' }, params: { name: 'open', NAME: 'admin', arguments: {} } };
    expect((await send(handler, JSON.stringify(body), user())).status).toBe(200);
    expect(ran).toEqual(['open']);
  }); // prettier-ignore

  it('tells the operator why a body was refused', async () => {
    events.length = 0;
    const handler = mcpHandler(made(line), { policy: rules });
    for (const [, body] of HOSTILE.slice(0, 1)) await send(handler, body, user());
    await send(handler, '[]', user());
    await send(handler, CALL.replace('"name":"admin",', ''), user());
    expect(events).toEqual(
      ['not_json', 'batch_size', 'params'].map((reason) => ({ kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason })),
    );
  });

  it('asks a handler of the application for no hidden tool, though it handles `tools/call` itself', async () => {
    ran.length = 0;
    const handler = mcpHandler(() => {
      const server = build(line);
      const handle = (request: { params: { name: string } }): object => (ran.push(request.params.name), text(`no ${request.params.name}`));
      if (line === '2.x') server.server.setRequestHandler('tools/call', handle as never);
      else (server.server as unknown as { _requestHandlers: Map<string, unknown> })._requestHandlers.set('tools/call', async (request: never) => handle(request));
      return server as AnyServer;
    }, options); // prettier-ignore
    const hidden = await send(handler, callOf(1, 'secret'), user());
    expect(hidden.text).toContain('no secret');
    expect(ran).not.toContain('secret');
    await send(handler, callOf(1, 'secret'), user(['admin']));
    expect(ran.at(-1)).toBe('secret');
  });
});

describe('a session of 2025 and a client of 2024-11', () => {
  it('are judged alike: a body with a byte order mark is refused, and the session goes on (F-01)', async () => {
    ran.length = 0;
    const handler = mcpHandler(made('2.x'), { ...options, sessions: sessions({ sse: true }) });
    const ctx = user();
    const begun = await send(
      handler,
      JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } } }),
      ctx,
    );
    const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': '2025-11-25' };
    expect(session['mcp-session-id']).not.toBe('');
    expect(begun.headers.get('cache-control')).toContain('no-store');
    for (const [what, body, code] of HOSTILE) {
      const { status, error } = await send(handler, body, ctx, session);
      expect([what, status, error?.code]).toEqual([what, 400, code]);
    }
    const open = await send(handler, callOf(2, 'open'), ctx, session);
    expect([open.status, open.headers.get('cache-control')]).toEqual([200, 'no-store, no-transform']);
    const taken = await send(handler, '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}', ctx, session);
    expect([taken.status, taken.headers.get('cache-control')]).toEqual([202, 'no-store']);
    const ended = await handler.fetch(new Request(ENDPOINT, { method: 'DELETE', headers: session }), {}, ctx);
    expect([ended.status, ended.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const stream = await handler.fetch(new Request(ENDPOINT, { headers: { accept: 'text/event-stream' } }), {}, ctx);
    expect(stream.headers.get('cache-control')).toContain('no-store');
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    let told = '';
    while (!told.includes('endpoint\ndata: ')) told += new TextDecoder().decode((await reader.read()).value);
    const address = new URL(/data: (\S+)/.exec(told)?.[1] ?? '', ENDPOINT);
    const post = (body: BodyInit): Promise<Response> =>
      Promise.resolve(handler.fetch(new Request(address, { method: 'POST', body, headers: { 'content-type': 'application/json' } }), {}, ctx));
    expect((await post(marked(CALL))).status).toBe(400);
    expect((await post(callOf(3, 'open'))).status).toBe(202);
    await reader.cancel();
    expect(ran).toEqual(['open', 'open']);
  }); // prettier-ignore
});
