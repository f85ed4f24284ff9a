/** Messages that real clients send and that JSON-RPC or MCP would have otherwise: nothing in them is ambiguous, so they must work. */
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyServer, mcpHandler } from '../../src/mcp/index.ts';
import type { FetchObject } from '../../src/model/context.ts';
import { parseMessages } from '../../src/mcp/policy/read-messages.ts';
import { accessWith, contextOf, ENDPOINT } from './clients.ts';

interface Both {
  registerTool(name: string, config: object, run: (given: unknown) => unknown): unknown;
  registerPrompt(name: string, config: object, run: (given: unknown) => unknown): unknown;
}

const lines: readonly (readonly [string, () => AnyServer, object])[] = [
  ['1.x', () => new OldServer({ name: 's', version: '1' }), { what: z.string().optional() }],
  ['2.x', () => new McpServer({ name: 's', version: '1' }), z.object({ what: z.string().optional() })],
];

describe.each(lines)('a server of SDK %s', (_line, make, schema) => {
  const handler = mcpHandler(() => {
    const server = make();
    const both = server as unknown as Both;
    const say = (given: unknown) => JSON.stringify(given);
    both.registerTool('open', { inputSchema: schema }, (given) => ({ content: [{ type: 'text', text: say(given) }] }));
    both.registerTool('bare', {}, () => ({ content: [{ type: 'text', text: 'bare' }] }));
    both.registerPrompt('hint', { argsSchema: schema }, (given) => ({ messages: [{ role: 'user', content: { type: 'text', text: say(given) } }] }));
    return server;
  }) as FetchObject<unknown>; // prettier-ignore

  const send = async (message: object): Promise<string> => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
    return (await handler.fetch(new Request(ENDPOINT, { method: 'POST', headers, body }), {}, contextOf(accessWith()))).text();
  }; // prettier-ignore

  it('is called without arguments, or with `null` for them, where all are optional (Cline, PicoClaw)', async () => {
    for (const more of [{}, { arguments: null }, { arguments: {} }]) {
      expect(await send({ method: 'tools/call', params: { name: 'open', ...more } })).toContain('"text":"{}"');
      expect(await send({ method: 'tools/call', params: { name: 'bare', ...more } })).toContain('"text":"bare"');
      expect(await send({ method: 'prompts/get', params: { name: 'hint', ...more } })).toContain('"text":"{}"');
    }
  });

  it('refuses arguments that are no object', async () => {
    for (const wrong of [[], 'x', 7, true])
      expect(await send({ method: 'tools/call', params: { name: 'open', arguments: wrong } })).not.toContain('"text":"{}"');
  });

  it('takes members that are `null` for absent ones (clients that write every member)', async () => {
    expect(await send({ method: 'tools/list', params: null })).toContain('"open"');
  });
});

it('a message of nothing but `null` is left out, and an answer may have an `error` that is `null`', () => {
  const read = (message: object) => parseMessages(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }));
  for (const none of [
    { method: null, params: null, result: null, error: null },
    { method: 'ping', error: null },
    { result: null, error: null },
  ])
    expect(read(none)).toHaveProperty('reason', 'not_json_rpc');
  expect(read({ result: {}, error: null })).toHaveProperty('messages', [{ jsonrpc: '2.0', id: 1, result: {} }]);
});
