/** Requirements of the specification on an authorization server that no other test bears by name: what is so at rest and by default. */
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/provider/host.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { password } from '../../src/logins/password.ts';
import { issuersOf } from '../../src/provider/rare-grants.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';

const STORE = storeNames[0] ?? '';
const checked = (more: Partial<OAuthProviderOptions>): ReturnType<typeof parseOptions> =>
  parseOptions(
    { apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()], ...more },
    { pages: null, rareGrants: { issuersOf } },
  );
const redirectUris = { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' };

describe('requirements of the specification', () => {
  it.each([
    ['a public client', { token_endpoint_auth_method: 'none' }],
    ['a client with a secret', { token_endpoint_auth_method: 'client_secret_post' }],
  ])('S-001 takes %s from registration to a call, a refresh and a revocation', async (_who, metadata) => {
    const app = await makeApp(STORE);
    const { client, tokens } = await app.signedIn(metadata);
    expect((await app.call(tokens.access)).status).toBe(200);
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect((await client.revoke(next.refresh)).status).toBe(200);
    expect((await app.call(next.access)).status).toBe(401);
  });

  it('S-013 holds to chapter 7 of OAuth 2.1 in every step of a sign-in that can be seen from outside', async () => {
    const app = await makeApp(STORE, { apiRoute: ['/mcp', '/other'] });
    const [client, browser] = [await app.client(), app.browser()];
    const url = await client.authorizeUrl({ resource: RESOURCE });
    const page = await browser.get(url);
    const back = await browser.submit(page, { decision: 'approve', ...ALICE });
    for (const one of [page, back]) {
      expect([one.headers.get('cache-control')?.includes('no-store'), one.headers.get('access-control-allow-origin')]).toEqual([true, null]); // credentials; CORS
    }
    expect(page.headers.get('x-frame-options')).toBe('DENY'); // clickjacking
    expect(back.status).toBe(303); // no form, and so no password, goes on to the client
    const answer = new URL(back.location ?? '');
    expect([answer.hash, answer.searchParams.get('iss'), [...answer.searchParams.keys()].toSorted()]).toEqual(['', ISSUER, ['code', 'iss', 'state']]); // mix-up
    const bare = await app.browser().get(await client.authorizeUrl({ resource: RESOURCE, code_challenge: null, code_challenge_method: null }));
    expect(new URL(bare.location ?? '').searchParams.get('error')).toBe('invalid_request'); // injection of codes
    const tokens = tokensOf(await client.redeem(codeOf(back)));
    expect((await app.call(tokens.access, '/other')).status).toBe(401); // audience
    expect((await app.ask('POST', `/mcp?access_token=${tokens.access}`)).status).toBe(401); // tokens in URLs
    const refreshed = await client.refresh(tokens.refresh);
    expect(refreshed.headers.get('cache-control')).toBe('no-store');
    app.clock.pass(11);
    expect((await client.redeem(codeOf(back))).body['error']).toBe('invalid_grant'); // a code twice ends what came of it
    expect((await app.call(tokensOf(refreshed).access)).status).toBe(401);
  }); // prettier-ignore

  it('S-095 offers dynamic registration only if the operator has configured it, with limits', async () => {
    const app = await makeApp(STORE, { clientRegistration: { most: 1 } });
    const metadata = async (one: App): Promise<string> => (await one.ask('GET', '/.well-known/oauth-authorization-server')).text();
    expect([await metadata(app), (await app.register(redirectUris)).status]).toEqual([expect.stringContaining('registration_endpoint'), 201]);
    await app.register(redirectUris); // the first, which no one has used, gives way
    expect((await app.provider.helpers(app.env).clients.list()).clients.length).toBe(1);
    const off = await makeApp(STORE, { clientRegistrationEndpoint: undefined as never });
    expect([(await off.ask('POST', '/register')).status, (await metadata(off)).includes('registration_endpoint')]).toEqual([404, false]);
  }); // prettier-ignore

  it('S-138 refuses http URLs for everything that gets a token or secret, or names a signer', async () => {
    const trusted = { issuer: 'https://idp.example', kind: 'workload', claims: { sub: 'x' }, scope: [] } as const;
    const refusals: (() => unknown)[] = [
      () => verifyIntrospection({ issuer: 'http://as.example', clientId: 'a', clientSecret: 'b' }),
      () => verifyIntrospection({ issuer: 'https://as.example', endpoint: 'http://as.example/i', clientId: 'a', clientSecret: 'b' }),
      () => verifyJwt({ issuer: 'https://as.example', jwksUri: 'http://as.example/jwks' }),
      () => oidc({ id: 'corp', label: 'Corp', issuer: 'http://idp.example', clientId: 'a', clientSecret: 'b' } as never),
      () => settingsOf(checked({ trustedIssuers: [{ ...trusted, jwksUri: 'http://idp.example/jwks' }] }), { issuer: ISSUER }, true, {}),
      () => settingsOf(checked({ clients: [{ id: 'a', jwksUri: 'http://a.example/jwks' }] }), { issuer: ISSUER }, true, {}),
    ];
    for (const refused of refusals) expect(refused, String(refused)).toThrow(/https/);
  });

  it('S-159 writes what a client says as text, loads nothing from anywhere, and sends no address on', async () => {
    const app = await makeApp(STORE);
    const name = '<img src=https://evil.example/x>"\'&lt;';
    const page = await app.browser().get(
      await (await app.client({ client_name: name, client_uri: 'https://evil.example/', logo_uri: 'https://evil.example/logo.png' })).authorizeUrl(),
    );
    expect(page.status).toBe(200);
    expect(page.text.includes(name)).toBe(false);
    expect([...page.text.matchAll(/<[^>]*\b(?:src|href|srcset|poster|data)\s*=\s*["']?(?:https?:)?\/\//gi)]).toEqual([]);
    expect(page.text).not.toContain('logo.png');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(page.headers.get('referrer-policy')).toBe('same-origin');
  }); // prettier-ignore

  it('S-160 gives an authorization address that every client opens: https, or http on this computer', async () => {
    for (const issuer of [ISSUER, 'http://localhost:8787', 'http://127.0.0.1:8787']) {
      const app = await makeApp(STORE, { issuer });
      const answer = await app.send(new Request(`${issuer}/.well-known/oauth-authorization-server`));
      const { authorization_endpoint: endpoint } = (await answer.json()) as Record<string, string>;
      expect(endpoint).toBe(`${issuer}/authorize`);
    }
  });

  it('SEC-226 signs no user out by a link or from another site, and redirects nowhere afterwards', async () => {
    const app = await makeApp(STORE);
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const isIn = async (): Promise<boolean> => (await browser.get(`${ISSUER}/account`)).text.includes('Alice');
    for (const path of ['/login?decision=sign-out', '/account?decision=sign-out-everywhere', '/logout', '/end_session', '/signout'])
      await browser.get(ISSUER + path);
    expect(await isIn()).toBe(true);
    const page = await browser.get(`${ISSUER}/login`);
    const foreign = await browser.submit(page, { decision: 'sign-out' }, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
    expect([foreign.status, await isIn()]).toEqual([403, true]);
    const out = await browser.submit(page, { decision: 'sign-out', post_logout_redirect_uri: 'https://evil.example/' });
    expect([out.location, await isIn()]).toEqual(['/login?signed-out=1', false]);
  }); // prettier-ignore

  it('SEC-228 limits the records of requests without a cookie per network, and refuses no signed-in user', async () => {
    const app = await makeApp(STORE);
    const [client, alice] = [await app.client(), app.browser()];
    await alice.submit(await alice.get(`${ISSUER}/login`), ALICE);
    const path = (await client.authorizeUrl()).slice(ISSUER.length);
    const from = async (address: string): Promise<Response> => app.ask('GET', path, null, { 'x-test-address': address });
    const tickets = async (): Promise<number> => {
      let count = 0;
      for (let page = await app.inner.all?.(); page; page = page.next === undefined ? undefined : await app.inner.all?.(page.next))
        count += page.records.filter(({ key }) => key.startsWith('pending:')).length;
      return count;
    };
    const statuses: number[] = [];
    for (let at = 0; at < 330; at++) statuses.push((await from(`2001:db8::${at.toString(16)}`)).status);
    expect([statuses.filter((one) => one === 200).length, statuses.filter((one) => one === 429).length]).toEqual([300, 30]);
    expect(await tickets()).toBe(300);
    expect(Number((await from('2001:db8::1')).headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await from('198.51.100.7')).status).toBe(200);
    expect((await alice.get(ISSUER + path, { 'x-test-address': '2001:db8::1' })).status).toBe(200);
    app.clock.pass(601);
    expect(await tickets()).toBe(0);
  });

  it('S-002 S-006 S-010 serves one metadata document under both names, with every endpoint that there is and none that there is not', async () => {
    const app = await makeApp(STORE);
    const texts = await Promise.all(
      ['oauth-authorization-server', 'openid-configuration'].map(async (name) => (await app.ask('GET', `/.well-known/${name}`)).text()),
    );
    expect(texts[0]).toBe(texts[1]);
    const found = JSON.parse(texts[0] ?? '') as Record<string, unknown>;
    expect(found).toMatchObject({
      issuer: ISSUER,
      scopes_supported: ['read', 'write', 'offline_access'],
      code_challenge_methods_supported: ['S256'],
    });
    for (const [name, url] of Object.entries(found).filter(([key]) => key.endsWith('_endpoint'))) {
      const path = new URL(String(url)).pathname;
      const answers = await Promise.all(['GET', 'POST'].map(async (method) => (await app.ask(method, path)).status));
      expect([name, answers.every((status) => status === 404)]).toEqual([name, false]);
    }
    const without = await makeApp(STORE, { clientRegistrationEndpoint: undefined as never });
    expect(await (await without.ask('GET', '/.well-known/oauth-authorization-server')).text()).not.toContain('registration_endpoint');
  });

  it('S-012 uses the default paths of clients of 2025-03-26: /authorize, /token, /register at the origin', async () => {
    const app = await makeApp(STORE);
    expect((await app.ask('GET', '/authorize')).status).toBe(400);
    expect((await app.ask('POST', '/token')).status).toBe(400);
    expect((await app.ask('POST', '/register')).status).toBe(400);
  });

  it('S-020 starts on https alone, loopback aside', () => {
    const checked = parseOptions({ apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()] });
    for (const issuer of ['https://mcp.example', 'http://localhost:8787', 'http://127.0.0.1:1', 'http://[::1]:1'])
      expect(settingsOf(checked, { issuer }, true, {}).issuer).toBe(issuer);
    for (const issuer of ['http://mcp.example', 'http://localhost.evil.example', 'ftp://mcp.example', 'http://10.0.0.1'])
      expect(() => settingsOf(checked, { issuer }, true, {})).toThrow(TypeError);
  });

  it('S-056 S-063 shows a challenge in nothing that goes out, and keeps no code or token as it is', async () => {
    const app = await makeApp(STORE);
    const [client, browser] = [await app.client(), app.browser()];
    const url = await client.authorizeUrl();
    const challenge = new URL(url).searchParams.get('code_challenge') ?? '';
    const page = await browser.get(url);
    const back = await browser.submit(page, { decision: 'approve', ...ALICE });
    const answer = await client.redeem(codeOf(back));
    expect(challenge).toHaveLength(43);
    for (const shown of [page.text, back.text, back.location ?? '', JSON.stringify(answer.body)]) expect(shown).not.toContain(challenge);
    const grant = JSON.stringify((await app.inner.read(`grant:${codeOf(back).slice(5, 27)}`))?.value);
    for (const secret of [codeOf(back), answer.body['access_token'], answer.body['refresh_token']].map(String))
      expect(grant).not.toContain(secret.slice(secret.indexOf('.') + 1));
  });

  it('S-061 lets an access token live an hour unless told otherwise', async () => {
    const app = await makeApp(STORE);
    const { client, code } = await app.toCode();
    expect((await client.redeem(code)).body['expires_in']).toBe(3600);
  });

  it('S-093 makes no client id that could be an address', async () => {
    const app = await makeApp(STORE);
    const ids = await Promise.all(Array.from({ length: 20 }, async () => String((await app.register(redirectUris)).body['client_id'])));
    expect(ids.filter((id) => !/^[\w-]{22}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(20);
  });

  it('S-096 takes and keeps the application type, and says which address does not go with it', async () => {
    const app = await makeApp(STORE);
    const native = await app.register({ ...redirectUris, redirect_uris: ['http://localhost:1/cb'], application_type: 'native' });
    expect([native.status, native.body['application_type']]).toEqual([201, 'native']);
    const web = await app.register({ ...redirectUris, redirect_uris: ['http://localhost:1/cb'], application_type: 'web' });
    expect([web.status, web.body['error']]).toEqual([400, 'invalid_redirect_uri']);
    expect(String(web.body['error_description']).length).toBeGreaterThan(20);
  });

  it('S-097 limits registrations per network and in size, and ends unused ones', async () => {
    const app = await makeApp(STORE);
    const first = await app.register(redirectUris);
    expect((await app.register({ ...redirectUris, client_name: 'x'.repeat(70_000) })).status).toBe(413);
    let last = 0;
    for (let tries = 0; tries < 200 && last !== 429; tries++) last = (await app.register(redirectUris)).status;
    expect(last).toBe(429);
    app.clock.pass(91 * 86_400);
    expect(await app.provider.helpers(app.env).clients.find(String(first.body['client_id']))).toBeNull();
  });

  it('S-155 gives every cookie the host alone, to no script, and to no other site', async () => {
    const app = await makeApp(STORE);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    const back = await browser.submit(page, { decision: 'approve', ...ALICE });
    const cookies = [page, back].flatMap(({ headers }) => headers.getSetCookie()).filter((line) => !line.includes('Max-Age=0'));
    expect(cookies.length).toBeGreaterThan(1);
    for (const line of cookies) {
      expect(line).toMatch(/^__Host-portcullis-/);
      for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']) expect(line.split('; ')).toContain(attribute);
    }
  });

  it('S-173 takes a redirect address as it was registered and in no other spelling', async () => {
    const app = await makeApp(STORE);
    const client = await app.client({ redirect_uris: ['https://app.example/cb'] });
    for (const redirect_uri of [
      'https://app.example/cb/',
      'https://APP.example/cb',
      'https://app.example:443/cb',
      'https://app.example/cb?',
      'https://app.example/%63b',
    ]) {
      const page = await app.browser().get(await client.authorizeUrl({ redirect_uri }));
      expect([redirect_uri, page.status, page.location]).toEqual([redirect_uri, 400, null]);
    }
    expect((await app.browser().get(await client.authorizeUrl({ redirect_uri: 'https://app.example/cb' }))).status).toBe(200);
  });
});
