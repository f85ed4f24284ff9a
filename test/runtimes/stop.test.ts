/**
 * F-68: SIGTERM while streams are open. Those on which nothing is at work end at once, tools at work are waited for, and what they answer is the
 * last that is sent. Node alone: workerd stops as its platform does.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { makeBrowser } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ask, begun, toolCall } from '../mcp/session-client.ts';
import { type Fleet, FLEET_ISSUER, type Member, startFleet } from '../support/fleet.ts';
import { LINE_HEADER } from '../support/leak-agent.ts';
import { PEOPLE } from '../support/session-agent.ts';

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
  progressToken: 'p',
};
const STATELESS = { [LINE_HEADER]: 'stateless' };
const OLD = { 'mcp-protocol-version': '2024-11-05' };
const modern = (method: string, name?: string): Record<string, string> => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name !== undefined && { 'mcp-name': name }),
});
const call = { ...toolCall('slow'), params: { name: 'slow', arguments: {}, _meta: { progressToken: 'p' } } };
const modernCall = { ...call, params: { ...call.params, _meta: META } };
const LISTEN = {
  jsonrpc: '2.0',
  id: 1,
  method: 'subscriptions/listen',
  params: { _meta: META, notifications: { toolsListChanged: true } },
};

let fleet: Fleet;
afterEach(() => fleet.stop());
const folder = mkdtempSync(join(tmpdir(), 'portcullis-stop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a server. @param over the file whose coming ends the work of its tools. */
async function started(over = join(folder, 'never')): Promise<{ readonly member: Member; readonly token: string }> {
  fleet = await startFleet(over, 1, 'stop-server.ts');
  const [member] = fleet.members as [Member];
  const client = await registerClient({ send: member.send, issuer: FLEET_ISSUER });
  const code = await client.signIn(makeBrowser(member.send), PEOPLE[0] as (typeof PEOPLE)[number]);
  return { member, token: tokensOf(await client.redeem(code)).access };
}

interface Stream {
  /** Reads on until all that has come matches. */
  until(what: RegExp): Promise<string>;
  /** Reads to the end. @returns all that came. */
  rest(): Promise<string>;
}

async function opened(coming: Promise<Response>): Promise<Stream> {
  const response = await coming;
  expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/event-stream')]);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  const read = async (isOver: () => boolean): Promise<void> => {
    while (!isOver()) {
      const { done, value } = await reader.read();
      if (done) return;
      text += new TextDecoder().decode(value);
    }
  };
  return {
    until: async (what) => (await read(() => what.test(text)), what.exec(text)?.[1] ?? ''),
    rest: async () => (await read(() => false), text),
  };
}

describe('SIGTERM', () => {
  it('ends streams on which nothing is at work at once, and the process with them (F-68)', async () => {
    const { member, token } = await started();
    const session = await begun(member, token);
    const streams = [
      await opened(ask(member, session, 'GET')),
      await opened(ask(member, { token }, 'POST', LISTEN, modern('subscriptions/listen'))),
      await opened(ask(member, { token }, 'GET', undefined, OLD)),
    ];
    const rests = streams.map((stream) => stream.rest());
    await member.stop(); // long before the time is over that a stop may take
    await expect(Promise.all(rests)).resolves.toHaveLength(3);
  });

  it('waits for tools at work on every kind of stream, whose answer is the last that is sent (F-68)', async () => {
    const over = join(folder, 'over');
    const { member, token } = await started(over);
    const session = await begun(member, token);
    const old = await opened(ask(member, { token }, 'GET', undefined, OLD));
    const address = await old.until(/^data: (\?.+)$/m);
    const post = async (body: object): Promise<void> => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      const request = new Request(`${FLEET_ISSUER}/mcp${address}`, { method: 'POST', headers, body: JSON.stringify(body) });
      expect((await member.send(request)).status).toBe(202);
    };
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    await post({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    await old.until(/serverInfo/);
    const idle = await opened(ask(member, session, 'GET'));
    const tools = [
      old,
      await opened(ask(member, session, 'POST', call)),
      await opened(ask(member, { token }, 'POST', call, STATELESS)),
      await opened(ask(member, { token }, 'POST', modernCall, { ...modern('tools/call', 'slow'), ...STATELESS })),
    ];
    await post(call);
    for (const tool of tools) await tool.until(/notifications\/progress/);
    const rests = tools.map((tool) => tool.rest());
    const gone = member.stop();
    expect(await idle.rest()).not.toContain('the last word'); // ends while the tools are at work
    writeFileSync(over, '');
    for (const text of await Promise.all(rests)) expect(text).toMatch(/the last word[^\n]+\n\n$/);
    await gone; // long before the time is over that a stop may take
    await expect(ask(member, session, 'GET')).rejects.toThrow();
  });
});
