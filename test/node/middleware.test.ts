/** The guard and the whole provider inside other people's servers, over real sockets. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { guard, type Guard } from '../../src/guard/guard.ts';
import { admit, expressGuard, metadataListener, nodeListener, type GuardedMessage } from '../../src/node/middleware.ts';
import type { Checked } from '../../src/model/access.ts';

const RESOURCE = 'https://mcp.example/mcp';
const access: Checked = {
  userId: 'u1',
  clientId: 'c1',
  grantId: 'g1',
  scope: ['read'],
  resource: RESOURCE,
  expiresAt: 9e9,
  props: { claims: { sub: 'u1' } },
};
const check: Guard = guard({
  resource: RESOURCE,
  authorizationServers: ['https://as.example'],
  verify: (token) => (token === 'good' ? access : null),
});
const METADATA = '/.well-known/oauth-protected-resource/mcp';

const running: Server[] = [];
const urlOf = async (server: Server): Promise<string> => {
  running.push(server);
  if (!server.listening) await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
afterEach(() => {
  for (const server of running.splice(0)) server.close();
});

/** What every one of them must do alike. */
async function expectGuarded(base: string): Promise<void> {
  const call = (token: string | null, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${base}/mcp`, { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers } });
  const none = await call(null);
  expect(none.status).toBe(401);
  expect(none.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="https://mcp.example${METADATA}"`);
  expect((await call('bad')).status).toBe(401);
  expect((await call('good', { origin: 'https://evil.example' })).status).toBe(403);
  const good = await call('good');
  expect([good.status, await good.json()]).toEqual([200, { user: 'u1', scopes: ['read'], got: { a: 1 } }]);
  const metadata = await fetch(base + METADATA);
  expect(await metadata.json()).toMatchObject({ resource: RESOURCE, authorization_servers: ['https://as.example'] });
} // prettier-ignore

describe('node/middleware', () => {
  it('guards a route of Express, before its body parser, and gives the SDK what it wants in `request.auth`', async () => {
    const app = express();
    app.post('/mcp', expressGuard(check), express.json(), (request: GuardedMessage & { body?: unknown }, response) => {
      response.json({ user: request.access?.userId, scopes: request.auth?.scopes, got: request.body });
    });
    app.get(METADATA, metadataListener(check));
    await expectGuarded(await urlOf(createServer(app)));
  });

  it('guards a route of Fastify by its first hook', async () => {
    const app = fastify();
    app.addHook('onRequest', async (request, reply) => {
      if (request.url !== '/mcp') return;
      if (!(await admit(check, request.raw, reply.raw))) reply.hijack();
    });
    app.post('/mcp', async (request) => {
      const { access: who, auth } = request.raw as GuardedMessage;
      return { user: who?.userId, scopes: auth?.scopes, got: request.body };
    });
    app.get(METADATA, (request, reply) => {
      reply.hijack();
      metadataListener(check)(request.raw, reply.raw);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    await expectGuarded(await urlOf(app.server));
  });

  it('guards a handler of Hono, and of everything else that passes a Request and takes a Response (Next, SvelteKit, Bun, Deno)', async () => {
    const handle = check.protect(async (request, _env, { auth }) =>
      Response.json({ user: auth.userId, scopes: auth.scope, got: await request.json() }),
    );
    const hono = new Hono();
    hono.all('/mcp', (c) => handle(c.req.raw));
    hono.all(METADATA, (c) => handle(c.req.raw));
    await expectGuarded(await urlOf(createServer(nodeListener({ fetch: (request) => hono.fetch(request) }))));
    // A route of Next is called with the request and its parameters, and nothing else.
    const route = { POST: handle as (request: Request, context: { params: Promise<object> }) => Promise<Response> };
    const request = new Request(RESOURCE, { method: 'POST', body: '{"a":2}', headers: { authorization: 'Bearer good' } });
    expect(await (await route.POST(request, { params: Promise.resolve({}) })).json()).toMatchObject({ user: 'u1', got: { a: 2 } });
  });

  it('keeps the whole path where Express cuts its mount path off', async () => {
    const app = express();
    const seen: string[] = [];
    app.use(
      '/auth',
      nodeListener((request) => (seen.push(new URL(request.url).pathname), new Response('ok'))),
    );
    await fetch(`${await urlOf(createServer(app))}/auth/token?x=1`);
    expect(seen).toEqual(['/auth/token']);
  });

  it('says what is wrong where a body parser has eaten the body before it', async () => {
    const app = express();
    app.use(express.json());
    app.use(nodeListener(async (request) => new Response(await request.text())));
    const base = await urlOf(createServer(app));
    const answer = await fetch(base, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('body parser')]);
  });

  it('refuses what has no `fetch`', () => {
    expect(() => nodeListener({} as never)).toThrow(/nodeListener: give an OAuthProvider/);
  });
});
