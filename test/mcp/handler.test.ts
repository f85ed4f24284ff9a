import { McpServer, Server } from '@modelcontextprotocol/server';
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { mcpHandler } from '../../src/mcp/index.ts';
import type { Context, FetchObject } from '../../src/model/context.ts';
import { accessWith, callOf, connect, contextOf, ENDPOINT, LINES, post, text } from './clients.ts';

const slow = { started: (): void => undefined, aborted: (): void => undefined };

function build(): McpServer {
  const server = new McpServer({ name: 'demo', version: '1.0.0' });
  server.registerTool('count', {}, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [1, 2]) {
      if (progressToken !== undefined) await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress } });
    }
    return text('counted');
  });
  server.registerTool('wait', {}, async ({ mcpReq }) => {
    slow.started();
    await new Promise<void>((resolve) => mcpReq.signal.addEventListener('abort', () => resolve(), { once: true }));
    slow.aborted();
    return text('too late');
  });
  return server;
}

function buildOld(): OldMcpServer {
  const server = new OldMcpServer({ name: 'demo', version: '1.0.0' });
  server.tool('count', async ({ _meta, sendNotification }) => {
    for (const progress of [1, 2]) {
      if (_meta?.progressToken !== undefined) {
        await sendNotification({ method: 'notifications/progress', params: { progressToken: _meta.progressToken, progress } });
      }
    }
    return text('counted');
  });
  server.tool('wait', async ({ signal }) => {
    slow.started();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    slow.aborted();
    return text('too late');
  });
  return server;
}

describe.each([
  ['SDK 2.x', build],
  ['SDK 1.x', buildOld],
] as const)('mcp/handler with %s', (_, factory) => {
  const handler: FetchObject = mcpHandler(factory);

  it.each(LINES)('carries progress while the call runs (%s client)', async (line) => {
    const client = await connect(line, handler, () => accessWith());
    const seen: number[] = [];
    expect(await client.call('count', {}, (progress) => seen.push(progress))).toEqual({ text: 'counted', isError: false });
    expect(seen).toEqual([1, 2]);
    await client.close();
  });

  it('ends a call whose client goes away, and stays up (SEC-197)', async () => {
    const gone = new AbortController();
    const started = new Promise<void>((resolve) => (slow.started = resolve));
    const aborted = new Promise<void>((resolve) => (slow.aborted = resolve));
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const request = new Request(ENDPOINT, { method: 'POST', headers, body: callOf(1, 'wait'), signal: gone.signal });
    const response = await handler.fetch(request, {}, contextOf(accessWith()));
    await started;
    gone.abort();
    await response.body?.cancel();
    await aborted;
    const { messages } = await post(handler, callOf(2, 'count'), accessWith());
    expect(messages).toMatchObject([{ id: 2, result: { content: [{ text: 'counted' }] } }]);
  });

  it.each(['GET', 'DELETE'])('answers %s with 405: there is no session', async (method) => {
    const response = await handler.fetch(new Request(ENDPOINT, { method }), {}, contextOf(accessWith()));
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('serves many callers at once, each with its own rights', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `user ${at}`);
    const whoami = mcpHandler((access) => {
      const server = factory();
      const say = () => text(String((access.props['claims'] as { name: string }).name));
      if (server instanceof McpServer) server.registerTool('whoami', {}, say);
      else server.tool('whoami', say);
      return server;
    });
    const answers = await Promise.all(names.map((name) => post(whoami, callOf(1, 'whoami'), accessWith([], name))));
    expect(answers.map(({ messages }) => (messages as { result: { content: { text: string }[] } }[])[0]?.result.content[0]?.text)).toEqual(
      names,
    );
  });
});

describe('mcp/handler', () => {
  it('runs nothing and tells the operator when no guard stood before', async () => {
    const reported: string[] = [];
    let made = 0;
    const handler = mcpHandler(() => (made++, build()), { onError: (error) => reported.push(error.message) });
    const bare: Context = { waitUntil: () => undefined, props: { permissions: ['admin'] } };
    const response = await handler.fetch(new Request(ENDPOINT, { method: 'POST', body: callOf(1, 'count') }), {}, bare);
    expect([response.status, made]).toEqual([500, 0]);
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: null, error: { code: -32603, message: 'Internal server error' } });
    expect(reported).toEqual([expect.stringContaining('mount it behind OAuthProvider or guard()')]);
  });

  it('answers 500 without details when the server cannot be made', async () => {
    const reported: string[] = [];
    const fail = (): never => {
      throw new Error('no database at 10.0.0.7');
    };
    const handler = mcpHandler(fail, { onError: (error) => reported.push(error.message) });
    const { status, messages } = await post(handler, callOf(1, 'count'), accessWith());
    expect(status).toBe(500);
    expect(JSON.stringify(messages)).not.toContain('10.0.0.7');
    expect(reported).toEqual(['no database at 10.0.0.7']);
  });

  it('refuses to connect one server to two requests', async () => {
    const reported: string[] = [];
    const one = build();
    const handler = mcpHandler(() => one, { onError: (error) => reported.push(error.message) });
    const started = new Promise<void>((resolve) => (slow.started = resolve));
    const gone = new AbortController();
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const first = new Request(ENDPOINT, { method: 'POST', headers, body: callOf(1, 'wait'), signal: gone.signal });
    const open = await handler.fetch(first, {}, contextOf(accessWith()));
    await started;
    expect((await post(handler, callOf(2, 'count'), accessWith([], 'Bob'))).status).toBe(500);
    expect(reported).toHaveLength(1);
    gone.abort();
    await open.body?.cancel();
  });

  it('serves a low-level Server too', async () => {
    const handler = mcpHandler(() => {
      const server = new Server({ name: 'demo', version: '1.0.0' }, { capabilities: { tools: {} } });
      server.setRequestHandler('tools/list', () => ({ tools: [{ name: 'low', inputSchema: { type: 'object' } }] }));
      return server;
    });
    for (const line of LINES) {
      const client = await connect(line, handler, () => accessWith());
      expect(await client.tools()).toEqual(['low']);
      await client.close();
    }
  });
});
