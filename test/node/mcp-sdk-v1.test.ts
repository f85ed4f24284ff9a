/** `portcullis/mcp-sdk-v1` in Express applications over real sockets: beside the MCP SDK's own router, by the code of docs/guide/from-mcp-sdk.md. */
import express from 'express';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { mcpSdkProvider } from '../../src/former/index.ts';
import { password } from '../../src/logins/password.ts';
import {
  type AuthInfo,
  type AuthRouterOptions,
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
  mcpAuthRouter,
  requireBearerAuth,
  ServerProvider,
  type ServerProviderOptions,
} from '../../src/mcp-sdk-v1/index.ts';
import type { Event } from '../../src/model/event.ts';
import type { Store } from '../../src/model/store.ts';
import type { GuardedMessage } from '../../src/node/middleware.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import type { Clock } from '../../src/testing/clock.ts';
import { connectTo } from '../examples/client.ts';
import { fenceOf, runProgram } from '../support/guide-program.ts';
import { freePort } from '../support/port.ts';
import { makeProver } from '../support/prover.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-mcp-sdk-'));
const running = new Set<Server>();
const stop = async (server: Server): Promise<void> => {
  running.delete(server);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
};
afterEach(async () => {
  for (const server of running) await stop(server);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts an application. @param port default: any that is free. */
async function start(app: object, port = 0): Promise<{ server: Server; url: string; port: number }> {
  const server = express()
    .use(app as unknown as express.RequestHandler)
    .listen(port, '127.0.0.1');
  running.add(server);
  await new Promise((listening) => server.once('listening', listening));
  const at = (server.address() as AddressInfo).port;
  return { server, url: `http://localhost:${at}`, port: at };
}

const bearer = (token: string): RequestInit => ({ method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: '{"a":1}' }); // prettier-ignore
const jsonAt = async (url: string): Promise<unknown> => {
  const answer = await fetch(url);
  return answer.ok ? answer.json() : answer.status;
};

describe('docs/guide/from-mcp-sdk.md', () => {
  it('warns once of a proxy that `trustProxy` does not name, as all users would share the limits of one network', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      for (const trustProxy of [undefined, 1]) {
        const provider = new ServerProvider({ store: memoryStore(), logins: [password()] });
        const { url } = await start(mcpAuthRouter({ provider, issuerUrl: new URL('http://localhost:9'), trustProxy }) as never);
        for (const path of ['/login', '/token', '/login']) await fetch(url + path, { headers: { 'x-forwarded-for': '203.0.113.7' } });
      }
      const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('X-Forwarded-For'));
      expect(lines).toEqual(['portcullis: a proxy forwards requests (X-Forwarded-For), so all users share one rate limit; give the option trustProxy: 1']);
    } finally {
      warn.mockRestore();
    }
  }); // prettier-ignore

  it('switches an application under a connected client, whose tools find the same authInfo (W-12)', async () => {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const shared = globalThis as { notes?: unknown };
    const { NotesProvider, handler } = await import('../support/sdk-provider.ts');
    const provider = new NotesProvider();
    class Notes {
      constructor() {
        return provider; // the old data, in memory
      }
    }
    shared.notes = { NotesProvider: Notes, handler };
    const program = (language: 'js' | 'ts'): string =>
      `const { NotesProvider, handler } = globalThis.notes;\n${fenceOf('from-mcp-sdk.md', language)}`
        .replace(/import .* from '\.\/notes\.js';\n/, '')
        .replaceAll('https://mcp.example', url)
        .replaceAll('./data/', `${folder}/`);
    const before = await start((await runProgram<{ app: object }>(folder, program('js'))).app, port);
    const client = await connectTo(`${url}/mcp`, fetch, async (asked) => (await fetch(asked, { redirect: 'manual' })).headers.get('location') ?? ''); // prettier-ignore
    const there = JSON.parse(await client.say('whoami')) as object;
    expect(there).toMatchObject({ hasToken: true, scopes: ['read'], resource: `${url}/mcp`, isLater: true, userId: 'una', team: 'blue' });
    await stop(before.server);
    const after = await start((await runProgram<{ app: object }>(folder, program('ts'))).app, port);
    expect(JSON.parse(await client.say('whoami'))).toEqual(there); // the client refreshed by itself
    expect(JSON.parse(await client.say('whoami'))).toEqual(there);
    await client.client.close();
    await stop(after.server);
  });
});

const ISSUER = 'https://mcp.example';
const MCP = `${ISSUER}/mcp`;
const METADATA = '/.well-known/oauth-protected-resource/mcp';
const unprovided = { logins: [password()], store: memoryStore() };

/** An application with the router before its own routes, and everything that was noticed. */
async function appWith(options: Partial<ServerProviderOptions> = {}, routing: Partial<AuthRouterOptions> = {}, required: string[] = []) {
  const events: Event[] = [];
  const provider = new ServerProvider({ logins: [password()], store: memoryStore(), on: (event) => void events.push(event), ...options });
  const guarded = requireBearerAuth({ verifier: provider, requiredScopes: required, resourceMetadataUrl: ISSUER + METADATA }); // before its router
  const app = express();
  app.use(mcpAuthRouter({ provider, issuerUrl: new URL(ISSUER), resourceServerUrl: new URL(MCP), ...routing }));
  app.post('/mcp', guarded, express.json(), (request: GuardedMessage & { body?: unknown }, response) => {
    const { auth } = request;
    response.json({ auth, got: request.body });
  });
  app.use((request, response) => response.status(418).send(`mine: ${request.method} ${request.path}`));
  return { ...(await start(app)), provider, events };
}

describe('mcp-sdk-v1: mcpAuthRouter', () => {
  it('answers its endpoints, pages and documents, and leaves every other request to the routes behind it, with its body', async () => {
    const { url } = await appWith({}, { scopesSupported: ['read'], resourceName: 'Notes', serviceDocumentationUrl: new URL('https://docs.example/') });
    expect(await jsonAt(`${url}/.well-known/oauth-authorization-server`)).toMatchObject({
      issuer: ISSUER, token_endpoint: `${ISSUER}/token`, registration_endpoint: `${ISSUER}/register`, scopes_supported: ['read', 'offline_access'],
    });
    expect(await jsonAt(url + METADATA)).toMatchObject({
      resource: MCP, authorization_servers: [ISSUER], scopes_supported: ['read'], resource_name: 'Notes', resource_documentation: 'https://docs.example/',
    });
    const statuses = async (...paths: string[]): Promise<number[]> => Promise.all(paths.map(async (path) => (await fetch(url + path, { redirect: 'manual' })).status)); // prettier-ignore
    expect(await statuses('/token', '/revoke', '/register', '/introspect', '/authorize', '/login')).toEqual([405, 405, 405, 405, 400, 200]);
    expect(await statuses('/', '/tokens', '/authorized', '/.well-known/other', '/mcp/more')).toEqual([418, 418, 418, 418, 418]);
    expect(await (await fetch(`${url}/notes`, { method: 'POST', body: 'x' })).text()).toBe('mine: POST /notes');
  }); // prettier-ignore

  it('answers the probes and the device authorization endpoint where the options ask for them', async () => {
    const scrapeToken = 'a'.repeat(32);
    const { url } = await appWith({ monitoring: { ready: '/up', scrapeToken }, deviceAuthorizationEndpoint: '/device_authorization' });
    const statuses = ['/health', '/up', '/ready', '/metrics', '/device_authorization'].map(
      async (path) => (await fetch(url + path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 418, 401, 405]);
    expect((await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${scrapeToken}` } })).status).toBe(200);
    const without = await appWith({ monitoring: {} });
    expect((await fetch(`${without.url}/metrics`)).status).toBe(418);
  });

  it('leaves the names of pages to an application that has pages of its own, which gets the authorize endpoint alone', async () => {
    const asked: string[] = [];
    const defaultHandler = (request: Request): Response => {
      asked.push(new URL(request.url).pathname);
      return new Response('my page');
    };
    const { url } = await appWith({ logins: [], defaultHandler });
    expect(await (await fetch(`${url}/authorize?client_id=x`)).text()).toBe('my page');
    expect(await (await fetch(`${url}/login`)).text()).toBe('mine: GET /login');
    expect(asked).toEqual(['/authorize']);
  });

  it('has the issuer for its resource where none is named, and no registration where that is off', async () => {
    const { url } = await appWith({ clientRegistrationEndpoint: undefined }, { resourceServerUrl: new URL(MCP) });
    expect(await jsonAt(`${url}/.well-known/oauth-authorization-server`)).not.toHaveProperty('registration_endpoint');
    const provider = new ServerProvider(unprovided);
    const app = express().use(mcpAuthRouter({ provider, issuerUrl: new URL(ISSUER), baseUrl: new URL(ISSUER) }));
    const alone = await start(app);
    expect(await jsonAt(`${alone.url}/.well-known/oauth-protected-resource`)).toMatchObject({ resource: ISSUER, authorization_servers: [ISSUER] });
  }); // prettier-ignore

  it.each<[string, () => unknown, string]>([
    ['a provider of the SDK', () => mcpAuthRouter({ provider: {} as never, issuerUrl: new URL(ISSUER) }), 'give your own one to it as `formerStore: mcpSdkProvider(provider, …)`'],
    ['no issuer', () => mcpAuthRouter({ provider: new ServerProvider(unprovided) } as never), '`issuerUrl` must be a URL'],
    ['another origin', () => mcpAuthRouter({ provider: new ServerProvider(unprovided), issuerUrl: new URL(ISSUER), baseUrl: new URL('https://other.example') }), '`baseUrl` must have the origin'],
    ['an option that is not there', () => mcpAuthRouter({ provider: new ServerProvider(unprovided), issuerUrl: new URL(ISSUER), tokenOptions: {} } as never), '`tokenOptions` is not an option'],
    ['an option of the router', () => new ServerProvider({ ...unprovided, issuer: ISSUER } as never), '`issuer` is not an option; the options of mcpAuthRouter say it'],
    ['a misspelt option', () => mcpAuthRouter({ provider: new ServerProvider({ ...unprovided, acessTokenTTL: 60 } as never), issuerUrl: new URL(ISSUER) }), 'accessTokenTTL'],
    ['one provider twice', () => [1, 2].map(() => mcpAuthRouter({ provider: once, issuerUrl: new URL(ISSUER) })), 'has a router already'],
    ['helpers before the router', () => new ServerProvider(unprovided).helpers, 'give it to mcpAuthRouter({ provider, issuerUrl }) first.'],
    ['metadata of no server', () => mcpAuthMetadataRouter({ oauthMetadata: {} as never, resourceServerUrl: new URL(MCP) }), 'with its `issuer`'],
    ['a verifier that is none', () => requireBearerAuth({ verifier: {} as never }), '`verifier` must be'],
    ['a verifier without a resource', () => requireBearerAuth({ verifier: elsewhere(MCP) }), 'give `expectedResource`'],
    ['metadata of another resource', () => requireBearerAuth({ verifier: routed(), resourceMetadataUrl: `${ISSUER}/.well-known/oauth-protected-resource` }), `must be those of the router: ${MCP}`],
    ['a metadata URL that is none', () => requireBearerAuth({ verifier: routed(), resourceMetadataUrl: 'metadata.json' }), '`resourceMetadataUrl` must be what'],
  ])('fails at the start for %s, naming the fix', (_what, make, message) => {
    expect(make).toThrow(message);
  }); // prettier-ignore
});

const once = new ServerProvider(unprovided);
/** A provider that has a router. */
function routed(): ServerProvider {
  const provider = new ServerProvider(unprovided);
  mcpAuthRouter({ provider, issuerUrl: new URL(ISSUER), resourceServerUrl: new URL(MCP) });
  return provider;
}
/** A verifier of tokens of another server: `good`, and what goes wrong with others. */
function elsewhere(resource: string): { verifyAccessToken(token: string): Promise<AuthInfo> } {
  return {
    async verifyAccessToken(token) {
      if (token === 'down') throw new Error('The other server does not answer.');
      if (token === 'bad') throw Object.assign(new Error('no'), { errorCode: 'invalid_token' });
      const info: AuthInfo = { token, clientId: 'c', scopes: token === 'narrow' ? [] : ['read'], expiresAt: Date.now() / 1000 + 60, resource: new URL(resource) };
      if (token === 'old') info.expiresAt = Date.now() / 1000 - 60;
      if (token === 'endless') delete info.expiresAt;
      if (token === 'unbound') delete info.resource;
      if (token === 'foreign') info.resource = new URL('https://other.example/mcp');
      return info;
    },
  }; // prettier-ignore
}

describe('mcp-sdk-v1: requireBearerAuth', () => {
  it('signs a client of the SDK in by our pages, and gives tools token, client, scopes, end, resource and props; a second client of that user, too', async () => {
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const provider = new ServerProvider({ ...unprovided, store: memoryStore(), extra: ({ userId }) => ({ userId, team: 'blue' }) });
    const { handler } = await import('../support/sdk-provider.ts');
    const resourceServerUrl = new URL(`${origin}/mcp`);
    const app = express().use(mcpAuthRouter({ provider, issuerUrl: new URL(origin), resourceServerUrl, scopesSupported: ['read'] }));
    app.post('/mcp', requireBearerAuth({ verifier: provider, requiredScopes: ['read'], expectedResource: resourceServerUrl }), express.json(), handler);
    const { url } = await start(app, port);
    const { id } = await provider.helpers.accounts.create({ username: 'ada', password: 'a long passphrase' });
    const client = await connectTo(`${url}/mcp`, fetch, async (asked) => {
      const browser = makeBrowser((request) => fetch(request));
      return (await browser.submit(await browser.get(asked), { decision: 'approve', username: 'ada', password: 'a long passphrase' })).location ?? '';
    });
    expect(JSON.parse(await client.say('whoami'))).toEqual({
      hasToken: true, clientId: expect.any(String), scopes: ['read'], resource: `${url}/mcp`, isLater: true, userId: id, team: 'blue',
    });
    await client.client.close();
  }); // prettier-ignore

  it('gives the token itself, and the props of the grant in `extra`', async () => {
    const old = { clientsStore: { getClient: () => ({ client_id: 'c', redirect_uris: ['http://localhost:3334/cb'] }) }, exchangeRefreshToken: async () => ({ access_token: 'x' }), ...elsewhere(MCP) };
    const formerStore = mcpSdkProvider(old, () => ({ userId: 'una', props: { team: 'blue' } }));
    const { url, provider, events } = await appWith({ formerStore }, { scopesSupported: ['read'] }, ['read']);
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'c', refresh_token: 'any' });
    const { access_token: token } = (await (await fetch(`${url}/token`, { method: 'POST', body })).json()) as { access_token: string };
    const { auth, got } = (await (await fetch(`${url}/mcp`, bearer(token))).json()) as { auth: AuthInfo; got: unknown };
    expect(auth).toMatchObject({ token, clientId: 'c', scopes: ['read'], resource: MCP, extra: { userId: 'una', team: 'blue', props: { team: 'blue' } } });
    expect(got).toEqual({ a: 1 });
    expect((await provider.verifyAccessToken(token)).resource).toEqual(new URL(MCP));
    await expect(provider.verifyAccessToken('other')).rejects.toMatchObject({ errorCode: 'invalid_token' });
    await provider.helpers.signOut('una');
    expect((await fetch(`${url}/mcp`, bearer(token))).status).toBe(401);
    expect(events.filter(({ kind }) => kind === 'request.refused')).toMatchObject([{ endpoint: 'guard', code: 'invalid_token' }]);
  }); // prettier-ignore

  it('takes a token that is bound to a key with a proof of it, once, and never as one that needs none', async () => {
    const old = { clientsStore: { getClient: () => ({ client_id: 'c', redirect_uris: ['http://localhost:3334/cb'] }) }, exchangeRefreshToken: async () => ({ access_token: 'x' }), ...elsewhere(MCP) };
    const { url, provider } = await appWith({ formerStore: mcpSdkProvider(old, () => ({ userId: 'una' })) });
    const prover = await makeProver({ now: () => Math.floor(Date.now() / 1000) } as Clock);
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'c', refresh_token: 'any' });
    const made = await fetch(`${url}/token`, { method: 'POST', body, headers: { dpop: await prover.proof('POST', `${ISSUER}/token`) } });
    const { access_token: token, token_type: type } = (await made.json()) as { access_token: string; token_type: string };
    expect(type).toBe('DPoP');
    await expect(provider.verifyAccessToken(token)).rejects.toMatchObject({ errorCode: 'invalid_token' });
    expect((await fetch(`${url}/mcp`, bearer(token))).status).toBe(401);
    const shown = { ...bearer(token), headers: { ...bearer(token).headers, authorization: `DPoP ${token}`, dpop: await prover.proof('POST', MCP, { token }) } };
    const called = await fetch(`${url}/mcp`, shown);
    expect([called.status, ((await called.json()) as { auth: AuthInfo }).auth.token]).toEqual([200, token]);
    expect((await fetch(`${url}/mcp`, shown)).status).toBe(401); // the same proof again
    const documents = await Promise.all([METADATA, '/.well-known/oauth-authorization-server'].map(async (path) => (await fetch(url + path)).json()));
    for (const document of documents) expect(document).toHaveProperty('dpop_signing_alg_values_supported'); // only what the guard takes is offered
    const eventual = Object.create(memoryStore(), { atomic: { value: false } }) as Store; // no store to remember proofs in
    const other = await appWith({ store: eventual, dangerouslyAllowEventualStore: true });
    expect(await (await fetch(other.url + METADATA)).json()).not.toHaveProperty('dpop_signing_alg_values_supported');
    expect(() => new ServerProvider({ store: memoryStore(), dpopNonces: true })).toThrow('`dpopNonces` is not supported');
  }); // prettier-ignore

  it('challenges a caller without a token, and asks for the scopes', async () => {
    const { url } = await appWith({}, {}, ['read']);
    const answer = await fetch(`${url}/mcp`, { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, `Bearer resource_metadata="${ISSUER}${METADATA}", scope="read"`]);
    expect((await fetch(`${url}/mcp`, { ...bearer('x'), headers: { origin: 'https://evil.example' } })).status).toBe(403);
  }); // prettier-ignore

  it('N-02 tells the listener why a token is not good', async () => {
    const { url, events } = await appWith();
    expect((await fetch(`${url}/mcp`, bearer('x'))).status).toBe(401);
    expect(events).toMatchObject([{ kind: 'request.refused', endpoint: 'guard', reason: 'token_foreign' }]);
  });

  it('survives an application whose listener or `extra` fails', async () => {
    const old = { clientsStore: { getClient: () => ({ client_id: 'c', redirect_uris: ['http://localhost:3334/cb'] }) }, exchangeRefreshToken: async () => ({ access_token: 'x' }), ...elsewhere(MCP) };
    const down = async (): Promise<never> => {
      throw new Error('The log is down.');
    };
    const extra = (): never => {
      throw new Error('There is no team.');
    };
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const { url } = await appWith({ formerStore: mcpSdkProvider(old, () => ({ userId: 'una' })), on: down, extra });
      const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'c', refresh_token: 'any' });
      const { access_token: token } = (await (await fetch(`${url}/token`, { method: 'POST', body })).json()) as { access_token: string };
      expect((await fetch(`${url}/mcp`, bearer('other'))).status).toBe(401);
      expect((await fetch(`${url}/mcp`, bearer(token))).status).toBe(500);
      await new Promise((done) => setImmediate(done)); // rejections are told after the microtasks
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  }); // prettier-ignore

  it('takes a verifier of another server, and no token without this resource and an end', async () => {
    const app = express();
    const oauthMetadata = { issuer: 'https://as.example', token_endpoint: 'https://as.example/token' };
    app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: new URL(MCP), scopesSupported: ['read'] }));
    const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(new URL(MCP));
    app.post('/mcp', requireBearerAuth({ verifier: elsewhere(MCP), requiredScopes: ['read'], resourceMetadataUrl }), (request: GuardedMessage, response) => void response.json(request.auth)); // prettier-ignore
    app.use((_request, response) => response.status(418).send());
    const { url } = await start(app);
    expect(await jsonAt(url + METADATA)).toMatchObject({ resource: MCP, authorization_servers: ['https://as.example'], scopes_supported: ['read'] });
    expect(await jsonAt(`${url}/.well-known/oauth-authorization-server`)).toEqual(oauthMetadata);
    expect(await jsonAt(`${url}/elsewhere`)).toBe(418);
    expect(await (await fetch(`${url}/mcp`, bearer('good'))).json()).toMatchObject({ token: 'good', clientId: 'c', scopes: ['read'], resource: MCP });
    const status = async (token: string): Promise<number> => (await fetch(`${url}/mcp`, bearer(token))).status;
    const tokens = ['bad', 'old', 'endless', 'unbound', 'foreign', 'narrow', 'down'];
    expect(await Promise.all(tokens.map(status))).toEqual([401, 401, 401, 401, 401, 403, 503]);
  }); // prettier-ignore

  it('fails the call of a verifier that has no router', async () => {
    const app = express().post('/mcp', requireBearerAuth({ verifier: new ServerProvider(unprovided) }));
    const told: unknown[] = [];
    app.use(((error, _request, response, _next) => {
      told.push(error);
      response.status(500).send();
    }) as express.ErrorRequestHandler);
    const { url } = await start(app);
    expect((await fetch(`${url}/mcp`, bearer('x'))).status).toBe(500);
    expect(String(told[0])).toContain('call mcpAuthRouter({ provider, issuerUrl }) with it');
  });
});
