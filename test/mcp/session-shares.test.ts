/** Through the whole server: what one caller can hold open or have stored, and that everyone else is served all the same. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { McpAgent, openMcpHandler, policy, sessions } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Event } from '../../src/model/event.ts';
import type { Handler } from '../../src/model/context.ts';
import { type App, ISSUER, makeApp } from '../support/app.ts';
import { text } from './clients.ts';
import { ask, begun, eventsOf, tokenOf, toolCall } from './session-client.ts';

const BOB = { username: 'bob', password: 'another passphrase' };
const CAPABILITIES = { capabilities: { tools: { listChanged: true } } };

class Asking extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'asking', version: '1.0.0' }, CAPABILITIES);
  init(): void {
    this.server.registerTool('where', {}, async () => {
      const requestedSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } } };
      const { action } = await this.elicit({ message: 'Which city?', requestedSchema });
      return text(action);
    });
  }
}

async function serving(more: object = {}): Promise<App & { readonly told: Event[] }> {
  const told: Event[] = [];
  const app = await makeApp('memory', {
    apiHandler: Asking.serve('/mcp', { sessions: sessions() }) as Handler,
    accessTokenTTL: 86_400,
    on: (event: Event) => void told.push(event),
    ...more,
  });
  await app.provider.helpers(app.env).accounts.create({ ...BOB });
  return { ...app, told };
}

/** Opens streams until one is refused. */
async function openAll(open: () => Promise<Response>): Promise<{ readonly opened: Response[]; readonly refused: Response | null }> {
  const opened: Response[] = [];
  while (opened.length < 3000) {
    const response = await open();
    if (response.status !== 200) return { opened, refused: response };
    opened.push(response);
  }
  return { opened, refused: null };
}

const listen = (app: App, token: string | null): Promise<Response> => {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'subscriptions/listen',
    ...(token !== null && { authorization: `Bearer ${token}` }),
  };
  const params = { _meta, notifications: { toolsListChanged: true } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params });
  return app.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body }));
};

describe('mcp, shares', () => {
  it('refuses one more stream of a session with 429, and serves its user’s other sessions and other users (F-06)', async () => {
    const app = await serving();
    const token = await tokenOf(app);
    const [session, other, foreign] = [await begun(app, token), await begun(app, token), await begun(app, await tokenOf(app, BOB))];
    const { opened, refused } = await openAll(() => ask(app, session, 'GET'));
    expect([opened.length, refused?.status, refused?.headers.get('retry-after')]).toEqual([8, 429, '30']);
    expect(app.told.at(-1)).toMatchObject({ kind: 'request.refused', endpoint: 'mcp', reason: 'streams_of_session' });
    const [own, theirs] = [await ask(app, other, 'GET'), await ask(app, foreign, 'GET')];
    expect([own.status, theirs.status]).toEqual([200, 200]);
    await opened[0]?.body?.cancel();
    const again = await ask(app, session, 'GET'); // a refusal has taken no place, and an end gives one back
    expect(again.status).toBe(200);
    for (const one of [...opened.slice(1), own, theirs, again]) await one.body?.cancel();
  });

  it('refuses one more subscription of a user with 429 and the id of the request, and serves others (F-06)', async () => {
    const app = await serving();
    const [alice, bob] = [await tokenOf(app), await tokenOf(app, BOB)];
    const { opened, refused } = await openAll(() => listen(app, alice));
    expect([opened.length, refused?.status]).toEqual([128, 429]);
    expect(await refused?.json()).toMatchObject({ id: 'sub', error: { code: -32000 } });
    expect(app.told.at(-1)).toMatchObject({ kind: 'request.refused', reason: 'streams_of_user' });
    const session = await begun(app, alice);
    expect((await ask(app, session, 'GET')).status).toBe(429); // streams of either line are of one share
    const theirs = await listen(app, bob);
    expect(theirs.status).toBe(200);
    for (const one of [...opened, theirs]) await one.body?.cancel();
  });

  it('refuses one more stream of callers without a token, and serves people who signed in (F-06)', async () => {
    const handler = openMcpHandler(
      () => {
        const server = new McpServer({ name: 'open', version: '1.0.0' }, CAPABILITIES);
        server.registerTool('look', {}, () => text('looked'));
        return server;
      },
      { policy: policy({ tools: { look: { anonymous: true } } }) },
    );
    const app = await serving({ anonymous: true, apiHandler: handler as Handler });
    const { opened, refused } = await openAll(() => listen(app, null));
    expect([opened.length, refused?.status]).toEqual([128, 429]);
    expect(app.told.at(-1)).toMatchObject({ kind: 'request.refused', reason: 'streams_of_anonymous' });
    const theirs = await listen(app, await tokenOf(app));
    expect(theirs.status).toBe(200);
    for (const one of [...opened, theirs]) await one.body?.cancel();
  });

  it('stores no answer to a request that was not sent, and no second answer (F-07)', async () => {
    const app = await serving();
    const session = await begun(app, await tokenOf(app));
    const size = async (): Promise<number> => {
      let [count, cursor] = [0, undefined as string | undefined];
      do {
        const page = await app.inner.all?.(cursor);
        count += page?.records.length ?? 0;
        cursor = page?.next;
      } while (cursor !== undefined);
      return count;
    };
    const before = await size();
    const large = 'x'.repeat(150_000);
    for (let post = 0; post < 8; post++) {
      const ids = Array.from({ length: 20 }, () => crypto.randomUUID().replaceAll('-', '').slice(0, 22));
      const answers = ids.map((id) => ({ jsonrpc: '2.0', id, result: { large } }));
      expect((await ask(app, session, 'POST', answers)).status).toBe(202);
    }
    expect(await size()).toBe(before);

    const stream = eventsOf(await ask(app, session, 'POST', toolCall('where')));
    await stream.next();
    const id = (await stream.next())?.data['id'];
    for (const action of ['decline', 'accept']) await ask(app, session, 'POST', { jsonrpc: '2.0', id, result: { action } });
    expect(JSON.stringify((await stream.next())?.data)).toContain('decline');
    await stream.cancel();
  });

  it('begins a session of a client with large icons, and serves it (R-54)', async () => {
    const app = await serving();
    const token = await tokenOf(app);
    const icons = [{ src: `data:image/png;base64,${'x'.repeat(300_000)}`, mimeType: 'image/png', sizes: ['512x512'] }];
    const clientInfo = { name: 't', version: '1', icons };
    const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo };
    const response = await ask(app, { token }, 'POST', { jsonrpc: '2.0', id: 0, method: 'initialize', params });
    expect([response.status, (await response.text()).includes('serverInfo')]).toEqual([200, true]);
    const stream = eventsOf(await ask(app, { token, id: response.headers.get('mcp-session-id') ?? '' }, 'POST', toolCall('where')));
    await stream.next();
    expect((await stream.next())?.data['method']).toBe('elicitation/create'); // a later server knows what the client can do
    await stream.cancel();
  });

  it('stores all cancellations in one record, for any number of requests (F-07)', async () => {
    const app = await serving();
    const session = await begun(app, await tokenOf(app));
    const size = async (): Promise<number> => (await app.inner.all?.())?.records.length ?? 0;
    const before = await size();
    for (let at = 0; at < 100; at++)
      await ask(app, session, 'POST', { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: at } });
    expect(await size()).toBeLessThanOrEqual(before + 1);
  });
});
