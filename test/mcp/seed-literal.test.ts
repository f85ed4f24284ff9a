/** What a newcomer pastes from the request this project answers runs as it is, on both lines of the SDK; and every handler knows who called. */
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { McpServer as OldMcpServer, ResourceTemplate as OldTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { McpAgent } from '../../src/mcp/index.ts';
import type { Access } from '../../src/model/access.ts';
import type { FetchObject } from '../../src/model/context.ts';
import { accessWith, callOf, connect, LINES, post, text } from './clients.ts';
import { requirePermission, SeedMcp } from './seed-literal.mjs';

class CurrentMcp extends McpAgent {
  server = new McpServer({ name: 'seed', version: '1.0.0' });
  init(): void {
    this.server.registerTool('basicTool', {}, () => text('basic'));
    const handler = requirePermission('admin', async () => text('Admin action completed'));
    this.server.registerTool('adminAction', { inputSchema: z.object({}) }, handler);
    if ((this.props['permissions'] as string[] | undefined)?.includes('special_feature'))
      this.server.registerTool('specialTool', {}, () => text('special'));
  }
}

const SEEDS: readonly [name: string, handler: FetchObject][] = [
  ['SDK 1.x, server.tool', SeedMcp.Router],
  ['SDK 2.x', CurrentMcp.Router],
];

describe.each(SEEDS)("the seed's own requirePermission with %s", (_name, handler) => {
  it.each(LINES)('allows and refuses by context.props, for the %s client (N-11)', async (line) => {
    const [user, admin] = await Promise.all([[], ['admin']].map((may) => connect(line, handler, () => accessWith(may))));
    expect(await user?.call('adminAction')).toEqual({ text: 'Permission denied: requires admin', isError: false });
    expect(await admin?.call('adminAction')).toEqual({ text: 'Admin action completed', isError: false });
    await Promise.all([user?.close(), admin?.close()]);
  });

  it.each(LINES)('registers a tool for those who may use it alone, for the %s client (N-11)', async (line) => {
    for (const [may, tools] of [
      [[], ['basicTool', 'adminAction']],
      [['special_feature'], ['basicTool', 'adminAction', 'specialTool']],
    ] as const) {
      const client = await connect(line, handler, () => accessWith(may));
      expect(await client.tools()).toEqual(tools);
      await client.close();
    }
  });
});

/** What each kind of handler finds in the context it is given. */
const seen: string[] = [];
const note = (kind: string, context: unknown): void => {
  const { auth, props } = context as { auth: Access; props: { claims: { name: string } } };
  seen.push(`${kind} ${auth.clientId} ${props.claims.name}`);
};

class EveryKind extends McpAgent {
  server = new McpServer({ name: 'kinds', version: '1.0.0' }, { capabilities: { logging: {} } });
  init(): void {
    this.server.registerTool('plain', {}, (context) => (note('tool', context), text('')));
    this.server.registerTool('typed', { inputSchema: z.object({}) }, (_args, context) => (note('typed tool', context), text('')));
    this.server.registerResource(
      'one',
      'test://one',
      {},
      (uri, context) => (note('resource', context), { contents: [{ uri: uri.href, text: '' }] }),
    );
    const template = new ResourceTemplate('test://many/{id}', { list: (context) => (note('list', context), { resources: [] }) });
    this.server.registerResource('many', template, {}, (uri, _variables, context) => {
      note('template', context);
      return { contents: [{ uri: uri.href, text: '' }] };
    });
    this.server.registerPrompt('ask', {}, (context) => (note('prompt', context), { messages: [] }));
    this.server.server.setRequestHandler('logging/setLevel', (_request, context) => (note('own', context), {}));
  }
}

class EveryOldKind extends McpAgent {
  server = new OldMcpServer({ name: 'kinds', version: '1.0.0' }, { capabilities: { logging: {} } });
  init(): void {
    this.server.registerTool('plain', {}, (context) => (note('tool', context), text('')));
    this.server.registerTool('typed', { inputSchema: {} }, (_args, context) => (note('typed tool', context), text('')));
    this.server.registerResource(
      'one',
      'test://one',
      {},
      (uri, context) => (note('resource', context), { contents: [{ uri: uri.href, text: '' }] }),
    );
    const template = new OldTemplate('test://many/{id}', { list: (context) => (note('list', context), { resources: [] }) });
    this.server.registerResource('many', template, {}, (uri, _variables, context) => {
      note('template', context);
      return { contents: [{ uri: uri.href, text: '' }] };
    });
    this.server.registerPrompt('ask', {}, (context) => (note('prompt', context), { messages: [] }));
    const method = z.object({ method: z.literal('logging/setLevel') });
    this.server.server.setRequestHandler(method, (_request, context) => (note('own', context), {}));
  }
}

describe.each([
  ['SDK 1.x', EveryOldKind.Router],
  ['SDK 2.x', EveryKind.Router],
])('a handler of %s', (_name, handler) => {
  it('finds auth and props in its context, whatever it is a handler of (N-11)', async () => {
    seen.length = 0;
    const ask = (id: number, method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const calls = [
      callOf(1, 'plain'),
      callOf(2, 'typed'),
      ask(3, 'resources/read', { uri: 'test://one' }),
      ask(4, 'resources/list', {}),
      ask(5, 'resources/read', { uri: 'test://many/7' }),
      ask(6, 'prompts/get', { name: 'ask' }),
      ask(7, 'logging/setLevel', { level: 'info' }),
    ];
    for (const call of calls) await post(handler, call, accessWith());
    expect(seen).toEqual(['tool', 'typed tool', 'resource', 'list', 'template', 'prompt', 'own'].map((kind) => `${kind} c1 Ada`));
  });
});
