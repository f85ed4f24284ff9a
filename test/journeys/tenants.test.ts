/** Tenants: several servers in one provider, on one store, that share nothing a caller could notice. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/model/context.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { codeOf, registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, makeApp, storeNames } from '../support/app.ts';

const ORIGIN = 'https://mcp.example';
const whoami = (request: Request, _env: unknown, { auth }: Context): Response =>
  Response.json({ path: new URL(request.url).pathname, tenant: auth?.tenant, issuer: auth?.issuer, userId: auth?.userId });

const TENANTS: Partial<OAuthProviderOptions> = {
  tenants: { acme: { issuer: '/acme', name: 'Acme notes' }, blue: { issuer: '/blue' }, own: { issuer: 'https://own.example' } },
  apiHandler: whoami,
};

type Many = Pick<App, 'send' | 'clock' | 'events' | 'provider' | 'env' | 'inner'>;
const makeMany = (store: string): Promise<App> => makeApp(store, TENANTS);

async function clientOf(app: Many, issuer: string): Promise<TestClient> {
  const { origin, pathname } = new URL(issuer);
  const document = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
  const send = (request: Request): Promise<Response> =>
    app.send(request.url.endsWith('/.well-known/oauth-authorization-server') ? new Request(document) : request);
  return registerClient({ send, issuer });
}

async function signedIn(app: Many, issuer: string, browser = makeBrowser(app.send)) {
  const client = await clientOf(app, issuer);
  const code = await client.signIn(browser, ALICE);
  return { client, browser, code, tokens: tokensOf(await client.redeem(code)) };
}

async function aliceAt(app: Many, tenant: string): Promise<string> {
  const { accounts } = app.provider.helpers(app.env, tenant);
  return ((await accounts.findByUsername(ALICE.username)) ?? (await accounts.create({ ...ALICE }))).id;
}

const call = (app: Many, url: string, token: string): Promise<Response> =>
  app.send(new Request(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' }));

describe.each(storeNames)('tenants on %s', (store) => {
  it('SEC-108 S-003 serve each issuer its own documents, with its path before or behind the well-known name, and nowhere else', async () => {
    const app = await makeMany(store);
    const get = async (url: string): Promise<[number, Record<string, unknown>]> => {
      const response = await app.send(new Request(url));
      return [response.status, response.status === 200 ? ((await response.json()) as Record<string, unknown>) : {}];
    };
    for (const at of ['/.well-known/oauth-authorization-server/acme', '/.well-known/openid-configuration/acme', '/acme/.well-known/openid-configuration', '/acme/.well-known/oauth-authorization-server'])
      expect(await get(ORIGIN + at)).toEqual([200, expect.objectContaining({
        issuer: `${ORIGIN}/acme`, authorization_endpoint: `${ORIGIN}/acme/authorize`, token_endpoint: `${ORIGIN}/acme/token`,
        registration_endpoint: `${ORIGIN}/acme/register`,
      })]); // prettier-ignore
    expect(await get(`${ORIGIN}/.well-known/oauth-protected-resource/acme/mcp`)).toEqual([
      200,
      expect.objectContaining({ resource: `${ORIGIN}/acme/mcp`, authorization_servers: [`${ORIGIN}/acme`] }),
    ]);
    expect((await get('https://own.example/.well-known/oauth-authorization-server'))[1]).toMatchObject({ issuer: 'https://own.example' });
    const nowhere = ['/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server/acme/', '/.well-known/oauth-authorization-server/acm',
      '/acm/.well-known/oauth-authorization-server', '/acme/x/.well-known/oauth-authorization-server', '/token', '/acme', '/Acme/token', '/acme%2ftoken', '/acme/mcp/../../blue/mcp/..']; // prettier-ignore
    for (const path of nowhere) expect([path, (await get(ORIGIN + path))[0]]).toEqual([path, 404]);
  });

  it('SEC-108 choose by the host among those that are configured, and make no address of it', async () => {
    const app = await makeMany(store);
    for (const url of [
      'https://evil.example/acme/authorize',
      'https://evil.example/.well-known/oauth-authorization-server/acme',
      'https://own.example/acme/token',
      'https://mcp.example.evil.example/acme/mcp',
      'https://own.example:8443/authorize',
    ])
      // prettier-ignore
      expect([url, (await app.send(new Request(url))).status]).toEqual([url, 404]);
    const refused = await app.send(new Request('https://own.example/mcp', { method: 'POST' }));
    expect(refused.headers.get('www-authenticate')).toContain('https://own.example/.well-known/oauth-protected-resource/mcp');
  });

  it('lead from sign-in to a call, and tell the handler which tenant calls, at its own path', async () => {
    const app = await makeMany(store);
    const { client, tokens, browser } = await signedIn(app, `${ORIGIN}/acme`);
    const answer = await call(app, `${ORIGIN}/acme/mcp`, tokens.access);
    expect(await answer.json()).toMatchObject({ path: '/mcp', tenant: 'acme', issuer: `${ORIGIN}/acme` });
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    expect((await browser.get(`${ORIGIN}/acme/account`)).text).toContain('/acme/account');
    expect([...browser.cookies.keys()].filter((name) => name.includes('session'))).toEqual(['__Host-portcullis-acme.session']);
  });

  it('SEC-198 share no clients, users, tokens, codes, sessions, grants or consents', async () => {
    const app = await makeMany(store);
    const helpers = (tenant: string) => app.provider.helpers(app.env, tenant);
    const inAcme = await aliceAt(app, 'acme');
    expect(await helpers('blue').accounts.find(inAcme)).toBeNull();
    const inBlue = await aliceAt(app, 'blue'); // the same name is free there
    const at = { acme: await signedIn(app, `${ORIGIN}/acme`), blue: await signedIn(app, `${ORIGIN}/blue`) };

    for (const path of ['/blue/mcp', '/acme/mcp']) {
      const other = path === '/blue/mcp' ? at.acme : at.blue;
      expect((await call(app, ORIGIN + path, other.tokens.access)).status).toBe(401);
    }
    const blueToken = (fields: Record<string, string>): Promise<Response> =>
      app.send(new Request(`${ORIGIN}/blue/token`, {
        method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString(),
      })); // prettier-ignore
    const stolen = { grant_type: 'refresh_token', refresh_token: at.acme.tokens.refresh };
    for (const client_id of [at.acme.client.id, at.blue.client.id])
      expect((await blueToken({ ...stolen, client_id })).status).toBeGreaterThanOrEqual(400);
    expect((await at.acme.client.refresh(at.acme.tokens.refresh)).status).toBe(200); // and nothing of it was touched

    expect(await helpers('blue').clients.find(at.acme.client.id)).toBeNull();
    expect((await helpers('blue').clients.list()).clients.map(({ id }) => id)).toEqual([at.blue.client.id]);
    expect((await helpers('blue').listUserGrants(inAcme)).grants).toEqual([]);
    const [grant] = (await helpers('acme').listUserGrants(inAcme)).grants;
    expect(await helpers('blue').revokeGrant(grant?.id ?? '', inAcme)).toBe(false);
    expect((await helpers('blue').listUserGrants(inBlue)).grants).toHaveLength(1);

    const page = new URL(await at.acme.client.authorizeUrl());
    page.pathname = '/blue/authorize';
    const foreign = await app.send(new Request(page));
    expect([foreign.status, foreign.headers.get('location')]).toEqual([400, null]);

    const session = at.acme.browser.cookies.get('__Host-portcullis-acme.session') ?? '';
    const thief = makeBrowser(app.send);
    thief.cookies.set('__Host-portcullis-blue.session', session).set('__Host-portcullis-session', session);
    expect((await thief.get(`${ORIGIN}/blue/account`)).status).toBe(303);
  });

  it('SEC-198 keep a browser signed in at each of them apart, on the host that they share', async () => {
    const app = await makeMany(store);
    await aliceAt(app, 'blue');
    const browser = makeBrowser(app.send);
    await signedIn(app, `${ORIGIN}/acme`, browser);
    const asked = await browser.get(await (await clientOf(app, `${ORIGIN}/blue`)).authorizeUrl());
    expect(asked.text).toContain('type="password"');
    await signedIn(app, `${ORIGIN}/blue`, browser);
    expect((await browser.get(`${ORIGIN}/acme/account`)).status).toBe(200);
    expect((await browser.get(`${ORIGIN}/blue/account`)).status).toBe(200);
    const mixed = await browser.get(await (await clientOf(app, `${ORIGIN}/acme`)).authorizeUrl());
    const moved = { ...mixed, text: mixed.text.replaceAll('/acme/', '/blue/') };
    expect((await browser.submit(moved, { decision: 'approve' })).status).toBe(400); // a pending authorization of another tenant is not found
    expect(codeOf(await browser.submit(mixed, { decision: 'approve' }))).toMatch(/^code_/);
  });

  it('SEC-200 count attempts apart: a flood at one leaves the limits of the other', async () => {
    const app = await makeMany(store);
    await aliceAt(app, 'blue');
    const status = async (tenant: string): Promise<number> => {
      const browser = makeBrowser(app.send);
      const page = await browser.get(`${ORIGIN}/${tenant}/login`);
      return (await browser.submit(page, { ...ALICE, password: 'wrong horse' })).status;
    };
    let last = 0;
    for (let tries = 0; tries < 40 && last !== 429; tries++) last = await status('acme');
    expect(last).toBe(429);
    expect(await status('blue')).toBe(403);
    expect((await signedIn(app, `${ORIGIN}/blue`)).tokens.access).toMatch(/^access_/);
  });
});

describe('tenants', () => {
  it('want to be named where there is no request, and say which there are', async () => {
    const app = await makeApp(storeNames[0] ?? '', TENANTS);
    expect(app.provider.tenants).toEqual(['acme', 'blue', 'own']);
    expect(() => app.provider.helpers(app.env)).toThrow('name one of them: acme, blue, own');
    expect(() => app.provider.helpers(app.env, 'nobody')).toThrow('there is no tenant "nobody"');
  });

  it('take no notice of the host where they share one, as one server takes none', async () => {
    const app = await makeApp(storeNames[0] ?? '', { ...TENANTS, tenants: { acme: { issuer: '/acme' } } });
    const response = await app.send(new Request('http://10.0.0.7:8080/.well-known/oauth-authorization-server/acme'));
    expect(await response.json()).toMatchObject({ issuer: `${ORIGIN}/acme` });
  });
});
