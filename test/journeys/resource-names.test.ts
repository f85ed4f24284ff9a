/** The names by which clients call a resource: with a slash at its end, and none at all where there are several routes. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { McpAgent, mount } from '../../src/mcp/index.ts';
import type { Context, Handler } from '../../src/model/context.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { callOf } from '../mcp/clients.ts';

const whoami = (_request: Request, _env: unknown, ctx: Context): Response => Response.json({ auth: ctx.auth, props: ctx.props });
const PRM = '/.well-known/oauth-protected-resource';

class Hello extends McpAgent {
  server = new McpServer({ name: 'hello', version: '1.0.0' });
  init(): void {
    this.server.registerTool('hello', {}, () => ({ content: [{ type: 'text' as const, text: 'hello' }] }));
  }
}

const resourceIn = async (app: App, path: string): Promise<unknown> => {
  const answer = await app.ask('GET', path);
  return answer.status === 200 ? ((await answer.json()) as { resource: string }).resource : answer.status;
};
const metadataOf = (response: Response): string =>
  /resource_metadata="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? '';

/** A sign-in that names this resource, or none. */
async function tokensFor(
  app: App,
  resource: string | null,
): Promise<{ access: string; refresh: string; named: unknown; refreshAt(resource: string): Promise<number> }> {
  const client = await app.client();
  const code = await client.signIn(app.browser(), ALICE, { resource });
  const answer = await client.redeem(code, { resource });
  const { access, refresh } = tokensOf(answer);
  return {
    access,
    refresh,
    named: answer.body['resource'],
    refreshAt: async (at) => (await client.refresh(refresh, { resource: at })).status,
  };
}

describe.each(storeNames)('a resource and its name with a slash, on %s', (store) => {
  it('tells each name in its own metadata, and takes tokens of either at both (R-11)', async () => {
    const app = await makeApp(store, { apiHandler: Hello.serve('/mcp') as Handler });
    expect([await resourceIn(app, `${PRM}/mcp`), await resourceIn(app, `${PRM}/mcp/`)]).toEqual([`${ISSUER}/mcp`, `${ISSUER}/mcp/`]);
    for (const path of ['/mcp', '/mcp/']) {
      const { response } = await app.call(null, path);
      expect([response.status, metadataOf(response)]).toEqual([401, `${ISSUER}${PRM}${path}`]);
    }
    for (const name of ['/mcp', '/mcp/']) {
      const { access, refreshAt } = await tokensFor(app, ISSUER + name);
      const headers = {
        authorization: `Bearer ${access}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      for (const path of ['/mcp', '/mcp/']) expect((await app.ask('POST', path, callOf(1, 'hello'), headers)).status).toBe(200);
      expect((await app.ask('POST', '/mcp/x', callOf(1, 'hello'), headers)).status).toBe(404);
      expect(await refreshAt(`${ISSUER}${name === '/mcp' ? '/mcp/' : '/mcp'}`)).toBe(200);
    }
  });

  it('issues a token for both routes if the request names none of them, and for no other resource (R-12)', async () => {
    const app = await makeApp(store, {
      apiRoute: undefined as never, apiHandler: undefined as never, apiHandlers: { '/a': whoami, '/b': whoami },
      resources: { 'https://api.example/x': {}, '/a': { requiredScopes: ['write'] } },
    }); // prettier-ignore
    const every = await tokensFor(app, null);
    expect(every.named).toBeUndefined();
    for (const path of ['/a', '/b', '/a', '/b/']) {
      const { status, access } = await app.call(every.access, path);
      expect([status, access?.resource]).toEqual([200, `${ISSUER}${path.slice(0, 2)}`]);
    }
    expect([await every.refreshAt(`${ISSUER}/b`), await every.refreshAt('https://api.example/x')]).toEqual([200, 400]);
    const one = await tokensFor(app, `${ISSUER}/b`);
    expect([(await app.call(one.access, '/b')).status, (await app.call(one.access, '/a')).status]).toEqual([200, 401]);
    const named = await makeApp(store, {
      apiRoute: undefined as never, apiHandler: undefined as never, apiHandlers: { '/a': whoami, '/b': whoami }, defaultResource: '/b',
    }); // prettier-ignore
    const usual = await tokensFor(named, null);
    expect([usual.named, (await named.call(usual.access, '/b')).status, (await named.call(usual.access, '/a')).status]).toEqual([
      `${ISSUER}/b`,
      200,
      401,
    ]);
  });

  it('keeps required scopes for any selection if the request names none of several routes (R-04, R-12)', async () => {
    const app = await makeApp(store, {
      apiRoute: undefined as never, apiHandler: undefined as never, apiHandlers: { '/a': whoami, '/b': whoami }, requiredScopes: ['read'],
      scopesSupported: ['read', 'write'],
    }); // prettier-ignore
    const client = await app.client();
    const browser = app.browser();
    const page = await browser.get(await client.authorizeUrl({ resource: null, scope: 'write' }));
    expect(page.text).toContain('<input type="hidden" name="scope" value="read" />'); // it cannot be unticked
    const answer = await browser.submit(page, { decision: 'approve', ...ALICE, scope: ['write'] });
    const { access } = tokensOf(await client.redeem(codeOf(answer), { resource: null }));
    for (const path of ['/a', '/b']) expect((await app.call(access, path)).status).toBe(200);
  });
});

describe('a guard by itself', () => {
  it('serves both documents, challenges by the name that was called, and asks for tokens of its resource (R-11)', async () => {
    const check = guard({ resource: 'https://api.example/mcp', authorizationServers: ['https://as.example'], verify: async () => null });
    const handle = check.protect(() => new Response('in'));
    for (const path of ['/mcp', '/mcp/']) {
      const document = (await (await handle(new Request(`https://api.example${PRM}${path}`))).json()) as { resource: string };
      expect(document.resource).toBe(`https://api.example${path}`);
      expect(metadataOf(await handle(new Request(`https://api.example${path}`, { method: 'POST' })))).toBe(
        `https://api.example${PRM}${path}`,
      );
    }
  });
});

describe('servers that are mounted below one resource', () => {
  const names = ['/mcp/notes', '/mcp/mail'];
  const handler = mount(Object.fromEntries(names.map((path) => [path, { fetch: whoami }])));

  it('are each found under the URL that clients call: some accept metadata of no other (R-11, as Gemini CLI and Grok Build)', async () => {
    const app = await makeApp('memory', { apiHandler: handler as Handler });
    for (const name of names.flatMap((path) => [path, `${path}/`])) {
      const challenge = (await app.ask('POST', name, '{}')).headers.get('www-authenticate');
      expect(challenge).toContain(`resource_metadata="${ISSUER}${PRM}${name}"`);
      expect(await (await app.ask('GET', PRM + name)).json()).toMatchObject({ resource: ISSUER + name, authorization_servers: [ISSUER] });
      const client = await app.client();
      const code = await client.signIn(app.browser(), ALICE, { resource: ISSUER + name });
      const answer = await client.redeem(code, { resource: ISSUER + name });
      expect(answer.body['resource']).toBe(`${ISSUER}/mcp`);
      const { access, refresh } = tokensOf(answer);
      for (const path of names) expect((await app.call(access, path)).status).toBe(200);
      expect((await client.refresh(refresh, { resource: ISSUER + name })).status).toBe(200);
    }
  });

  it('have no other names: an unknown path is neither found, nor echoed, nor a resource (SEC-121, SEC-115)', async () => {
    const app = await makeApp('memory', { apiHandler: handler as Handler });
    const client = await app.client();
    for (const path of ['/mcp/other', '/mcp/notes/x', '/mcp/notesx', '/mcp/notes%2Fx', '//evil.example/mcp/notes']) {
      expect((await app.ask('GET', PRM + path)).status).toBe(404);
      const page = await app.browser().get(await client.authorizeUrl({ resource: ISSUER + path }));
      expect(new URL(page.location ?? '').searchParams.get('error')).toBe('invalid_target');
    }
    const challenge = (await app.ask('POST', '/mcp/other', '{}')).headers.get('www-authenticate');
    expect(challenge).toContain(`resource_metadata="${ISSUER}${PRM}/mcp"`);
  });
});
