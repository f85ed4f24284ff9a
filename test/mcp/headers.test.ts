/** What the headers say of a call, and what the body says: who may go on is judged by the body, and the two must agree (2026-07-28). */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { mcpHandler, policy } from '../../src/mcp/index.ts';
import { accessWith, contextOf, ENDPOINT, text } from './clients.ts';

const ran: string[] = [];
const handler = mcpHandler(
  () => {
    const server = new McpServer({ name: 'd', version: '1' });
    for (const name of ['look', 'wipe']) server.registerTool(name, {}, () => (ran.push(name), text(name)));
    return server;
  },
  { policy: policy({ tools: { wipe: { scopes: ['wipe'] } } }), onError: () => undefined },
);

/** A call of 2026-07-28. @param said headers, in place of those that agree with the body. */
async function call(
  name: string,
  scope: readonly string[],
  said: Record<string, string | null> = {},
): Promise<{ status: number; code: unknown }> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {}, _meta: meta } });
  const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json, text/event-stream' });
  const own = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name, ...said };
  for (const [header, value] of Object.entries(own)) if (value !== null) headers.set(header, value);
  const access = { ...accessWith(), scope };
  const response = await handler.fetch(new Request(ENDPOINT, { method: 'POST', headers, body }), {}, contextOf(access));
  const sent = await response.text();
  const answer = sent.startsWith('{') ? (JSON.parse(sent) as { error?: { code: number } }) : {};
  return { status: response.status, code: answer.error?.code };
}

describe('mcp headers', () => {
  it('S-231 runs a call whose headers say what its body says, plainly or encoded', async () => {
    ran.length = 0;
    expect(await call('look', [])).toEqual({ status: 200, code: undefined });
    expect(await call('look', [], { 'mcp-name': `=?base64?${btoa('look')}?=` })).toEqual({ status: 200, code: undefined });
    expect(ran).toEqual(['look', 'look']);
  });

  it.each([
    ['a name', { 'mcp-name': 'look' }],
    ['an encoded name', { 'mcp-name': `=?base64?${btoa('look')}?=` }],
    ['a method', { 'mcp-method': 'tools/list' }],
    ['no name', { 'mcp-name': null }],
    ['no method', { 'mcp-method': null }],
  ])('S-231 refuses a call with %s in its headers that is not that of its body, and runs nothing', async (_what, said) => {
    ran.length = 0;
    expect(await call('wipe', ['wipe'], said)).toEqual({ status: 400, code: -32020 });
    expect(ran).toEqual([]);
  });

  it('S-231 judges by the body: no header makes a call that needs more look like one that needs nothing', async () => {
    ran.length = 0;
    for (const said of [
      { 'mcp-name': 'look' },
      { 'mcp-method': 'ping' },
      { 'mcp-name': null, 'mcp-method': null, 'mcp-protocol-version': null },
    ])
      expect((await call('wipe', [], said)).status).toBe(403);
    expect(ran).toEqual([]);
  });
});
