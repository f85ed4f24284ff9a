/** What was judged is what runs: completions, lists, resources in every spelling, renamed tools, methods of a server's own. */
import { type Context, type FetchObject, requestState, withRequestState } from '../../src/model/context.ts';
import { completable, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { completable as oldCompletable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer as OldMcpServer, ResourceTemplate as OldTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyServer, openMcpHandler, policy } from '../../src/mcp/index.ts';
import type { PolicyOptions } from '../../src/mcp/policy/policy.ts';
import type { Access, AuthContext } from '../../src/model/access.ts';
import { accessWith, callOf, contextOf, ENDPOINT, text } from './clients.ts';

const ran: string[] = [];
const NEEDS: PolicyOptions = {
  tools: { open: { anonymous: true }, wipe: { permissions: ['admin'] }, hidden: { permissions: ['admin'], hidden: true } },
  prompts: { open: { anonymous: true }, draft: { permissions: ['admin'] } },
  resources: {
    'files://{+path}': {},
    'files://secret/{id}': { permissions: ['admin'] },
    'files://open/today': { anonymous: true },
    'files://plain/note': { permissions: ['admin'] },
  },
};
const LINES = { '2.x': [McpServer, ResourceTemplate, completable], '1.x': [OldMcpServer, OldTemplate, oldCompletable] } as const;

/** @param narrowFirst in which order the templates are registered, which the SDK looks them up in. */
function build(line: keyof typeof LINES, narrowFirst = true): McpServer {
  const [Server, Template, complete] = LINES[line] as unknown as [typeof McpServer, typeof ResourceTemplate, typeof completable];
  const server = new Server({ name: 'p', version: '1' });
  for (const name of ['open', 'wipe', 'hidden']) server.registerTool(name, { description: `says ${name}` }, () => (ran.push(name), text(name)));
  for (const name of ['open', 'draft']) {
    const word = complete(z.string(), (value) => (ran.push(`completed ${name}`), [`${value} of ${name}`]));
    const argsSchema = (line === '2.x' ? z.object({ word }) : { word }) as never;
    server.registerPrompt(name, { description: `says ${name}`, argsSchema }, () => (ran.push(`prompt ${name}`), { messages: [] }));
  }
  const read = (name: string) => async (uri: URL) => (ran.push(`${name} ${uri.href}`), { contents: [{ uri: uri.href, text: name }] });
  const complete2 = { id: () => (ran.push('completed secret'), ['1']) };
  const narrow = (): void => void server.registerResource('secret', new Template('files://secret/{id}', { list: undefined, complete: complete2 }), {}, read('narrow'));
  if (narrowFirst) narrow();
  server.registerResource('any', new Template('files://{+path}', { list: undefined }), {}, read('wide'));
  if (!narrowFirst) narrow();
  server.registerResource('today', 'files://open/today', {}, read('today'));
  return server;
} // prettier-ignore

interface Answer {
  readonly id?: unknown;
  readonly result?: { readonly [member: string]: unknown };
  readonly error?: { readonly code: number; readonly message: string };
}

async function ask(handler: FetchObject, body: unknown, access: Access<AuthContext> | null): Promise<{ status: number; answers: Answer[] }> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const request = new Request(ENDPOINT, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const ctx: Context = access ? contextOf(access) : { waitUntil: () => undefined };
  withRequestState(ctx, { isAnonymous: access === null, challenge: { metadataUrl: `${ENDPOINT}/metadata`, scope: [] } });
  const response = await handler.fetch(request, {}, ctx);
  const words = await response.text();
  const found = words.startsWith('{') || words.startsWith('[') ? [words] : [...words.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => json);
  return { status: response.status, answers: found.flatMap((json) => JSON.parse(json) as Answer | Answer[]) };
} // prettier-ignore

const request = (method: string, params: object = {}, id: number | string = 1): object => ({ jsonrpc: '2.0', id, method, params });
const namesIn = (answers: readonly Answer[]): string[] =>
  answers.flatMap(({ result = {} }) =>
    ['tools', 'prompts'].flatMap((member) => ((result[member] ?? []) as { name: string }[]).map(({ name }) => `${member} ${name}`)),
  );

describe.each(['2.x', '1.x'] as const)('what was judged is what runs, SDK %s', (line) => {
  const options = { policy: policy(NEEDS), onError: () => {}, on: () => {} };
  const handler = openMcpHandler(() => build(line) as AnyServer, options);
  const [user, admin] = [accessWith(), accessWith(['admin'])];

  it('F-02 judges a completion by the type of its reference, whatever other members say', async () => {
    ran.length = 0;
    const argument = { name: 'word', value: 'x' };
    const complete = (ref: unknown): object => request('completion/complete', { ref, argument });
    const gated = [
      { type: 'ref/prompt', name: 'draft' },
      { type: 'ref/prompt', name: 'draft', uri: null },
      { type: 'ref/prompt', name: 'draft', uri: 'files://open/today' },
      { type: 'ref/resource', uri: 'files://secret/{id}', name: 'open' },
    ];
    for (const ref of gated) {
      expect((await ask(handler, complete(ref), user)).answers).toMatchObject([{ id: 1, error: { code: -32602, message: /permission/ } }].map((one) => ({ ...one, error: { ...one.error, message: expect.stringMatching(one.error.message) } }))); // prettier-ignore
      expect((await ask(handler, complete(ref), null)).status).toBe(401);
    }
    const neither = [{ type: 'ref/other', name: 'draft' }, { name: 'draft' }, { uri: 'files://secret/{id}' }, { type: ['ref/prompt'], name: 'draft' }, { type: 'ref/prompt' }, { type: 'ref/resource', name: 'draft' }, null, 'draft', [{ type: 'ref/prompt', name: 'draft' }]]; // prettier-ignore
    for (const ref of neither)
      for (const access of [user, null]) {
        const { status, answers } = await ask(handler, complete(ref), access);
        expect([ref, status, answers[0]?.error?.code]).toEqual([ref, 400, -32602]);
      }
    expect(ran).toEqual([]);
    expect((await ask(handler, complete(gated[1]), admin)).answers[0]?.result).toMatchObject({ completion: { values: ['x of draft'] } });
    expect((await ask(handler, complete({ type: 'ref/prompt', name: 'open' }), null)).answers[0]?.result).toMatchObject({ completion: { values: ['x of open'] } }); // prettier-ignore
    expect(ran).toEqual(['completed draft', 'completed open']);
  });

  it('F-03 filters every list by what is in it, and refuses a batch in which an id stands twice', async () => {
    const [tools, prompts] = [request('tools/list'), request('prompts/list')];
    for (const access of [user, null])
      for (const twice of [[tools, prompts], [prompts, tools], [tools, request('ping')], [request('ping', {}, '1'), tools]]) {
        const { status, answers } = await ask(handler, twice, access);
        expect([status, answers]).toMatchObject([400, [{ error: { code: -32600 } }]]);
      }
    const both = (await ask(handler, [tools, request('prompts/list', {}, 2)], user)).answers;
    expect(namesIn(both).toSorted()).toEqual(['prompts open', 'tools open']);
    expect(namesIn((await ask(handler, [request('prompts/list', {}, 2), tools], admin)).answers)).toHaveLength(5);
    expect(namesIn((await ask(handler, tools, null)).answers)).toEqual(['tools open']);
  }); // prettier-ignore

  it('F-03 filters a list that a server gives in answer to something else', async () => {
    const chatty = openMcpHandler(() => {
      const server = build(line);
      const all = { resultType: 'complete', tools: [{ name: 'open', inputSchema: { type: 'object' } }, { name: 'wipe', inputSchema: { type: 'object' } }, 7, null], prompts: [{ name: 'draft' }] };
      (server.server as unknown as { _requestHandlers: Map<string, unknown> })._requestHandlers.set('acme/list', async () => all);
      return server as AnyServer;
    }, options); // prettier-ignore
    const { answers } = await ask(chatty, request('acme/list'), user);
    expect(answers[0]?.result).toMatchObject({ tools: [{ name: 'open' }, 7, null], prompts: [] });
    expect(namesIn((await ask(chatty, request('acme/list'), admin)).answers.map(({ result = {} }) => ({ result: { prompts: result['prompts'] } })))).toEqual(['prompts draft']); // prettier-ignore
  });

  it.each([true, false])('F-04 wants every policy met that a resource matches (narrow template first: %s)', async (narrowFirst) => {
    ran.length = 0;
    const one = openMcpHandler(() => build(line, narrowFirst) as AnyServer, options);
    const read = async (uri: string, access: Access<AuthContext> | null): Promise<unknown> => {
      const { status, answers } = await ask(one, request('resources/read', { uri }), access);
      return status === 200 ? (answers[0]?.error?.message ?? 'read') : status;
    };
    expect(await read('files://notes/1', user)).toBe('read');
    expect(await read('files://secret/1', user)).toBe('You do not have permission to read this resource.');
    expect(await read('files://secret/1', admin)).toBe('read');
    expect(await read('files://secret/1', null)).toBe(401);
    expect(await read('files://open/today', null)).toBe(401); // open to all by its own need, and not by that of `files://{+path}`
    expect(await read('files://open/today', user)).toBe('read');
    expect(ran.filter((what) => what.includes('secret'))).toHaveLength(1);
  });

  it('SEC-181 reads what a policy protects in no other spelling: of scheme, host, path, user, port, encoding', async () => {
    ran.length = 0;
    const spellings = [
      'FILES://secret/1', 'Files://secret/1', 'files://SECRET/1', 'files://%73ecret/1', 'files://s%65cret/1', 'files://secret/%31', 'files://%2573ecret/1', 'files://secret//1',
      'files://secret/./1', 'files://secret/1/', 'files://secret/x/../1', 'files://open/../secret/1', 'files://open/..%2Fsecret/1', 'files://open/%2e%2e/secret/1', 'files://open%2F..%2Fsecret%2F1',
      'files://user@secret/1', 'files://user:pass@secret/1', 'files://secret:/1', 'files:///secret/1', 'files://secret/1?x=1', 'files://secret/1#x', 'files://sec\nret/1', 'files://secret/1\t', ' files://secret/1', 'files://secret/1 ',
      'files://secret\\1', 'files://x/..\\..\\secret\\1', 'files://./secret/1', 'files://%2e/secret/1', 'files://PLAIN/note', 'files://plain/note?', 'files://plain/note#a', 'files://plain/n%6fte', 'files://plain/./note', 'files://plain/note/',
    ]; // prettier-ignore
    for (const uri of spellings)
      for (const method of ['resources/read', 'resources/subscribe', 'resources/unsubscribe'])
        for (const access of [user, null]) {
          const { status, answers } = await ask(handler, request(method, { uri }), access);
          expect([uri, status, answers[0]?.result]).toEqual([uri, access ? 200 : 401, undefined]);
        }
    expect(ran).toEqual([]);
    await ask(handler, request('resources/read', { uri: 'FILES://secret/1' }), admin);
    expect(ran).toEqual(['narrow files://secret/1']);
  });

  it('SEC-181 closes what only a folded spelling would open', async () => {
    const strict = openMcpHandler(() => build(line) as AnyServer, { ...options, policy: policy({ resources: { 'files://open/{id}': { anonymous: true } }, strict: true }) }); // prettier-ignore
    const read = async (uri: string): Promise<number> => (await ask(strict, request('resources/read', { uri }), null)).status;
    expect([await read('files://open/1'), await read('FILES://open/1'), await read('files://x/../open/1'), await read('files://OPEN/1'), await read('files://open/%2e')]).toEqual([200, 401, 401, 401, 401]); // prettier-ignore
  });

  it('judges a subscription as it judges a reading, in both lines of the protocol', async () => {
    ran.length = 0;
    const subscribing = openMcpHandler(() => {
      const server = build(line);
      const handlers = (server.server as unknown as { _requestHandlers: Map<string, unknown> })._requestHandlers;
      for (const method of ['resources/subscribe', 'resources/unsubscribe']) handlers.set(method, async () => (ran.push(method), {}));
      return server as AnyServer;
    }, options); // prettier-ignore
    for (const method of ['resources/subscribe', 'resources/unsubscribe'])
      expect((await ask(subscribing, request(method, { uri: 'files://secret/1' }), user)).answers[0]?.error?.message).toContain(
        'permission',
      );
    const listen = (resourceSubscriptions: unknown): Promise<{ status: number; answers: Answer[] }> =>
      ask(subscribing, request('subscriptions/listen', { notifications: { resourceSubscriptions } }), user);
    expect((await listen(['files://open/1', 'files://secret/1'])).answers).toMatchObject([{ id: 1, error: { message: 'You do not have permission to read this resource.' } }]); // prettier-ignore
    for (const wrong of ['files://open/1', [7], [['files://open/1']], {}])
      expect((await listen(wrong)).answers[0]?.error?.code).toBe(-32602);
    expect(ran).toEqual([]);
    await ask(subscribing, request('resources/subscribe', { uri: 'files://open/1' }), user);
    expect(ran).toEqual(['resources/subscribe']);
  });

  it('says of a method that 2026-07-28 does not have that it is not found, whatever its parameters (S-232)', async () => {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
      const { status, answers } = await ask(handler, request(method, { _meta }), user);
      expect([status, answers[0]?.error?.code]).toEqual([404, -32601]);
      expect((await ask(handler, request(method), user)).answers[0]?.error?.code).toBe(-32602);
    }
  });

  it('F-03 lists resources and templates to those who may read them', async () => {
    const gated = openMcpHandler(() => build(line) as AnyServer, { ...options, policy: policy({ resources: { 'files://open/today': { permissions: ['admin'] }, 'files://secret/{id}': { permissions: ['admin'] } } }) }); // prettier-ignore
    const listed = async (access: Access<AuthContext>): Promise<unknown> => {
      const [resources, templates] = [await ask(gated, request('resources/list'), access), await ask(gated, request('resources/templates/list'), access)];
      return [resources.answers[0]?.result?.['resources'], templates.answers[0]?.result?.['resourceTemplates']].map((list) => (list as { name: string }[]).map(({ name }) => name)); // prettier-ignore
    };
    expect([await listed(user), await listed(admin)]).toEqual([[[], ['any']], [['today'], ['secret', 'any']]]);
  }); // prettier-ignore

  it('knows a template by its text, also with `strict`, whatever it looks like as a URL', async () => {
    const written = 'repo://{owner}/{name}/file{/path}';
    const strict = openMcpHandler(() => {
      const [Server, Template] = LINES[line] as unknown as [typeof McpServer, typeof ResourceTemplate];
      const server = new Server({ name: 'p', version: '1' });
      const complete = { name: () => ['done'] };
      server.registerResource('repo', new Template(written, { list: undefined, complete }), {}, async (uri) => ({ contents: [{ uri: uri.href, text: '' }] }));
      return server as AnyServer;
    }, { ...options, policy: policy({ resources: { [written]: {} }, strict: true }) }); // prettier-ignore
    const listed = (await ask(strict, request('resources/templates/list'), user)).answers[0]?.result?.['resourceTemplates'];
    expect(listed).toMatchObject([{ uriTemplate: written }]);
    const completed = request('completion/complete', {
      ref: { type: 'ref/resource', uri: written },
      argument: { name: 'name', value: '' },
    });
    expect((await ask(strict, completed, user)).answers[0]?.result).toMatchObject({ completion: { values: ['done'] } });
    expect((await ask(strict, request('resources/read', { uri: 'repo://a/b/file/c' }), user)).answers[0]?.result).toBeDefined();
    expect((await ask(strict, request('resources/read', { uri: written }), user)).answers[0]?.error?.message).toContain('not found');
  });

  it('tells a server which tool alone is called, and answers a challenged batch as a whole', async () => {
    const called: unknown[] = [];
    const seeing = openMcpHandler((_access, ctx) => (called.push(requestState(ctx).calledTools), build(line) as AnyServer), {
      ...options,
      policy: policy({ tools: { wipe: { scopes: ['wipe'] } } }),
      challengeForm: () => 'result',
    });
    await ask(seeing, callOf(1, 'open'), user);
    await ask(seeing, [JSON.parse(callOf(1, 'open'))], user);
    expect(called).toEqual([['open'], []]);
    expect((await ask(seeing, callOf(1, 'wipe'), user)).answers).toMatchObject([{ id: 1, result: { isError: true } }]);
    expect((await ask(seeing, [JSON.parse(callOf(1, 'wipe')), request('ping', {}, 2)], user)).status).toBe(403);
  });

  it('judges a renamed tool by the name that is dispatched, and lists it by that', async () => {
    ran.length = 0;
    const renamed = openMcpHandler(() => {
      const server = build(line);
      const one = server.registerTool('harmless', {}, () => (ran.push('renamed'), text('')));
      one.update({ name: 'later' });
      const tools = (server as unknown as { _registeredTools: Record<string, unknown> })._registeredTools;
      tools['wipe'] = tools['later'];
      return server as AnyServer;
    }, options);
    await ask(renamed, callOf(1, 'wipe'), user);
    expect(ran).toEqual([]);
    expect(namesIn((await ask(renamed, request('tools/list'), user)).answers)).not.toContain('tools wipe');
    await ask(renamed, callOf(1, 'wipe'), admin);
    expect(ran).toEqual(['renamed']);
  });

  it('answers every request of a batch that is refused', async () => {
    ran.length = 0;
    const batch = [request('tools/list', {}, 'a'), JSON.parse(callOf(2, 'wipe')), { jsonrpc: '2.0', method: 'notifications/initialized' }, JSON.parse(callOf(3, 'hidden'))]; // prettier-ignore
    const { status, answers } = await ask(handler, batch, user);
    expect([status, answers]).toMatchObject([200, [{ id: 'a', error: { code: -32600 } }, { id: 2, result: { isError: true } }, { id: 3, error: { message: 'Tool hidden not found' } }]]); // prettier-ignore
    const [only] = [(await ask(handler, [JSON.parse(callOf(2, 'wipe'))], user)).answers];
    expect(only).toMatchObject([{ id: 2, result: { isError: true } }]);
    expect(ran).toEqual([]);
  });

  it('keeps methods that MCP does not have, and tasks, from callers without a token, and with `strict` from all', async () => {
    ran.length = 0;
    const own = (strict: boolean): FetchObject =>
      openMcpHandler(() => {
        const server = build(line);
        const handlers = (server.server as unknown as { _requestHandlers: Map<string, unknown> })._requestHandlers;
        for (const method of ['acme/wipe', 'tasks/list']) handlers.set(method, async () => (ran.push(method), {}));
        return server as AnyServer;
      }, { ...options, policy: policy({ ...NEEDS, strict }) }); // prettier-ignore
    for (const method of ['acme/wipe', 'tasks/list', 'tasks/result', 'nosuch'])
      expect((await ask(own(false), request(method), null)).status).toBe(401);
    expect((await ask(own(false), { jsonrpc: '2.0', method: 'acme/wipe' }, null)).status).toBe(401);
    expect((await ask(own(true), request('acme/wipe'), admin)).answers).toMatchObject([{ error: { code: -32601 } }]);
    expect(ran).toEqual([]);
    await ask(own(false), request('acme/wipe'), user);
    await ask(own(true), request('tasks/list'), user);
    expect(ran).toEqual(['acme/wipe', 'tasks/list']);
  });
});
