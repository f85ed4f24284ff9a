/**
 * The shapes that the documentation of the field shows, as they stand there: `OAuthProvider` with a default handler of the
 * application's own, `MyMCPServer.Router`, `McpAgent<Env, unknown, AuthContext>`, and every other handler that is allowed.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { McpAgent, requirePermission } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Context, Handler } from '../../src/model/context.ts';
import { AuthorizationError } from '../../src/provider/auth-request.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { type Browser, makeBrowser } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';

interface Env {
  OAUTH_PROVIDER: OAuthHelpers;
}

class MyMCPServer extends McpAgent<Env, unknown, AuthContext> {
  server = new McpServer({ name: 'demo', version: '1.0.0' });
  async init() {
    this.server.registerTool('userInfo', { description: 'Who am I' }, async () => ({
      content: [{ type: 'text', text: `Hello, ${this.props.claims.name ?? 'user'}!` }],
    }));
    this.server.registerTool(
      'adminAction',
      { description: 'Administrative action requiring special permission' },
      requirePermission('admin', async () => ({ content: [{ type: 'text' as const, text: 'Admin action completed' }] })),
    );
    if (this.props.permissions?.includes('special_feature')) {
      this.server.registerTool('specialTool', { description: 'Special feature' }, async () => ({ content: [] }));
    }
  }
}

/** A page of the application's own: any user who gives a name is signed in, which is all a test needs. */
const MyAuthHandler = {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname !== '/authorize') return new Response('home');
    try {
      const asked = await env.OAUTH_PROVIDER.parseAuthRequest(request);
      const client = await env.OAUTH_PROVIDER.lookupClient(asked.clientId);
      const props = { claims: { sub: 'u-7', name: 'Grace' }, permissions: ['special_feature'], through: client?.name };
      const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({ request: asked, userId: 'u-7', scope: asked.scope, props });
      return new Response(null, { status: 303, headers: { location: redirectTo } });
    } catch (error) {
      if (!(error instanceof AuthorizationError)) throw error;
      return error.redirectTo
        ? new Response(null, { status: 303, headers: { location: error.redirectTo } })
        : new Response(error.message, { status: 400 });
    }
  },
};

const OWN_PAGES = { logins: [], defaultHandler: MyAuthHandler as Handler, authorizeEndpoint: '/authorize', tokenEndpoint: '/token' };

async function tokenFor(app: App, browser: Browser = app.browser()): Promise<string> {
  const client = await registerClient({ send: app.send, issuer: ISSUER });
  return tokensOf(await client.redeem(await client.signIn(browser, {}))).access;
}

async function connected(app: App, token: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const fetcher: typeof fetch = (input, init) => app.send(new Request(input as string | URL, init));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(RESOURCE), { fetch: fetcher, requestInit }));
  return client;
}

const textOf = (result: unknown): string | undefined => (result as { content: { text?: string }[] }).content[0]?.text;

describe.each(storeNames)('the documented shapes on %s', (store) => {
  it('runs the listing as it stands, with a default handler of the application and MyMCPServer.Router', async () => {
    const app = await makeApp(store, { ...OWN_PAGES, apiRoute: '/mcp', apiHandler: MyMCPServer.Router });
    expect(await (await app.send(new Request(`${ISSUER}/`))).text()).toBe('home');
    const mcp = await connected(app, await tokenFor(app));
    expect((await mcp.listTools()).tools.map((tool) => tool.name)).toEqual(['userInfo', 'adminAction', 'specialTool']);
    expect(textOf(await mcp.callTool({ name: 'userInfo', arguments: {} }))).toBe('Hello, Grace!');
    const refused = await mcp.callTool({ name: 'adminAction', arguments: {} });
    expect([refused.isError, textOf(refused)]).toEqual([true, 'Permission denied: requires admin']);
    await mcp.close();
  });

  it('accepts MyMCPServer.serve(path), and looks permissions up on every request', async () => {
    let permissions: readonly string[] = [];
    const app = await makeApp(store, { apiHandler: MyMCPServer.serve('/mcp') as Handler, permissions: () => permissions });
    const { tokens } = await app.signedIn();
    const mcp = await connected(app, tokens.access);
    expect((await mcp.callTool({ name: 'adminAction', arguments: {} })).isError).toBe(true);
    permissions = ['admin', 'special_feature'];
    expect(textOf(await mcp.callTool({ name: 'adminAction', arguments: {} }))).toBe('Admin action completed');
    expect((await mcp.listTools()).tools.map((tool) => tool.name)).toContain('specialTool');
    permissions = [];
    expect((await mcp.listTools()).tools.map((tool) => tool.name)).not.toContain('specialTool');
    expect((await mcp.callTool({ name: 'adminAction', arguments: {} })).isError).toBe(true);
    await mcp.close();
  });

  it('refuses the request when the source of permissions fails (SEC-186)', async () => {
    const app = await makeApp(store, { permissions: () => Promise.reject(new Error('directory is down')) });
    const { tokens } = await app.signedIn();
    const called = await app.call(tokens.access);
    expect([called.status, called.response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await called.response.text()).not.toContain('directory');
  });

  it('sends errors of an own page where they belong: to the client once the redirect is known good (S-042)', async () => {
    const app = await makeApp(store, { ...OWN_PAGES, apiRoute: '/mcp', apiHandler: MyMCPServer.Router });
    const client = await registerClient({ send: app.send, issuer: ISSUER });
    const browser = makeBrowser(app.send);
    const known = await browser.get(await client.authorizeUrl({ code_challenge: null }));
    expect(new URL(known.location ?? '').searchParams.get('error')).toBe('invalid_request');
    const unknown = await browser.get(await client.authorizeUrl({ redirect_uri: 'https://evil.example/cb' }));
    expect([unknown.status, unknown.location]).toEqual([400, null]);
  });

  it('takes a function, an object, a class, several routes and several handlers, each route its own resource (SEC-112)', async () => {
    const answer =
      (text: string) =>
      (_request: Request, _env: unknown, ctx: Context): Response =>
        Response.json({ text, auth: ctx.auth });
    class Entry {
      readonly ctx: Context;
      constructor(ctx: Context) {
        this.ctx = ctx;
      }
      fetch(): Response {
        return Response.json({ text: 'class', auth: this.ctx.auth });
      }
    }
    const app = await makeApp(store, { apiRoute: ['/a', '/b'], apiHandler: answer('both') });
    const client = await app.client();
    const login = { username: 'alice', password: 'correct horse battery' };
    const code = await client.signIn(app.browser(), login, { resource: `${ISSUER}/a` });
    const { access } = tokensOf(await client.redeem(code));
    expect([(await app.call(access, '/a')).status, (await app.call(access, '/a/deeper')).status]).toEqual([200, 200]);
    expect([(await app.call(access, '/b')).status, (await app.call(access, '/ab')).status]).toEqual([401, 404]);

    for (const handler of [answer('function'), { fetch: answer('object') }, Entry as Handler]) {
      const each = await makeApp(store, {
        apiRoute: undefined as never,
        apiHandler: undefined as never,
        apiHandlers: { '/x': handler, '/y': answer('y') },
      });
      const { tokens } = await (async () => {
        const made = await each.client();
        return { tokens: tokensOf(await made.redeem(await made.signIn(each.browser(), login, { resource: `${ISSUER}/x` }))) };
      })();
      const called = await each.call(tokens.access, '/x');
      expect([called.status, called.access?.resource]).toEqual([200, `${ISSUER}/x`]);
    }
  });
});
