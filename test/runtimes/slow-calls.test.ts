/** tools that take 34 s, behind a proxy that gives up after 30 s without a byte, of which one comes every 15 s; on Node and in workerd, in every line of the protocol. */
import { describe, expect, it } from 'vitest';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ask, begun, toolCall } from '../mcp/session-client.ts';
import { type Fleet, FLEET_ISSUER, type Member, startFleet } from '../support/fleet.ts';
import { LATE_MS, LINE_HEADER } from '../support/leak-agent.ts';
import { freePort } from '../support/port.ts';
import { startImpatientProxy } from '../support/proxy.ts';
import { PEOPLE } from '../support/session-agent.ts';

const PATIENCE_MS = 30_000;
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const MODERN = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'late' };

const SERVERS: { readonly [runtime: string]: () => Promise<Fleet> } = {
  Node: () => startFleet('', 1, 'leak-server.ts'),
  workerd: async () => startFleet(String(await freePort()), 1, 'leak-worker-server.ts'),
};

describe('a tool that takes longer than a proxy waits', () => {
  it.each(Object.keys(SERVERS))('is answered through it, by %s (R-51)', async (runtime) => {
    const fleet = await (SERVERS[runtime] as () => Promise<Fleet>)();
    const [member] = fleet.members as [Member];
    const proxy = await startImpatientProxy(member.port(), PATIENCE_MS);
    const send: Send = async (request) => {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const body = method === 'POST' ? await request.text() : null;
      return fetch(`http://127.0.0.1:${proxy.port}${pathname}${search}`, { method, headers, body, redirect: 'manual' });
    };
    const client = await registerClient({ send, issuer: FLEET_ISSUER });
    const code = await client.signIn(makeBrowser(send), PEOPLE[0] as (typeof PEOPLE)[number]);
    const token = tokensOf(await client.redeem(code)).access;
    const inSession: Send = (request) => {
      request.headers.set(LINE_HEADER, 'current in a session');
      return send(request);
    };
    const session = await begun({ send: inSession }, token);
    const modern = { ...toolCall('late'), params: { name: 'late', arguments: {}, _meta: META } };
    const began = Date.now();
    const calls = {
      '2025, SDK 2.x': ask({ send }, { token }, 'POST', toolCall('late'), { [LINE_HEADER]: 'current' }),
      '2025, SDK 1.x': ask({ send }, { token }, 'POST', toolCall('late'), { [LINE_HEADER]: 'old' }),
      '2025, in a session': ask({ send: inSession }, session, 'POST', toolCall('late')),
      '2026': ask({ send }, { token }, 'POST', modern, MODERN),
    };
    for (const [line, coming] of Object.entries(calls)) {
      const response = await coming;
      expect([line, response.status, (await response.text()).includes('at last')]).toEqual([line, 200, true]);
    }
    expect(Date.now() - began).toBeGreaterThanOrEqual(LATE_MS - 1000);
    proxy.stop();
    await fleet.stop();
  });
});
