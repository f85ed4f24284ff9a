import { McpServer } from '@modelcontextprotocol/server';
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { type AnyServer, catalogue, type Declared, mcpHandler, prompt, resource, tool } from '../../../src/mcp/index.ts';
import type { Access, AuthContext } from '../../../src/model/access.ts';
import { accessWith, connect, LINES, text } from '../clients.ts';

const greet = tool({
  name: 'greet',
  description: 'Says hello',
  inputSchema: z.object({ polite: z.boolean() }),
  scopes: ['hello'],
  handler: ({ polite }, { props, access }) => {
    expectTypeOf(polite).toEqualTypeOf<boolean>();
    return text(`${polite ? 'Good day' : 'Hi'}, ${props.claims.name ?? access.userId}`);
  },
});
const reset = tool({ name: 'reset', permissions: ['admin'], hidden: true, handler: () => text('reset') });
const anyone = tool({ name: 'anyone', open: true, handler: (args, { props }) => text(`${JSON.stringify(args)} ${props.claims.sub}`) });
const note = resource({
  name: 'note',
  uri: 'notes://{id}',
  scopes: ['read'],
  read: (uri, { id }, { access }) => ({ contents: [{ uri: uri.href, text: `${String(id)} of ${access.userId}` }] }),
});
const today = resource({
  name: 'today',
  uri: 'notes://today',
  open: true,
  read: (uri) => ({ contents: [{ uri: uri.href, text: 'today' }] }),
});
const draft = prompt({
  name: 'draft',
  argsSchema: z.object({ topic: z.string() }),
  open: true,
  handler: ({ topic }, { props }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `${topic} for ${props.claims.sub}` } }],
  }),
});
const all = [greet, reset, anyone, note, today, draft];

const withScope = (scope: readonly string[], permissions: readonly string[] = []): Access<AuthContext> => ({
  ...accessWith(permissions),
  scope,
});
const SDKS = [
  ['SDK 2.x', (): AnyServer => new McpServer({ name: 'd', version: '1' })],
  ['SDK 1.x', (): AnyServer => new OldMcpServer({ name: 'd', version: '1' }) as AnyServer],
] as const;

describe.each(SDKS)('mcp/declare with a server of %s', (_, make) => {
  const offered = catalogue(all, { strict: true });
  const handler = mcpHandler(
    (access) => {
      const server = make();
      offered.register(server, access);
      return server;
    },
    { policy: offered },
  );

  it.each(LINES)('makes one declaration a tool, its gate and its place in the list (%s client)', async (line) => {
    let access = withScope(['hello']);
    const client = await connect(line, handler, () => access);
    expect(await client.tools()).toEqual(['greet', 'anyone']);
    expect(await client.call('greet', { polite: true })).toEqual({ text: 'Good day, Ada', isError: false });
    expect(await client.call('anyone')).toEqual({ text: '{} u1', isError: false });
    expect(await client.call('greet', { polite: 'no' })).toMatchObject({ isError: true }); // the schema's matter
    expect((await client.refused('readResource', { uri: 'notes://7' })).message).not.toContain('not refused');
    access = withScope(['read'], ['admin']);
    expect(await client.tools()).toEqual(['greet', 'reset', 'anyone']);
    expect(await client.call('reset')).toEqual({ text: 'reset', isError: false });
    expect((await client.refused('readResource', { uri: 'notes://7' })).message).toContain('7 of u1');
    expect((await client.refused('readResource', { uri: 'notes://today' })).message).toContain('today');
    expect((await client.refused('getPrompt', { name: 'draft', arguments: { topic: 'tea' } } as never)).message).toContain('tea for u1');
    await client.close();
  });
});

describe('mcp/declare, the catalogue', () => {
  it('refuses at start-up a primitive without a need, with `strict`', () => {
    const silent = [
      tool({ name: 'silent', handler: () => text('') }),
      resource({ name: 'r', uri: 'a://b', read: () => ({ contents: [] }) }),
    ];
    expect(() => catalogue([...all, ...silent], { strict: true })).toThrow(/catalogue: silent, a:\/\/b do not say who may use them/);
    expect(() => catalogue([...all, ...silent])).not.toThrow();
  });

  it('refuses at start-up what is no list, and a declaration of other types', () => {
    expect(() => catalogue({} as never)).toThrow(/^catalogue: give a list/);
    for (const [name, value] of [['when', 'x'], ['handler', 'x'], ['name', 7]] as const)
      expect(() => tool({ name: 'a', handler: () => ({}), [name]: value } as never)).toThrow(`tool: \`${name}\` must be of type`);
    expect(() => tool(new Map([['name', 'a']]) as never)).toThrow(/^tool: the options must be an object/);
  }); // prettier-ignore

  it('refuses at start-up a repeated name', () => {
    expect(() => catalogue([greet, greet as Declared])).toThrow(/the tool "greet" is declared twice/);
  });

  it('tells which scopes there are, what they unlock and what they bring along', () => {
    const { scopes } = catalogue(all, { hierarchy: { all: ['read', 'hello'] } });
    expect(scopes({ hello: 'Greet people', all: 'Everything' })).toEqual({
      hello: { description: 'Greet people', unlocks: ['greet'] },
      read: { unlocks: [] },
      all: { description: 'Everything', unlocks: [], includes: ['read', 'hello'] },
    });
  });

  it('tells of a scope named like a member of every object nothing but what it was given', () => {
    const named = tool({ name: 'a', scopes: ['constructor', '__proto__'], handler: () => ({ content: [] }) });
    expect(Object.entries(catalogue([named]).scopes({ read: 'Read' }))).toEqual([['constructor', { unlocks: ['a'] }], ['__proto__', { unlocks: ['a'] }], ['read', { description: 'Read', unlocks: [] }]]);
  }); // prettier-ignore

  it('registers of many tools the one that is called, where it is told of the request, and says of others what it says without', async () => {
    const registered: string[][] = [];
    const described: string[] = [];
    const noticed = (name: string): Declared => {
      const inputSchema = z.object({ id: z.string() });
      const standard = inputSchema['~standard'] as { jsonSchema: { input(options: object): Record<string, unknown> } };
      const jsonSchema = { ...standard.jsonSchema, input: (options: object) => (described.push(name), standard.jsonSchema.input(options)) };
      return tool({ name, inputSchema: { '~standard': { ...standard, jsonSchema } } as unknown as typeof inputSchema, open: true, handler: ({ id }) => text(id) });
    };
    const offered = catalogue([...['a', 'b', 'c'].map(noticed), reset, today], { strict: true });
    const handler = mcpHandler((access, ctx) => {
      const server = new McpServer({ name: 'd', version: '1' });
      offered.register(server, access, ctx);
      registered.push(Object.keys((server as unknown as { _registeredTools: object })._registeredTools));
      return server;
    }, { policy: offered });
    const client = await connect('auto', handler, () => withScope([]));
    registered.length = 0;
    expect(await client.call('b', { id: 'x' })).toEqual({ text: 'x', isError: false });
    const [hidden, none] = [await client.refused('callTool', { name: 'reset' }), await client.refused('callTool', { name: 'nosuch' })];
    expect(hidden.message.replace('reset', 'nosuch')).toBe(none.message);
    expect([await client.tools(), await client.tools()]).toEqual([['a', 'b', 'c'], ['a', 'b', 'c']]);
    expect(registered).toEqual([['b'], ['a', 'b', 'c'], ['a', 'b', 'c'], ['a', 'b', 'c'], ['a', 'b', 'c']]);
    expect(described.toSorted()).toEqual(['a', 'b', 'c']); // each once, in however many lists and calls
    await client.close();
  }); // prettier-ignore

  it('registers nothing on a server that has no register methods', () => {
    expect(() => catalogue(all).register({} as AnyServer, null)).toThrow(/takes an McpServer/);
  });
});
