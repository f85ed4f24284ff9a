import { type Context, type FetchObject, withRequestState } from '../../../src/model/context.ts';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { McpServer as OldMcpServer, ResourceTemplate as OldTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyServer, mcpHandler, openMcpHandler, policy } from '../../../src/mcp/index.ts';
import type { McpOptions } from '../../../src/mcp/handler.ts';
import type { PolicyOptions } from '../../../src/mcp/policy/policy.ts';
import type { Access, AuthContext } from '../../../src/model/access.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import { accessWith, callOf, connect, contextOf, ENDPOINT, LINES, text } from '../clients.ts';

const METADATA = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
const NEEDS: PolicyOptions = {
  tools: {
    read: { scopes: ['notes:read'] },
    save: { scopes: ['notes:read', 'notes:write'] },
    admin: { permissions: ['admin'] },
    both: { permissions: ['admin'], scopes: ['notes:write'] },
    secret: { permissions: ['admin'], hidden: true },
    ruled: { when: (_access, args) => (args as { id?: string }).id === 'mine' },
    broken: { when: () => Promise.reject(new Error('database password hunter2')) },
    worded: { permissions: ['admin'], text: 'Ask your manager.' },
  },
  resources: { 'notes://today': { scopes: ['notes:read'] }, 'notes://{id}': { permissions: ['admin'] } },
  prompts: { draft: { permissions: ['admin'] } },
  hierarchy: { everything: ['notes:write'], 'notes:write': ['notes:read'] },
};
const ran: string[] = [];

function build(Server: typeof McpServer, Template: typeof ResourceTemplate): McpServer {
  const server = new Server({ name: 'demo', version: '1' });
  for (const name of [...Object.keys(NEEDS.tools ?? {}), 'open'])
    server.registerTool(name, { inputSchema: z.object({ id: z.string().optional() }) as never }, (() => (ran.push(name), text(`ran ${name}`))) as never);
  server.registerResource('today', 'notes://today', {}, async (uri) => ({ contents: [{ uri: uri.href, text: 'today' }] }));
  server.registerResource('note', new Template('notes://{id}', { list: undefined }), {}, async (uri) => ({ contents: [{ uri: uri.href, text: 'note' }] }));
  server.registerPrompt('draft', {}, async () => ({ messages: [] }));
  return server;
} // prettier-ignore
const SDKS: readonly (readonly [string, () => AnyServer])[] = [
  ['SDK 2.x', () => build(McpServer, ResourceTemplate)],
  ['SDK 1.x', () => build(OldMcpServer as never, OldTemplate as never) as AnyServer],
];

const withScope = (scope: readonly string[], permissions: readonly string[] = []): Access<AuthContext> => ({
  ...accessWith(permissions),
  scope,
});

interface Asked {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: { readonly id?: unknown; readonly result?: Record<string, unknown>; readonly error?: { code: number; message: string } };
}

async function ask(
  handler: FetchObject,
  body: string | object,
  access: Access<AuthContext> | null,
  headers: Record<string, string> = {},
): Promise<Asked> {
  const request = new Request(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const ctx: Context = access ? contextOf(access) : { waitUntil: () => undefined };
  withRequestState(ctx, { isAnonymous: access === null, challenge: { metadataUrl: METADATA, scope: [] } });
  const response = await handler.fetch(request, {}, ctx);
  const sent = await response.text();
  const json = /^data: (\{.*)$/m.exec(sent)?.[1] ?? sent;
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body: JSON.parse(json) as Asked['body'] };
}

describe.each(SDKS)('mcp/gate with a server of %s', (_, make) => {
  const events: NewEvent[] = [];
  const errors: unknown[] = [];
  const options: McpOptions = {
    policy: policy(NEEDS),
    on: (event) => void events.push(event),
    onError: (error) => void errors.push(error),
  };
  const handler = mcpHandler(make, options);
  const call = (name: string, access: Access<AuthContext> | null, args = {}, headers = {}): Promise<Asked> =>
    ask(handler, callOf(7, name, args), access, headers);

  it('lets a call through that has its scopes and its permissions, and tools without a need for all', async () => {
    for (const [name, access] of [['read', withScope(['notes:read'])], ['save', withScope(['notes:read', 'notes:write'])], ['admin', accessWith(['admin'])], ['open', withScope([])]] as const)
      expect((await call(name, access)).body.result).toMatchObject({ content: [{ text: `ran ${name}` }] });
  }); // prettier-ignore

  it('S-120 S-121 S-136 asks for all scopes of the operation at once with a 403, before the handler, each time alike (SEC-194)', async () => {
    ran.length = 0;
    for (let time = 0; time < 3; time++) {
      const { status, challenge } = await call('save', withScope(['notes:read']));
      expect(status).toBe(403);
      expect(challenge).toBe(`Bearer error="insufficient_scope", resource_metadata="${METADATA}", scope="notes:read notes:write"`);
    }
    expect(ran).toEqual([]);
  });

  it('S-120 challenges a caller with the scheme of the request, Bearer or DPoP (RFC 9449 §7.1)', async () => {
    const bound = { ...withScope(['notes:read']), cnf: { jkt: 'A'.repeat(43) } };
    expect((await call('save', bound)).challenge).toMatch(
      /^DPoP error="insufficient_scope", .*scope="notes:read notes:write", algs="ES256 /,
    );
  });

  it('S-122 honours the hierarchy, and SEC-195 nothing that only looks like it', async () => {
    expect((await call('read', withScope(['notes:write']))).status).toBe(200);
    expect((await call('save', withScope(['everything']))).status).toBe(200);
    for (const scope of ['notes', 'notes:rea', 'notes:readx', 'xnotes:read', 'NOTES:READ', '*', 'notes:*'])
      expect((await call('read', withScope([scope]))).status).toBe(403);
  });

  it('answers a missing permission with a result, never a challenge, also if scopes are missing too', async () => {
    for (const name of ['admin', 'both']) {
      const { status, challenge, body } = await call(name, withScope([]));
      expect([status, challenge]).toEqual([200, null]);
      expect(body).toMatchObject({ id: 7, result: { isError: true, content: [{ text: 'You do not have permission to use this tool.' }] } });
    }
    expect((await call('worded', withScope([]))).body.result).toMatchObject({ content: [{ text: 'Ask your manager.' }] });
    expect((await call('both', withScope([], ['admin']))).status).toBe(403); // now the scope is what is missing
  });

  it('SEC-180 says of a hidden tool what it says of one that does not exist', async () => {
    const [hidden, none] = [await call('secret', withScope([])), await call('nosuch', withScope([]))];
    const said = (asked: Asked): string => JSON.stringify(asked.body).replaceAll(/secret|nosuch/g, 'NAME');
    expect(said(hidden)).toBe(said(none));
    expect((await call('secret', accessWith(['admin']))).body.result).toMatchObject({ content: [{ text: 'ran secret' }] });
  });

  it('SEC-186 lets a rule decide by the arguments, and denies where the rule fails, without its words', async () => {
    expect((await call('ruled', withScope([]), { id: 'mine' })).body.result).toMatchObject({ content: [{ text: 'ran ruled' }] });
    expect((await call('ruled', withScope([]), { id: 'yours' })).body.result).toMatchObject({ isError: true });
    const broken = await call('broken', withScope([]));
    expect(broken.body.result).toMatchObject({ isError: true });
    expect(JSON.stringify(broken.body)).not.toContain('hunter2');
  });

  it('SEC-181 knows tools by their very names', async () => {
    ran.length = 0;
    for (const name of ['ADMIN', 'admin ', ' admin', 'admin\0', 'ａdmin', '__proto__', 'constructor', 'toString'])
      await call(name, withScope([]));
    expect(ran).toEqual([]);
  });

  it('guards resources, templates and prompts alike', async () => {
    const read = (uri: string, access: Access<AuthContext>): Promise<Asked> => ask(handler, { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } }, access);
    expect((await read('notes://today', withScope([], ['admin']))).status).toBe(403);
    expect((await read('notes://today', withScope(['notes:read'], ['admin']))).body.result).toMatchObject({ contents: [{ text: 'today' }] });
    expect((await read('notes://77', withScope(['notes:read']))).body.error).toMatchObject({ code: -32602 });
    expect((await read('notes://77', accessWith(['admin']))).body.result).toMatchObject({ contents: [{ text: 'note' }] });
    const prompt = { jsonrpc: '2.0', id: 1, method: 'prompts/get', params: { name: 'draft' } };
    expect((await ask(handler, prompt, withScope([]))).body.error).toMatchObject({ code: -32602, message: 'You do not have permission to use this prompt.' });
    expect((await ask(handler, prompt, accessWith(['admin']))).body.result).toBeDefined();
    const complete = { jsonrpc: '2.0', id: 1, method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'draft' }, argument: { name: 'a', value: '' } } };
    expect((await ask(handler, complete, withScope([]))).body.error).toMatchObject({ message: 'You do not have permission to use this prompt.' });
  }); // prettier-ignore

  it('SEC-183 refuses a whole batch with one refused call, and a message that repeats a name', async () => {
    ran.length = 0;
    const batch = (names: readonly string[]): string => `[${names.map((name, at) => callOf(at, name)).join(',')}]`;
    expect((await ask(handler, batch(['open', 'read']), withScope([]))).status).toBe(403);
    const mixed = await ask(handler, batch(['open', 'admin']), withScope([]));
    expect(mixed.body).toMatchObject([{ id: 0, error: { code: -32600 } }, { id: 1, result: { isError: true } }]);
    const twice = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open","name":"admin","arguments":{}}}';
    expect((await ask(handler, twice, withScope([]))).status).toBe(400);
    const deep = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open","arguments":${'[' .repeat(100)}${']'.repeat(100)}}}`;
    expect((await ask(handler, deep, withScope([]))).status).toBe(400);
    expect(ran).toEqual([]);
  }); // prettier-ignore

  it('challenges ChatGPT in the form that it understands, and lists what each tool needs', async () => {
    const agent = { 'user-agent': 'openai-mcp/1.0.0' };
    const { status, body } = await call('read', withScope([]), {}, agent);
    expect(status).toBe(200);
    expect(body.result).toMatchObject({
      isError: true,
      _meta: { 'mcp/www_authenticate': [`Bearer error="insufficient_scope", resource_metadata="${METADATA}", scope="notes:read"`] },
    });
    const byId = { ...withScope([]), clientId: 'https://chatgpt.com/oauth/client.json' };
    expect((await call('read', byId)).status).toBe(200);
    expect((await call('read', { ...byId, clientId: 'https://chatgpt.com.evil.example/client.json' })).status).toBe(403);
    const list = await ask(handler, { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }, withScope([]));
    const tools = list.body.result?.['tools'] as { name: string; _meta?: object }[];
    expect(tools.find(({ name }) => name === 'save')?._meta).toEqual({ securitySchemes: [{ type: 'oauth2', scopes: ['notes:read', 'notes:write'] }] });
    expect(tools.find(({ name }) => name === 'open')?._meta).toBeUndefined();
  }); // prettier-ignore

  it.each(LINES)('S-131 lists what a user may use, and what consent could unlock (%s client)', async (line) => {
    let access = withScope([]);
    const client = await connect(line, handler, () => access);
    expect((await client.tools()).toSorted()).toEqual(['broken', 'open', 'read', 'ruled', 'save']);
    access = withScope([], ['admin']);
    expect((await client.tools()).length).toBe(9);
    expect(await client.call('admin')).toEqual({ text: 'ran admin', isError: false });
    access = withScope([]); // SEC-185: taken away between two calls
    expect(await client.call('admin')).toMatchObject({ isError: true });
    await client.close();
  });

  it('tells of each decision: who, what, why, and no arguments (S-137)', async () => {
    events.length = 0;
    await call('read', withScope(['notes:read']), { id: 'do not tell' });
    await call('save', withScope([]), { id: 'do not tell' });
    await call('admin', withScope([]), { id: 'do not tell' });
    const who = { userId: 'u1', clientId: 'c1', grantId: 'g1', primitive: 'tool' };
    expect(events).toEqual([
      { kind: 'call.allowed', name: 'read', ...who },
      { kind: 'call.challenged', name: 'save', scope: ['notes:read', 'notes:write'], ...who },
      { kind: 'call.denied', name: 'admin', reason: 'permission_missing', ...who },
    ]);
    expect(JSON.stringify(events)).not.toContain('do not tell');
  });

  it('changes no answer when the listener throws', async () => {
    const strict = mcpHandler(make, { ...options, on: () => { throw new Error('log is full'); } }); // prettier-ignore
    expect((await ask(strict, callOf(1, 'open'), withScope([]))).status).toBe(200);
    expect(errors.some((error) => String(error).includes('log is full'))).toBe(true);
  });

  it('closes what has no need written down, with `strict`', async () => {
    const strict = mcpHandler(make, { ...options, policy: policy({ ...NEEDS, strict: true }) });
    expect(JSON.stringify((await ask(strict, callOf(1, 'open'), accessWith(['admin']))).body)).toContain('Tool open not found');
    const list = await ask(strict, { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }, accessWith(['admin']));
    expect(((list.body.result ?? {})['tools'] as { name: string }[]).map(({ name }) => name)).not.toContain('open');
  });
});

describe('mcp/gate, callers without a token', () => {
  const needs: PolicyOptions = { tools: { open: { anonymous: true }, read: { scopes: ['notes:read'] } } };
  const make = SDKS[0]?.[1] as () => AnyServer;

  it('serves them what is marked so, and sends them to sign in for all else', async () => {
    const handler = openMcpHandler(make, { policy: policy(needs), onError: () => {} });
    expect((await ask(handler, callOf(1, 'open'), null)).body.result).toMatchObject({ content: [{ text: 'ran open' }] });
    const { status, challenge } = await ask(handler, callOf(1, 'read'), null);
    expect([status, challenge]).toEqual([401, `Bearer resource_metadata="${METADATA}", scope="notes:read"`]);
    expect((await ask(handler, callOf(1, 'admin'), null)).status).toBe(401);
  });

  it('turns them away before the factory where the handler is not open', async () => {
    let made = 0;
    const handler = mcpHandler(() => (made++, make()), { policy: policy(needs) });
    expect((await ask(handler, callOf(1, 'open'), null)).status).toBe(401);
    expect(made).toBe(0);
  });
});

describe('mcp/policy, at start-up', () => {
  it.each([
    [{ tools: { a: { scopes: ['two words'] } } }, /tools\.a\.scopes/],
    [{ tools: { a: { permissions: [''] } } }, /tools\.a\.permissions/],
    [{ prompts: { a: { when: true as never } } }, /prompts\.a: `when` must be/],
    [{ tools: { a: { anonymous: true, scopes: ['x'] } } }, /tools\.a/],
    [{ hierarchy: { a: ['b'], b: ['a'] } }, /is circular/],
    [{ hierarchy: { a: 'b' } as never }, /^hierarchy: `a` must list the scopes/],
    [{ tools: new Map([['a', { scopes: ['x'] }]]) as never }, /^policy: `tools` must be of type object/],
    [Promise.resolve({}) as never, /^policy: the options must be an object/],
  ])('refuses %j', (options, message) => {
    expect(() => policy(options)).toThrow(message);
  });

  it('knows which tools each scope unlocks', () => {
    expect(policy(NEEDS).unlocks).toEqual({ 'notes:read': ['read', 'save'], 'notes:write': ['save', 'both'] });
  });
});
