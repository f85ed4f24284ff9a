/** Several agents under one resource: one token for all, and what each keeps for its users apart. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { McpAgent, mount, sessions } from '../../src/mcp/index.ts';
import type { Handler } from '../../src/model/context.ts';
import { ISSUER, makeApp, storeNames } from '../support/app.ts';
import { callOf, text } from './clients.ts';

class Counter extends McpAgent<unknown, number> {
  server = new McpServer({ name: 'counter', version: '1.0.0' });
  override initialState = 0;
  init(): void {
    this.server.registerTool('count', {}, async () => {
      await this.setState((before) => before + 1);
      return text(String(this.state));
    });
  }
}

describe.each(storeNames)('mounted agents on %s', (store) => {
  it('answer under their paths with one token, with separate state and sessions; all else is a 404', async () => {
    const paths = ['/mcp/one', '/mcp/one/two'];
    const handler = mount(Object.fromEntries(paths.map((path) => [path, Counter.serve(path, { sessions: sessions() })])));
    const app = await makeApp(store, { apiHandler: handler as Handler });
    const { access } = (await app.signedIn()).tokens;
    const post = (path: string, body: string, more: Record<string, string> = {}): Promise<Response> => {
      const headers = {
        authorization: `Bearer ${access}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      return app.send(new Request(ISSUER + path, { method: 'POST', body, headers: { ...headers, ...more } }));
    };
    const count = async (path: string): Promise<string> =>
      /"text":"(\d)"/.exec(await (await post(path, callOf(1, 'count'))).text())?.[1] ?? '';
    expect([await count('/mcp/one'), await count('/mcp/one'), await count('/mcp/one/two')]).toEqual(['1', '2', '1']);
    expect([(await post('/mcp/other', '{}')).status, (await post('/mcp', '{}')).status]).toEqual([404, 404]);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const begun = await post('/mcp/one', JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
    await begun.text();
    const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' };
    expect((await post('/mcp/one/two', callOf(1, 'count'), session)).status).toBe(404);
    expect((await post('/mcp/one', callOf(1, 'count'), session)).status).toBe(200);
  });
});

describe('mcp/index: mount', () => {
  it('names an invalid path', () => {
    for (const path of ['mcp', '/mcp/', '/']) expect(() => mount({ [path]: Counter.Router })).toThrow(JSON.stringify(path));
    expect(() => mount({})).toThrow('at least one');
  });
});
