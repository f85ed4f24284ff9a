/**
 * The pattern for guarded tools that everyone copies, and what is wrong with each of its lines: `if (!context.props.permissions.includes('admin'))
 * return { content: […], status: 403 }`. Each test is named by what went wrong there.
 */
import { completable, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue, mcpHandler, policy, requirePermission, tool } from '../../src/mcp/index.ts';
import type { FetchObject } from '../../src/model/context.ts';
import type { Access, AuthContext } from '../../src/model/access.ts';
import { accessWith, callOf, connect, contextOf, ENDPOINT, LINES, text } from './clients.ts';

const ran: string[] = [];
const inputSchema = z.object({ id: z.string() });
const names = (name: string): ReturnType<typeof text> => (ran.push(name), text(`ran ${name}`));

const declared = catalogue([
  tool({ name: 'declared', permissions: ['billing:admin'], handler: (_args, { props }) => names(`declared for ${props.claims.sub}`) }),
]);
const rules = policy({
  tools: {
    write: { scopes: ['write'] },
    admin: { permissions: ['billing:admin'] },
    both: { scopes: ['write'], permissions: ['billing:admin'] },
    declared: { permissions: ['billing:admin'] },
  },
  resources: { 'notes://today': { scopes: ['write'] }, 'notes://{id}': { scopes: ['write'] } },
  prompts: { draft: { scopes: ['write'] } },
});

function build(access: Access, ctx: Parameters<typeof declared.register>[2]): McpServer {
  const server = new McpServer({ name: 'copied', version: '1' });
  for (const name of ['write', 'open', 'admin', 'both']) server.registerTool(name, {}, () => names(name));
  server.registerTool('wrapped', {}, requirePermission('billing:admin', ({ props }) => names(`wrapped for ${props.claims.sub}`)));
  server.registerTool('wrappedWith', { inputSchema }, requirePermission('billing:admin', ({ id }, { props }) => names(`${id} for ${props.claims.sub}`)));
  declared.register(server, access, ctx);
  server.registerResource('today', 'notes://today', {}, async (uri) => ({ contents: [{ uri: uri.href, text: 'today' }] }));
  const template = new ResourceTemplate('notes://{id}', { list: undefined, complete: { id: () => ['a secret id'] } });
  server.registerResource('note', template, {}, async (uri) => ({ contents: [{ uri: uri.href, text: 'note' }] }));
  const argsSchema = z.object({ topic: completable(z.string(), () => ['a secret topic']) });
  server.registerPrompt('draft', { argsSchema }, async () => ({ messages: [] }));
  return server;
} // prettier-ignore

const handler: FetchObject = mcpHandler(build, { policy: rules, onError: () => undefined });
const as = (scope: readonly string[], permissions: readonly string[] = []): Access<AuthContext> => ({ ...accessWith(permissions), scope });

/** One message as any client may put it on the wire. */
async function ask(message: object | string, access: Access<AuthContext>): Promise<{ response: Response; text: string }> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const body = typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
  const response = await handler.fetch(new Request(ENDPOINT, { method: 'POST', headers, body }), {}, contextOf(access));
  return { response, text: await response.text() };
}

describe('the pattern for guarded tools', () => {
  it.each(LINES)(
    'read props where the SDK puts none, and threw for all users: here a tool has them, with a schema and without (%s client)',
    async (line) => {
      const client = await connect(line, handler, () => as(['mcp'], ['billing:admin']));
      expect((await client.call('wrapped')).text).toBe('ran wrapped for u1');
      expect((await client.call('wrappedWith', { id: '7' })).text).toBe('ran 7 for u1');
      expect((await client.call('declared')).text).toBe('ran declared for u1');
      await client.close();
    },
  );

  it('wrote status: 403 into the result, or threw it, and HTTP said 200: here it says 403, and no handler has run', async () => {
    ran.length = 0;
    const { response } = await ask(callOf(1, 'write'), as([]));
    expect([response.status, response.headers.get('content-type')?.includes('event-stream')]).toEqual([403, false]);
    expect(response.headers.get('www-authenticate')).toContain('scope="write"');
    expect(ran).toEqual([]);
  });

  it.each(LINES)(
    'said "Permission denied" as if that were the answer: here it is an error that client and model see (%s client)',
    async (line) => {
      ran.length = 0;
      const client = await connect(line, handler, () => as(['write']));
      for (const name of ['admin', 'declared', 'wrapped', 'wrappedWith'])
        expect(await client.call(name, { id: '7' })).toMatchObject({ isError: true });
      expect(ran).toEqual([]);
      await client.close();
    },
  );

  it('took a scope for a permission, and a permission for a scope: here a call needs both', async () => {
    ran.length = 0;
    const came = async (access: Access<AuthContext>): Promise<readonly unknown[]> => {
      const { response, text: said } = await ask(callOf(1, 'both'), access);
      return [response.status, said.includes('"isError":true'), response.headers.has('www-authenticate')];
    };
    expect(await came(as(['write', 'billing:admin']))).toEqual([200, true, false]);
    expect(await came(as(['mcp'], ['write', 'billing:admin']))).toEqual([403, false, true]);
    expect(await came(as([], []))).toEqual([200, true, false]); // to ask for the scope would be in vain
    expect(ran).toEqual([]);
    expect(await came(as(['write'], ['billing:admin']))).toEqual([200, false, false]);
    expect(ran).toEqual(['both']);
  });

  it.each([
    ['a resource', { method: 'resources/read', params: { uri: 'notes://today' } }],
    ['a resource of a template', { method: 'resources/read', params: { uri: 'notes://7' } }],
    ['a prompt', { method: 'prompts/get', params: { name: 'draft', arguments: { topic: 'x' } } }],
    ['what completes a prompt', { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'draft' }, argument: { name: 'topic', value: '' } } }],
    ['what completes a template', { method: 'completion/complete', params: { ref: { type: 'ref/resource', uri: 'notes://{id}' }, argument: { name: 'id', value: '' } } }],
  ])('guarded tools alone: here %s is asked for as a tool is', async (_what, message) => {
    const { response, text: said } = await ask(message, as([]));
    expect([response.status, response.headers.get('www-authenticate')?.includes('scope="write"'), said.includes('secret')]).toEqual([403, true, false]);
    const allowed = await ask(message, as(['write']));
    expect([allowed.response.status, allowed.text.includes('"result"')]).toEqual([200, true]);
  }); // prettier-ignore

  it('told callers the name of the permission they lack: here the gate names none', async () => {
    for (const name of ['admin', 'both', 'declared']) expect((await ask(callOf(1, name), as(['write']))).text).not.toContain('billing');
  });

  it.each(LINES)(
    'listed tools in changing order: here forbidden tools are left out and the others keep their order (%s client)',
    async (line) => {
      let access = as(['mcp'], ['billing:admin']);
      const client = await connect(line, handler, () => access);
      const all = await client.tools();
      expect(all).toHaveLength(7);
      access = as(['mcp']);
      expect(await client.tools()).toEqual(all.filter((name) => !['admin', 'both', 'declared'].includes(name)));
      access = as(['mcp'], ['billing:admin']);
      expect(await client.tools()).toEqual(all);
      await client.close();
    },
  );
});
