import { McpServer } from '@modelcontextprotocol/server';
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { accessOf, authInfoOf, mcpHandler } from '../../src/mcp/index.ts';
import { accessWith, connect, ENDPOINT, LINES, text } from './clients.ts';

describe('mcp/auth-info', () => {
  it('tells the SDK who calls, and keeps the token to itself', () => {
    const access = accessWith(['admin']);
    expect(authInfoOf(access)).toEqual({
      token: '',
      clientId: 'c1',
      scopes: ['mcp'],
      expiresAt: 2_000_000_000,
      resource: new URL(ENDPOINT),
      extra: { access, props: access.props },
    });
  });

  it('leaves out a resource that is no URL, as some authorization servers name one', () => {
    expect(authInfoOf({ ...accessWith(), resource: 'project-1' })).not.toHaveProperty('resource');
  });

  it('finds the caller in the context of either SDK line', () => {
    const access = accessWith();
    const authInfo = authInfoOf(access);
    expect(accessOf({ http: { authInfo } })).toBe(access);
    expect(accessOf({ authInfo })).toBe(access);
  });

  it.each([
    undefined,
    null,
    'x',
    {},
    { http: {} },
    { authInfo: { token: '', clientId: 'c', scopes: [] } },
    { authInfo: { extra: { access: 'x' } } },
  ])('finds no caller in %j', (context) => {
    expect(accessOf(context)).toBeNull();
  });

  it.each(LINES)('reaches a handler of SDK 1.x as extra.authInfo, with the request but not the token (%s client)', async (line) => {
    const seen: unknown[] = [];
    const handler = mcpHandler(() => {
      const server = new OldMcpServer({ name: 'demo', version: '1.0.0' });
      server.tool('look', ({ authInfo, requestInfo }) => {
        seen.push(authInfo?.clientId, accessOf({ authInfo })?.userId, requestInfo?.headers['content-type'], requestInfo?.url?.pathname);
        return text(JSON.stringify({ authInfo, requestInfo }));
      });
      return server;
    });
    const guarded: typeof handler = {
      fetch: (request, env, ctx) => {
        const headers = new Headers(request.headers);
        headers.set('authorization', 'Bearer at_g1.secret');
        return handler.fetch(new Request(request, { headers }), env, ctx);
      },
    };
    const client = await connect(line, guarded, () => accessWith());
    const answer = await client.call('look');
    expect(seen).toEqual(['c1', 'u1', 'application/json', '/mcp']);
    expect(answer.text).not.toContain('secret');
    await client.close();
  });

  it.each(LINES)('reaches a handler of SDK 2.x as ctx.http.authInfo (%s client)', async (line) => {
    const handler = mcpHandler(() => {
      const server = new McpServer({ name: 'demo', version: '1.0.0' });
      server.registerTool('look', {}, ({ http }) => text(`${http?.authInfo?.clientId} ${accessOf({ http })?.userId}`));
      return server;
    });
    const client = await connect(line, handler, () => accessWith());
    expect(await client.call('look')).toEqual({ text: 'c1 u1', isError: false });
    await client.close();
  });
});
