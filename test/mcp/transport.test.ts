/** What clients and proxies may expect of one request: an answer that begins in time, `Accept` by HTTP's rules, what the server says on the way, its limits. */
import { type FetchObject, withRequestState } from '../../src/model/context.ts';
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AnyServer, mcpHandler } from '../../src/mcp/index.ts';
import type { McpOptions } from '../../src/mcp/handler.ts';
import { accessWith, contextOf, ENDPOINT, text } from './clients.ts';
import { timersLeft } from '../support/timers.ts';

const CAPABILITIES = { capabilities: { logging: {}, tools: { listChanged: true } } };
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** What both SDK lines have by one name. */
interface Both {
  registerTool(name: string, config: object, run: (context: Context) => unknown): unknown;
  registerPrompt(name: string, config: object, run: () => unknown): unknown;
  sendLoggingMessage(params: object): Promise<void>;
  sendToolListChanged(): unknown;
  readonly server: { notification(note: object): Promise<void> };
}
interface Context {
  readonly mcpReq?: { readonly signal: AbortSignal };
  readonly signal?: AbortSignal;
}

const state = { release: (): void => undefined, aborted: 0, inits: 0 };

/** A server whose tools wait, fail, and say something through the server itself. */
function serverOf(make: () => AnyServer): AnyServer {
  const server = make();
  const both = server as unknown as Both;
  const waits = (): Promise<void> => new Promise((release) => (state.release = () => release()));
  both.registerTool('slow', {}, async ({ mcpReq, signal }) => {
    (mcpReq?.signal ?? signal)?.addEventListener('abort', () => (state.aborted += 1));
    await waits();
    return text('at last');
  });
  both.registerTool('says', {}, async () => {
    await both.sendLoggingMessage({ level: 'debug', data: 'quietly' });
    await both.sendLoggingMessage({ level: 'warning', data: 'aloud' });
    await both.server.notification({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } });
    both.sendToolListChanged();
    return text('done');
  });
  both.registerTool('quick', {}, () => text('done'));
  both.registerPrompt('slow', {}, async () => {
    await waits();
    return { messages: [{ role: 'user', content: { type: 'text', text: 'at last' } }] };
  });
  return server;
}
const LINES: { readonly [line: string]: () => AnyServer } = {
  'SDK 2.x': () => serverOf(() => new McpServer({ name: 'x', version: '1' }, CAPABILITIES)),
  'SDK 1.x': () => serverOf(() => new OldServer({ name: 'x', version: '1' }, CAPABILITIES) as AnyServer),
};

type Sent = readonly [body: object, headers: Record<string, string>];
const of2025 = (method: string, name: string, more: object = {}): Sent => [
  { jsonrpc: '2.0', id: 7, method, params: { name, _meta: { progressToken: 'p' }, ...more } },
  { 'mcp-protocol-version': '2025-11-25' },
];
const of2026 = (method: string, name: string, meta: object = {}): Sent => [
  { jsonrpc: '2.0', id: 7, method, params: { name, _meta: { ...META, progressToken: 'p', ...meta } } },
  { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': name },
];

function ask(handler: FetchObject, [body, headers]: Sent, more: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers, ...more };
  const request = new Request(ENDPOINT, { method: 'POST', headers: all, body: JSON.stringify(body), ...(signal && { signal }) });
  return Promise.resolve(handler.fetch(request, {}, contextOf(accessWith())));
}

const said = (stream: string): { [member: string]: unknown }[] =>
  stream.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)) as never); // prettier-ignore

const faked = { toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] satisfies (keyof typeof globalThis)[] };
afterEach(() => void vi.useRealTimers());

const CALLS: { readonly [kind: string]: readonly [line: string, sent: Sent] } = {
  'a call of 2025': ['SDK 2.x', of2025('tools/call', 'slow')],
  'a call of 2025 of SDK 1.x': ['SDK 1.x', of2025('tools/call', 'slow')],
  'a prompt of 2025': ['SDK 2.x', of2025('prompts/get', 'slow')],
  'a prompt of 2025 of SDK 1.x': ['SDK 1.x', of2025('prompts/get', 'slow')],
  'a call of 2026': ['SDK 2.x', of2026('tools/call', 'slow')],
  'a prompt of 2026': ['SDK 2.x', of2026('prompts/get', 'slow')],
};

describe('mcp/response', () => {
  it.each(Object.keys(CALLS))('begins the answer to %s after five seconds, says every 15 that it lives, and ends with it (R-51)', async (kind) => {
    vi.useFakeTimers(faked);
    const [line, sent] = CALLS[kind] as (typeof CALLS)[string];
    const answering = ask(mcpHandler(LINES[line] as () => AnyServer), sent);
    await vi.advanceTimersByTimeAsync(5000);
    const response = await answering;
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never).getReader() as ReadableStreamDefaultReader<string>; // prettier-ignore
    const alive = async (): Promise<string> => (await reader.read()).value ?? '';
    if (kind.startsWith('a call')) expect(await alive()).toMatch(/^: /);
    for (let turn = 0; turn < 3; turn++) {
      const next = alive();
      await vi.advanceTimersByTimeAsync(15_000);
      expect(await next).toMatch(/^: /);
    }
    state.release();
    let rest = '';
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) rest += chunk.value;
    expect(said(rest)).toMatchObject([{ jsonrpc: '2.0', id: 7, result: {} }]);
    expect(rest).toContain('at last');
    expect(await timersLeft()).toBe(0);
  }); // prettier-ignore

  it.each(['a call of 2025', 'a call of 2026'])('gives up %s whose client goes away from the stream (R-51)', async (kind) => {
    vi.useFakeTimers(faked);
    state.aborted = 0;
    const [line, sent] = CALLS[kind] as (typeof CALLS)[string];
    const answering = ask(mcpHandler(LINES[line] as () => AnyServer), sent);
    await vi.advanceTimersByTimeAsync(5000);
    await (await answering).body?.cancel();
    await vi.advanceTimersByTimeAsync(1000);
    expect([state.aborted, await timersLeft()]).toEqual([1, 0]);
  });

  it('tells what failed as the answer to the request, where the stream has begun already (R-51)', async () => {
    vi.useFakeTimers(faked);
    const errors: string[] = [];
    const factory = async (): Promise<AnyServer> => {
      await new Promise((done) => setTimeout(done, 6000));
      throw new Error('The database is away.');
    };
    const answering = ask(mcpHandler(factory, { onError: ({ message }) => errors.push(message) }), of2026('tools/call', 'quick'));
    await vi.advanceTimersByTimeAsync(5000);
    const response = await answering;
    await vi.advanceTimersByTimeAsync(1000);
    expect(said(await response.text())).toMatchObject([
      { jsonrpc: '2.0', id: 7, error: { code: -32603, message: 'Internal server error' } },
    ]);
    expect(errors).toEqual(['The database is away.']);
  });

  it('ends the stream of a tool at work when its token is revoked (F-08)', async () => {
    for (const sent of [of2025('tools/call', 'slow'), of2026('tools/call', 'slow')]) {
      vi.useFakeTimers(faked);
      state.aborted = 0;
      let good = true;
      const handler = mcpHandler(LINES['SDK 2.x'] as () => AnyServer, { streamCheck: 15 });
      const [body, headers] = sent;
      const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
      const request = new Request(ENDPOINT, { method: 'POST', headers: all, body: JSON.stringify(body) });
      const answering = Promise.resolve(
        handler.fetch(request, {}, withRequestState(contextOf(accessWith()), { stillGood: async () => good })),
      );
      await vi.advanceTimersByTimeAsync(5000);
      const ended = (await answering).text();
      good = false;
      await vi.advanceTimersByTimeAsync(15_000);
      expect(said(await ended)).toEqual([]);
      vi.useRealTimers();
      await vi.waitFor(() => expect(state.aborted).toBe(1), { timeout: 120_000 });
    }
  });
});

describe('mcp, Accept', () => {
  const both = [
    '*/*',
    'Application/JSON, Text/Event-Stream',
    'text/event-stream;q=0.5, application/*',
    'application/json, text/*;q=0.1',
    '',
  ];
  it.each(Object.keys(LINES))('takes every way to say that both forms of an answer are welcome, or nothing at all, by %s (R-52)', async (line) => {
    const handler = mcpHandler(LINES[line] as () => AnyServer);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const initialize: Sent = [{ jsonrpc: '2.0', id: 7, method: 'initialize', params }, {}];
    for (const accept of both)
      for (const sent of [of2025('tools/call', 'quick'), initialize, ...(line === 'SDK 1.x' ? [] : [of2026('tools/call', 'quick')])]) {
        const response = await ask(handler, sent, { accept });
        expect([accept, response.status, await response.text()]).toEqual([accept, 200, expect.stringMatching(/done|serverInfo|isError|resultType/)]);
      }
  }); // prettier-ignore

  it.each(Object.keys(LINES))('answers in the one form that a client accepts, by %s (R-52, as Claude, ElevenLabs and Gemini CLI send it)', async (line) => {
    const handler = mcpHandler(LINES[line] as () => AnyServer);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const initialize: Sent = [{ jsonrpc: '2.0', id: 7, method: 'initialize', params }, {}];
    const calls = ['quick', 'says'].map((tool) => of2025('tools/call', tool)); // one with log lines and progress before its answer
    for (const sent of [...calls, initialize, ...(line === 'SDK 1.x' ? [] : [of2026('tools/call', 'quick')])]) {
      const { id } = sent[0] as { id: number };
      for (const accept of ['application/json', '*/*, text/event-stream;q=0', 'application/*']) {
        const response = await ask(handler, sent, { accept });
        expect([response.status, response.headers.get('content-type'), ((await response.json()) as { id: number }).id]).toEqual([200, 'application/json', id]);
      }
      for (const accept of ['text/event-stream', 'text/*', '*/*, application/json;q=0']) {
        const response = await ask(handler, sent, { accept });
        const text = await response.text();
        expect([response.status, response.headers.get('content-type'), said(text).at(-1)]).toEqual([200, 'text/event-stream', expect.objectContaining({ id })]);
      }
    }
    const unknown = await ask(handler, [{ jsonrpc: '2.0', id: 9, method: 'tools/unheard-of' }, {}], { accept: 'application/json' });
    expect(await unknown.json()).toMatchObject({ id: 9, error: { code: -32601 } });
  }); // prettier-ignore

  it('takes a request without the header (R-52)', async () => {
    const handler = mcpHandler(LINES['SDK 2.x'] as () => AnyServer);
    const [body] = of2025('tools/call', 'quick');
    const request = new Request(ENDPOINT, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    request.headers.delete('accept');
    expect((await handler.fetch(request, {}, contextOf(accessWith()))).status).toBe(200);
  });

  it.each(['text/html', '*/*;q=0', 'application/xml'])('refuses %s (R-52)', async (accept) => {
    const handler = mcpHandler(LINES['SDK 2.x'] as () => AnyServer);
    expect((await ask(handler, of2025('tools/call', 'quick'), { accept })).status).toBe(406);
  });
});

describe('mcp, what a server says through its own object', () => {
  const heard = async (line: string, sent: Sent): Promise<unknown[]> => {
    const response = await ask(mcpHandler(LINES[line] as () => AnyServer), sent);
    const messages = await response.text();
    expect(messages).toContain('done');
    return said(messages).map(({ method, params }) => (params as { data?: unknown } | undefined)?.data ?? method ?? 'answer');
  };
  const LEVEL = 'io.modelcontextprotocol/logLevel';

  it.each(Object.keys(LINES))('belongs to the one request that it was made for: log lines and progress, by %s (R-53)', async (line) => {
    expect(await heard(line, of2025('tools/call', 'says'))).toEqual(['quietly', 'aloud', 'notifications/progress', 'answer']);
  });

  it('reaches a client of 2026 in the same way, log lines where it asks for them (R-53)', async () => {
    expect(await heard('SDK 2.x', of2026('tools/call', 'says'))).toEqual(['notifications/progress', 'answer']);
    expect(await heard('SDK 2.x', of2026('tools/call', 'says', { [LEVEL]: 'info' }))).toEqual([
      'aloud',
      'notifications/progress',
      'answer',
    ]);
  });

  it('reaches the sender of a batch (R-53)', async () => {
    const [body] = of2025('tools/call', 'says');
    const response = await ask(mcpHandler(LINES['SDK 2.x'] as () => AnyServer), [
      [body, { ...body, id: 8 }],
      { 'mcp-protocol-version': '2025-03-26' },
    ]);
    expect(await response.text()).toContain('aloud');
  });
});

describe('mcp, limits and misuse', () => {
  const large = (bytes: number): Sent => of2025('tools/call', 'quick', { arguments: { text: 'x'.repeat(bytes) } });

  it('takes as large a body as the server in front, or as its own option says, and else 4 MiB (R-54)', async () => {
    const status = async (options: McpOptions, bodyLimit: number | undefined, bytes: number): Promise<number> => {
      const handler = mcpHandler(LINES['SDK 2.x'] as () => AnyServer, options);
      const [body, headers] = large(bytes);
      const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
      const request = new Request(ENDPOINT, { method: 'POST', headers: all, body: JSON.stringify(body) });
      return (await handler.fetch(request, {}, withRequestState(contextOf(accessWith()), { bodyLimit }))).status;
    };
    expect(await status({}, undefined, 6_000_000)).toBe(413);
    expect(await status({}, 32 * 1024 * 1024, 6_000_000)).toBe(200);
    expect(await status({}, 1000, 2000)).toBe(413);
    expect(await status({ bodyLimit: 8_000_000 }, undefined, 6_000_000)).toBe(200);
    expect(() => mcpHandler(LINES['SDK 2.x'] as () => AnyServer, { bodyLimit: 0 })).toThrow(/mcpHandler: `bodyLimit`/);
  });

  it.each(Object.keys(LINES))('says what is wrong with a factory that returns one server twice, of %s (R-55)', async (line) => {
    const server = (LINES[line] as () => AnyServer)();
    const errors: string[] = [];
    const handler = mcpHandler(() => server, { onError: (error) => errors.push(`${error.name}: ${error.message}`) });
    expect((await ask(handler, of2025('tools/call', 'quick'))).status).toBe(200);
    for (const sent of [of2025('tools/call', 'quick'), of2026('tools/call', 'quick')]) expect((await ask(handler, sent)).status).toBe(500);
    expect(errors).toEqual(Array(2).fill('TypeError: mcpHandler: the server of another request was given. Return a new server each time.'));
  });
});
