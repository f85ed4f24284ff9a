import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { mcpHandler } from '../../src/mcp/index.ts';
import { shownRequest } from '../../src/mcp/shown-request.ts';
import { accessWith, contextOf, ENDPOINT, text } from './clients.ts';

const HEADERS = { authorization: 'Bearer s3cret', dpop: 's3cret-proof', 'x-trace': 't1', accept: 'application/json, text/event-stream', 'content-type': 'application/json' }; // prettier-ignore

describe('mcp/shown-request', () => {
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

  it('has headers that read as any others, in every way but the hidden ones', () => {
    const { headers } = shownRequest(new Request(ENDPOINT, { headers: HEADERS }));
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
