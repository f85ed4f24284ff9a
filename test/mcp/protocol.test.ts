/** What the protocol itself asks of a guarded server, in both of its lines, through the whole server. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { elicit, mcpHandler, policy, sessions } from '../../src/mcp/index.ts';
import type { Handler } from '../../src/model/context.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { text } from './clients.ts';

const STORE = storeNames[0] ?? '';
const MODERN = '2026-07-28';
const SURE = {
  key: 'sure',
  message: 'Sure?',
  requestedSchema: { type: 'object' as const, properties: { sure: { type: 'boolean' as const } } },
};

const build = (): McpServer => {
  const server = new McpServer({ name: 'p', version: '1' });
  server.registerTool('look', {}, () => text('looked'));
  server.registerTool('wipe', {}, () => text('wiped'));
  server.registerTool('grant', {}, () => text('granted'));
  server.registerTool('ask', {}, async (context) => text(JSON.stringify((await elicit(context, SURE)).content)));
  return server;
};
const rules = policy({ tools: { wipe: { permissions: ['nobody'] }, grant: { scopes: ['write'] } } });
const handler = mcpHandler(build, { policy: rules, sessions: sessions(), onError: () => undefined }) as Handler;
const stateless = mcpHandler(build, { onError: () => undefined }) as Handler;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { result?: Record<string, unknown>; error?: { code: number; data?: { supported?: string[] } } };
}

async function send(
  app: App,
  token: string | null,
  message: object | null,
  more: Record<string, string> = {},
  method = 'POST',
): Promise<Answer> {
  const headers = {
    ...(token !== null && { authorization: `Bearer ${token}` }),
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...more,
  };
  const response = await app.send(new Request(`${ISSUER}/mcp`, { method, headers, ...(message && { body: JSON.stringify(message) }) }));
  const words = await response.text();
  const json =
    words
      .split('\n')
      .findLast((line) => line.startsWith('data: {'))
      ?.slice(6) ?? words;
  return { status: response.status, headers: response.headers, body: json.startsWith('{') ? (JSON.parse(json) as Answer['body']) : {} };
}

/** A request as a client of 2026-07-28 puts it on the wire. */
function modern(
  app: App,
  token: string | null,
  method: string,
  params: { name?: string; _meta?: object; [member: string]: unknown } = {},
  id = 1,
  version = MODERN,
): Promise<Answer> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
  };
  const headers = { 'mcp-protocol-version': version, 'mcp-method': method, ...(params.name !== undefined && { 'mcp-name': params.name }) };
  return send(app, token, { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ..._meta, ...params._meta } } }, headers);
}

const initialize = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};

const serving = async (more: object = {}): Promise<{ app: App; token: string }> => {
  const app = await makeApp(STORE, { apiHandler: handler, ...more });
  return { app, token: (await app.signedIn()).tokens.access };
};

describe('the protocol behind the guard', () => {
  it('S-132: a list that varies by user is for that user alone to keep', async () => {
    const { app, token } = await serving();
    const { result } = (await modern(app, token, 'tools/list')).body;
    expect((result?.['tools'] as { name: string }[] | undefined)?.map(({ name }) => name)).not.toContain('wipe');
    expect(result?.['cacheScope']).toBe('private');
  });

  it('S-230: without sessions GET and DELETE are a 405, and a stray session id changes nothing', async () => {
    const { app, token } = await serving({ apiHandler: stateless });
    expect((await send(app, token, null, {}, 'GET')).status).toBe(405);
    expect((await send(app, token, null, { 'mcp-session-id': 'stray' }, 'DELETE')).status).toBe(405);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', arguments: {} } };
    expect((await send(app, token, call, { 'mcp-session-id': 'stray' })).status).toBe(200);
  });

  it('S-232: a version, a method or a capability that is not there is told as the protocol says, after the token was looked at', async () => {
    const { app, token } = await serving();
    const version = await modern(app, token, 'tools/list', {}, 1, '2099-01-01');
    expect([version.status, version.body.error?.code, version.body.error?.data?.supported?.includes(MODERN)]).toEqual([400, -32022, true]);
    const method = await modern(app, token, 'no/such');
    expect([method.status, method.body.error?.code]).toEqual([404, -32601]);
    expect((await modern(app, null, 'no/such')).status).toBe(401);
    expect((await modern(app, null, 'tools/list', {}, 1, '2099-01-01')).status).toBe(401);
  });

  it('S-233: discovery works for callers with a token only', async () => {
    const { app, token } = await serving();
    expect((await modern(app, null, 'server/discover')).status).toBe(401);
    const found = await modern(app, token, 'server/discover');
    expect(found.status).toBe(200);
    expect(JSON.stringify(found.body.result)).toContain(MODERN);
  });

  it('S-133: tasks are not served, so that no caller can read those of another', async () => {
    const { app, token } = await serving();
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel', 'tasks/result', 'tasks/list']) {
      const params = { name: 'someone-elses', taskId: 'someone-elses' };
      expect((await modern(app, null, method, params)).status).toBe(401);
      const { status, body } = await modern(app, token, method, params);
      expect([method, status, body.error?.code]).toEqual([method, 404, -32601]);
      const old = await send(app, token, { jsonrpc: '2.0', id: 1, method, params });
      expect([method, old.body.error?.code, old.body.result]).toEqual([method, -32601, undefined]);
    }
  });

  it('S-234: a question comes back under another id and with another token of the same grant', async () => {
    const app = await makeApp(STORE, { apiHandler: handler });
    const { client, tokens } = await app.signedIn();
    const { result } = (await modern(app, tokens.access, 'tools/call', { name: 'ask', arguments: {} })).body;
    expect(result?.['resultType']).toBe('input_required');
    const fresh = tokensOf(await client.refresh(tokens.refresh));
    const inputResponses = { sure: { action: 'accept', content: { sure: true } } };
    const params = { name: 'ask', arguments: {}, requestState: result?.['requestState'], inputResponses };
    expect(JSON.stringify((await modern(app, fresh.access, 'tools/call', params, 2)).body.result)).toContain('true');
  });

  it('S-235: the stream of changes is a POST, where the GET of other lines is not, and it ends with its token', async () => {
    const { app, token } = await serving();
    const listen = { notifications: { toolsListChanged: true } };
    expect((await modern(app, null, 'subscriptions/listen', listen)).status).toBe(401);
    const get = await send(app, token, null, { 'mcp-protocol-version': MODERN }, 'GET');
    expect([get.status, get.headers.get('content-type')?.includes('event-stream') ?? false]).toEqual([405, false]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'], now: app.clock.now() * 1000 });
    try {
      const answer = modern(app, token, 'subscriptions/listen', listen); // reads to the end of the stream
      await vi.advanceTimersByTimeAsync(3_500_000);
      expect(await Promise.race([answer, Promise.resolve('still open')])).toBe('still open');
      await vi.advanceTimersByTimeAsync(110_000);
      const { status, headers } = await answer;
      expect([status, headers.get('content-type')?.includes('event-stream')]).toEqual([200, true]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('S-177: a URL in an elicitation signs no user in and requests no scope', async () => {
    const app = await makeApp(STORE, { apiHandler: handler });
    const client = await app.client();
    const { access } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE, { scope: 'read' })));
    const asks = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {}, url: {} } } };
    const call = (name: string): { name: string; _meta: object } => ({ name, _meta: asks });
    for (const [token, name, status] of [[null, 'look', 401], ['wrong', 'look', 401], [access, 'grant', 403]] as const) {
      const old = await send(app, token, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } });
      for (const answer of [old, await modern(app, token, 'tools/call', call(name))]) {
        expect([answer.status, answer.headers.get('www-authenticate')?.startsWith('Bearer ')]).toEqual([status, true]);
        expect(JSON.stringify(answer.body)).not.toMatch(/input_required|elicitation|-32042/);
      }
    }
    const denied = await modern(app, access, 'tools/call', call('wipe'));
    expect(JSON.stringify(denied.body)).toContain('"isError":true');
    expect(JSON.stringify(denied.body)).not.toMatch(/input_required|elicitation|-32042/);
  }); // prettier-ignore

  it('S-237: one address serves both lines, with sessions and without', async () => {
    for (const apiHandler of [handler, stateless]) {
      const { app, token } = await serving({ apiHandler });
      const old = await send(app, token, initialize);
      expect([old.status, old.body.result?.['protocolVersion']]).toEqual([200, '2025-11-25']);
      expect((await modern(app, token, 'tools/list')).status).toBe(200);
    }
  });

  it('S-238: no proxy is to hold back a stream', async () => {
    const { app, token } = await serving();
    const { headers } = await send(app, token, initialize);
    expect([headers.get('content-type'), headers.get('x-accel-buffering')]).toEqual(['text/event-stream', 'no']);
    const stream = await app.send(
      new Request(`${ISSUER}/mcp`, {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'mcp-session-id': headers.get('mcp-session-id') ?? '' },
      }),
    );
    expect([stream.status, stream.headers.get('x-accel-buffering')]).toEqual([200, 'no']);
    await stream.body?.cancel();
  });

  it.each([undefined, '2024-11-05', '2025-03-26', '2025-11-25', 'nonsense'])(
    'S-239: the version header %s loosens no rule',
    async (version) => {
      const { app, token } = await serving();
      const headers: Record<string, string> = version === undefined ? {} : { 'mcp-protocol-version': version };
      const call = (name: string): object => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } });
      expect((await send(app, null, call('look'), headers)).status).toBe(401);
      const wiped = await send(app, token, call('wipe'), headers);
      expect(JSON.stringify(wiped.body)).not.toContain('wiped');
    },
  );

  it('S-239: a scope that is missing is asked for, whatever the version header says', async () => {
    const app = await makeApp(STORE, { apiHandler: handler });
    const client = await app.client();
    const code = await client.signIn(app.browser(), { username: 'alice', password: 'correct horse battery' }, { scope: 'read' });
    const { access } = tokensOf(await client.redeem(code));
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'grant', arguments: {} } };
    for (const version of ['2024-11-05', '2025-11-25', 'nonsense'])
      expect((await send(app, access, call, { 'mcp-protocol-version': version })).status).toBe(403);
  });
});
