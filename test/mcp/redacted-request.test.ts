import { McpServer } from '@modelcontextprotocol/server';
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { mcpHandler } from '../../src/mcp/index.ts';
import type { Access, AuthContext } from '../../src/model/access.ts';
import { redactedRequest } from '../../src/mcp/redacted-request.ts';
import { accessWith, contextOf, ENDPOINT, text } from './clients.ts';

const HEADERS = { authorization: 'Bearer s3cret', dpop: 's3cret-proof', 'x-trace': 't1', accept: 'application/json, text/event-stream', 'content-type': 'application/json' }; // prettier-ignore

describe('mcp/redacted-request', () => {
  it('S-125 shows a tool of SDK 2.x the request that called it, and nothing that proves who called', async () => {
    const seen: string[] = [];
    const handler = mcpHandler(() => {
      const server = new McpServer({ name: 'x', version: '1' });
      server.registerTool('look', {}, ({ http }) => {
        const { req } = http ?? {};
        seen.push(JSON.stringify([req?.method, req?.url, req?.headers.get('X-Trace'), req?.headers.get('Authorization'), [...(req?.headers ?? [])]]));
        return text('looked');
      });
      return server;
    });
    const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'look' } };
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const asked: [Record<string, string>, unknown][] = [
      [{ 'mcp-protocol-version': '2025-11-25' }, { ...call, id: 1 }],
      [{ 'mcp-protocol-version': '2025-03-26' }, [{ ...call, id: 1 }, { ...call, id: 2 }]],
      [{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'look' }, { ...call, id: 1, params: { ...call.params, _meta } }],
    ];
    for (const [more, body] of asked) {
      const request = new Request(ENDPOINT, { method: 'POST', headers: { ...HEADERS, ...more }, body: JSON.stringify(body) });
      const response = await handler.fetch(request, {}, contextOf(accessWith()));
      expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('looked')]);
    }
    expect(seen).toHaveLength(4);
    for (const one of seen) {
      expect(one).toContain(`["POST","${ENDPOINT}","t1",null,`);
      expect(one).not.toContain('s3cret');
    }
  }); // prettier-ignore

  const HIDDEN = [
    'Authorization', 'Proxy-Authorization', 'Cookie', 'DPoP', 'X-API-Key', 'Api-Key', 'X-Auth-Token', 'X-Access-Token', 'X-Forwarded-Access-Token',
    'X-Auth-Request-Access-Token', 'X-Forwarded-Authorization', 'Cf-Access-Jwt-Assertion', 'Cf-Access-Client-Id', 'Cf-Access-Client-Secret', 'Cf-Access-Token',
    'X-Amzn-Oidc-Data', 'X-Amzn-Oidc-Accesstoken', 'X-Goog-Iap-Jwt-Assertion', 'X-Ms-Token-Aad-Access-Token', 'X-Vercel-Oidc-Token', 'X-Gitlab-Token',
  ]; // prettier-ignore

  it.each(HIDDEN)('hides %s, which can carry a credential (F-08)', (name) => {
    const { headers } = redactedRequest(new Request(ENDPOINT, { headers: { [name]: 's3cret', accept: 'text/html' } }));
    expect([headers.get(name), headers.has(name.toLowerCase()), [...headers]]).toEqual([null, false, [['accept', 'text/html']]]);
  });

  it('shows what tools and the SDK need (F-08)', () => {
    const names = [
      'accept',
      'mcp-session-id',
      'mcp-param-page-token',
      'mcp-protocol-version',
      'traceparent',
      'user-agent',
      'x-request-id',
      'x-forwarded-for',
    ];
    const { headers } = redactedRequest(new Request(ENDPOINT, { headers: Object.fromEntries(names.map((name) => [name, 'v'])) }));
    expect([...headers.keys()].toSorted()).toEqual(names.toSorted());
  });

  it('hides the token wherever else it stands: in a header of any name, and in the address (F-08)', () => {
    const token = 'tok-123456789';
    const request = new Request(`${ENDPOINT}/${token}/x?access_token=${token}&q=${token}&api_key=k&sessionId=s&page=2`, { headers: { 'x-acme': `id ${token}`, accept: 't' } }); // prettier-ignore
    const shown = redactedRequest(request, token);
    expect([...shown.headers]).toEqual([['accept', 't']]);
    expect(shown.url).toBe(`${ENDPOINT}/-/x?sessionId=s&page=2`);
    expect(redactedRequest(new Request(`${ENDPOINT}?access_token=x&page=2`)).url).toBe(`${ENDPOINT}?page=2`);
  });

  it.each(['current', 'old'])('hides the header in which a guard found the token, from tools of either SDK (%s) and in their context (F-08)', async (line) => {
    let seen = '';
    const handler = mcpHandler((_access, ctx) => {
      const server = line === 'old' ? new OldServer({ name: 'x', version: '1' }) : new McpServer({ name: 'x', version: '1' });
      const look = (context: { http?: { req?: Request } }): ReturnType<typeof text> => {
        const { req } = context.http ?? {};
        seen = JSON.stringify([context, ctx, req?.url, [...(req?.headers ?? [])]]);
        return text('looked');
      };
      (server as McpServer).registerTool('look', {}, look as never);
      return server;
    });
    const tokenOf = (request: Request): string | null => request.headers.get('x-acme')?.slice(3) ?? null;
    const verify = (): Access<AuthContext> => accessWith();
    const { protect } = guard({ resource: ENDPOINT, authorizationServers: ['https://as.example'], verify, tokenOf });
    const headers = { 'x-acme': 'v1 s3cret-token', 'x-trace': 't1', accept: HEADERS.accept, 'content-type': HEADERS['content-type'] };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look' } });
    const served = protect(handler.fetch as never);
    const response = await served(new Request(`${ENDPOINT}?k=s3cret-token`, { method: 'POST', headers, body }), {}, { waitUntil: () => undefined });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('looked')]);
    expect(seen).toContain('t1');
    expect(seen).not.toContain('s3cret');
  }); // prettier-ignore

  it('has headers that read as any others, in every way but the hidden ones', () => {
    const { headers } = redactedRequest(new Request(ENDPOINT, { headers: HEADERS }));
    expect(headers).toBeInstanceOf(Headers);
    const names = ['accept', 'content-type', 'x-trace'];
    expect([[...headers.keys()].toSorted(), [...headers].map(([name]) => name).toSorted()]).toEqual([names, names]);
    const each: string[] = [];
    headers.forEach((value, name) => void each.push(`${name}=${value}`));
    expect([each.length, each.includes('x-trace=t1'), [...headers.values()].includes('t1')]).toEqual([3, true, true]);
    expect([headers.has('DPoP'), headers.has('x-trace'), headers.get('authorization')]).toEqual([false, true, null]);
    expect(new Headers([...headers]).get('x-trace')).toBe('t1');
    expect(() => headers.set('authorization', 'x')).toThrow(TypeError);
  });
});
