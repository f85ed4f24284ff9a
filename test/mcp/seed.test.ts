/** The class shapes of the request this project answers, as they stand, in both lines of the SDK and with three real clients. */
import { McpServer } from '@modelcontextprotocol/server';
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { McpAgent, requirePermission } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { FetchObject } from '../../src/model/context.ts';
import { accessWith, callOf, connect, LINES, post, text } from './clients.ts';

interface Env {
  readonly colour: string;
}

/** The seed's class, written for SDK 1.x: `this.server.tool(name, description, schema, handler)`. */
class OldMCP extends McpAgent<Env, unknown, AuthContext> {
  server = new OldMcpServer({ name: 'demo', version: '1.0.0' });

  async init() {
    this.server.tool('userInfo', 'Get user information', {}, async () => ({
      content: [{ type: 'text', text: `Hello, ${this.props.claims.name || 'user'}!` }],
    }));
    this.server.tool('colour', 'A binding', async () => text(this.env.colour));
    this.server.tool(
      'adminAction',
      'Administrative action requiring special permission',
      { what: z.string() },
      requirePermission('admin', async (req, context) => text(`${req.what} by ${context.props.claims.sub}`)),
    );
    this.server.tool(
      'adminPing',
      'No schema',
      requirePermission('admin', async (context) => text(context.access.clientId)),
    );
    if (this.props.permissions?.includes('special_feature')) {
      this.server.tool('specialTool', 'Special feature', {}, async () => text('special'));
    }
  }
}

/** The same for SDK 2.x: `registerTool`. */
class NewMCP extends McpAgent<Env, unknown, AuthContext> {
  server = new McpServer({ name: 'demo', version: '1.0.0' });

  async init() {
    this.server.registerTool('userInfo', { description: 'Get user information' }, async () => ({
      content: [{ type: 'text', text: `Hello, ${this.props.claims.name ?? 'user'}!` }],
    }));
    this.server.registerTool('colour', {}, async () => text(this.env.colour));
    this.server.registerTool(
      'adminAction',
      { description: 'Administrative action', inputSchema: z.object({ what: z.string() }) },
      requirePermission('admin', async (req, context) => text(`${req.what} by ${context.props.claims.sub}`)),
    );
    this.server.registerTool(
      'adminPing',
      {},
      requirePermission('admin', async (context) => text(context.access.clientId)),
    );
    if (this.props.permissions?.includes('special_feature')) {
      this.server.registerTool('specialTool', {}, async () => text('special'));
    }
  }
}

const HANDLERS: readonly [name: string, handler: FetchObject][] = [
  ['SDK 1.x, Router', OldMCP.Router],
  ['SDK 1.x, serve', OldMCP.serve('/mcp') as FetchObject],
  ['SDK 2.x, Router', NewMCP.Router],
  ['SDK 2.x, serve', NewMCP.serve('/mcp') as FetchObject],
];

describe.each(HANDLERS)('the seed with %s', (name, handler) => {
  describe.each(LINES)('and the %s client', (line) => {
    it('greets the user by the claims in props, and hands over the environment', async () => {
      const client = await connect(line, handler, () => accessWith());
      expect(await client.call('userInfo')).toEqual({ text: 'Hello, Ada!', isError: false });
      expect(await client.call('colour')).toEqual({ text: 'blue', isError: false });
      await client.close();
    });

    it('runs a guarded tool only for a user with the permission, with and without a schema', async () => {
      const user = await connect(line, handler, () => accessWith());
      const denied = { text: 'Permission denied: requires admin', isError: true };
      expect(await user.call('adminAction', { what: 'restart' })).toEqual(denied);
      expect(await user.call('adminPing')).toEqual(denied);
      const admin = await connect(line, handler, () => accessWith(['admin']));
      expect(await admin.call('adminAction', { what: 'restart' })).toEqual({ text: 'restart by u1', isError: false });
      expect(await admin.call('adminPing')).toEqual({ text: 'c1', isError: false });
      await Promise.all([user.close(), admin.close()]);
    });

    it('denies at the very next call when the permission is taken away, and shows it when it is given (SEC-185)', async () => {
      let permissions = ['admin', 'special_feature'];
      const client = await connect(line, handler, () => accessWith(permissions));
      expect(await client.tools()).toEqual(['userInfo', 'colour', 'adminAction', 'adminPing', 'specialTool']);
      expect((await client.call('adminPing')).isError).toBe(false);
      permissions = [];
      expect((await client.call('adminPing')).isError).toBe(true);
      expect(await client.tools()).not.toContain('specialTool');
      permissions = ['special_feature'];
      expect(await client.call('specialTool')).toEqual({ text: 'special', isError: false });
      await client.close();
    });
  });

  it('serves a negotiating client by 2026-07-28 where the SDK can, else by 2025-11-25', async () => {
    const client = await connect('auto', handler, () => accessWith());
    expect(client.era).toBe(name.startsWith('SDK 2') ? '2026-07-28' : '2025-11-25');
    await client.close();
  });

  it('answers a hidden tool like one that does not exist (SEC-180)', async () => {
    const answerTo = async (tool: string): Promise<string> => JSON.stringify((await post(handler, callOf(1, tool), accessWith())).messages);
    const hidden = await answerTo('specialTool');
    expect(hidden).toBe((await answerTo('nothingTool')).replace('nothingTool', 'specialTool'));
    expect(hidden).toContain('-32602'); // as an error from SDK 2.x, inside an error result from SDK 1.x
    expect(hidden).not.toContain('Special feature');
  });

  it.each(['adminping', 'ADMINPING', 'adminPing ', 'adminPing\0', 'ａdminPing', '__proto__', 'constructor', 'toString', ''])(
    'knows no tool by the name %j (SEC-181)',
    async (tool) => {
      const { messages } = await post(handler, callOf(1, tool), accessWith(['admin']));
      const [message] = messages as { error?: { code: number }; result?: { isError?: boolean } }[];
      expect(message?.error?.code === -32602 || message?.result?.isError === true).toBe(true);
      expect(JSON.stringify(messages)).not.toContain('c1');
    },
  );

  it('gates every message of a batch by itself (SEC-183)', async () => {
    const body = `[${callOf(1, 'userInfo')},${callOf(2, 'adminPing')},${callOf(3, 'colour')}]`;
    const messages = (await post(handler, body, accessWith())).messages as { id: number; result: { isError?: boolean } }[];
    const refused = Object.fromEntries(messages.map(({ id, result }) => [id, result.isError === true]));
    expect(refused).toEqual({ 1: false, 2: true, 3: false });
  });

  it('refuses a message in which the name stands twice, so that no two readers see two tools (SEC-183)', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"userInfo","name":"adminPing","arguments":{}}}';
    const { status, messages } = await post(handler, body, accessWith());
    expect([status, messages]).toMatchObject([400, [{ error: { code: -32600 } }]]);
  });
});
