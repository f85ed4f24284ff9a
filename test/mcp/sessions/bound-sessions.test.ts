/** Sessions of a handler that knows nothing of users, bound to user, client and props: SDK transports behind the whole server. */
import { McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { boundSessions } from '../../../src/mcp/index.ts';
import type { FetchObject, Handler } from '../../../src/model/context.ts';
import { tokensOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { text } from '../clients.ts';
import { ask as askFor, tokenOf } from '../session-client.ts';

const BOB = { username: 'bob', password: 'another passphrase' };

/** Keeps transports in memory by their ids, as the SDK's documentation does: any caller that names an id is let in. */
function sessionful(): FetchObject & { readonly ran: string[]; readonly seen: string[] } {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const ran: string[] = [];
  const seen: string[] = [];
  return {
    ran,
    seen,
    async fetch(request) {
      seen.push(JSON.stringify([request.url, ...request.headers]));
      request.signal.addEventListener('abort', () => void ran.push('given up'));
      const id = request.headers.get('mcp-session-id');
      const known = transports.get(id ?? '');
      if (known) return known.handleRequest(request);
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (made) => void transports.set(made, transport),
      });
      const server = new McpServer({ name: 'sessions', version: '1.0.0' });
      server.registerTool('whoami', {}, () => (ran.push('whoami'), text('ran')));
      server.registerTool('hang', {}, () => new Promise(() => undefined));
      await server.connect(transport);
      return transport.handleRequest(request);
    },
  };
}

interface Session {
  readonly token: string;
  readonly id: string;
}

async function serving(
  store: string,
  permissions: () => readonly string[] = () => [],
): Promise<App & { readonly ran: string[]; readonly seen: string[] }> {
  const inner = sessionful();
  const handler = boundSessions(inner, { idle: 3000, most: 3, streamCheck: 1 }) as Handler;
  const app = await makeApp(store, { apiHandler: handler, permissions, accessTokenTTL: 86_400 });
  return { ...app, ran: inner.ran, seen: inner.seen };
}

const ask = (app: App, token: string, method: string, body: object | null, id?: string): Promise<Response> =>
  askFor(app, { token, ...(id === undefined ? {} : { id }) }, method, body ?? undefined);

const call = (app: App, { token, id }: Session): Promise<Response> =>
  ask(app, token, 'POST', { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'whoami', arguments: {} } }, id);

async function begin(app: App, token: string): Promise<Session> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const response = await ask(app, token, 'POST', { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  await response.text();
  const id = response.headers.get('mcp-session-id') ?? '';
  expect(id).not.toBe('');
  return { token, id };
}

describe.each(storeNames)('bound sessions on %s', (store) => {
  it('serves a session to the user who began it', async () => {
    const app = await serving(store);
    const session = await begin(app, await tokenOf(app, ALICE));
    const answer = await call(app, session);
    expect([answer.status, (await answer.text()).includes('ran')]).toEqual([200, true]);
  });

  it('SEC-189: another user, or another client of the same user, finds no session: POST, GET and DELETE', async () => {
    const app = await serving(store);
    await app.provider.helpers(app.env).accounts.create({ ...BOB });
    const session = await begin(app, await tokenOf(app, ALICE));
    for (const token of [await tokenOf(app, BOB), await tokenOf(app, ALICE)]) {
      const foreign = { ...session, token };
      expect((await call(app, foreign)).status).toBe(404);
      expect((await ask(app, token, 'GET', null, session.id)).status).toBe(404);
      expect((await ask(app, token, 'DELETE', null, session.id)).status).toBe(404);
    }
    expect(app.ran).toEqual([]);
    expect((await call(app, session)).status).toBe(200); // the owner's goes on
  });

  it('ends with DELETE, when it was not used for long, and when what tools know of the user has changed', async () => {
    let permissions = ['admin'];
    const app = await serving(store, () => permissions);
    const token = await tokenOf(app, ALICE);
    const [deleted, idle, stale] = [await begin(app, token), await begin(app, token), await begin(app, token)];
    expect((await ask(app, token, 'DELETE', null, deleted.id)).status).toBe(200);
    expect((await call(app, deleted)).status).toBe(404);
    app.clock.pass(2000);
    expect((await call(app, stale)).status).toBe(200); // used: its time begins anew
    app.clock.pass(2000);
    expect((await call(app, idle)).status).toBe(404);
    expect((await call(app, stale)).status).toBe(200);
    permissions = [];
    expect((await call(app, stale)).status).toBe(404);
    expect((await call(app, await begin(app, token))).status).toBe(200);
  });

  it('SEC-228: one more than there may be ends the one that was not used for the longest time', async () => {
    const app = await serving(store);
    const token = await tokenOf(app, ALICE);
    const first = await begin(app, token);
    app.clock.pass(10);
    const second = await begin(app, token);
    app.clock.pass(1000);
    expect((await call(app, first)).status).toBe(200);
    for (let at = 0; at < 2; at++) await begin(app, token);
    expect([(await call(app, first)).status, (await call(app, second)).status]).toEqual([200, 404]);
    expect((await ask(app, token, 'DELETE', null, first.id)).status).toBe(200);
    await begin(app, token); // in the place of the one that has ended
  });
});

describe('bound sessions', () => {
  it('ends the stream of a tool at work when its token is revoked, and tells its handler (F-08)', async () => {
    const app = await serving('memory');
    const client = await app.client();
    const { access: token } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
    const session = await begin(app, token);
    const hang = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'hang', arguments: {} } };
    const answer = await ask(app, token, 'POST', hang, session.id);
    expect(answer.headers.get('content-type')).toContain('event-stream');
    const ended = answer.text();
    await client.revoke(token);
    expect(await ended).not.toContain('result');
    expect(app.ran).toEqual(['given up']);
  });

  it('does not abort the signal of a handler whose response is complete (F-08)', async () => {
    const app = await serving('memory');
    const session = await begin(app, await tokenOf(app, ALICE));
    await (await call(app, session)).text();
    expect(app.ran).toEqual(['whoami']);
  });

  it('shows its handler neither the token nor another credential (F-08)', async () => {
    const app = await serving('memory');
    const token = await tokenOf(app, ALICE);
    const session = await begin(app, token);
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${token}` };
    const more = { cookie: 'a=s3cret', 'x-api-key': 's3cret', 'mcp-session-id': session.id, 'x-trace': 't1' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'whoami', arguments: {} } });
    const request = new Request(`${ISSUER}/mcp`, { method: 'POST', headers: { ...headers, ...more }, body });
    expect(await (await app.send(request)).text()).toContain('ran');
    expect(app.seen.at(-1)).toContain('t1');
    expect(app.seen.join()).not.toMatch(new RegExp(`s3cret|${token}`));
  });
});

describe('mcp/sessions/bound-sessions', () => {
  it('refuses an invalid option, and a handler without a provider in front', async () => {
    const inner = sessionful();
    expect(() => boundSessions(inner, { idle: 5 })).toThrow('`idle`');
    expect(() => boundSessions(inner, { most: 0 })).toThrow('`most`');
    expect(() => boundSessions(inner, { streamCheck: 0 })).toThrow('`streamCheck`');
    const alone = boundSessions(inner).fetch(new Request(`${ISSUER}/mcp`), {}, { waitUntil: () => undefined });
    await expect(alone).rejects.toThrow('needs OAuthProvider');
  });
});
