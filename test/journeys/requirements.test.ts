/** Requirements of the specification on an authorization server that no other test bears by name: what is so at rest and by default. */
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/options/settings.ts';
import { checkOptions } from '../../src/options/check.ts';
import { password } from '../../src/logins/password.ts';
import { codeOf } from '../../src/testing/oauth-client.ts';
import { ALICE, ISSUER, makeApp, storeNames } from '../support/app.ts';

const STORE = storeNames[0] ?? '';
const redirectUris = { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' };

describe('requirements of the specification', () => {
  it('S-002 S-006 S-010 serves one metadata document under both names, with every endpoint that there is and none that there is not', async () => {
    const app = await makeApp(STORE);
    const texts = await Promise.all(
      ['oauth-authorization-server', 'openid-configuration'].map(async (name) => (await app.ask('GET', `/.well-known/${name}`)).text()),
    );
    expect(texts[0]).toBe(texts[1]);
    const found = JSON.parse(texts[0] ?? '') as Record<string, unknown>;
    expect(found).toMatchObject({ issuer: ISSUER, scopes_supported: ['read', 'write'], code_challenge_methods_supported: ['S256'] });
    for (const [name, url] of Object.entries(found).filter(([key]) => key.endsWith('_endpoint'))) {
      const path = new URL(String(url)).pathname;
      const answers = await Promise.all(['GET', 'POST'].map(async (method) => (await app.ask(method, path)).status));
      expect([name, answers.every((status) => status === 404)]).toEqual([name, false]);
    }
    const without = await makeApp(STORE, { clientRegistrationEndpoint: undefined as never });
    expect(await (await without.ask('GET', '/.well-known/oauth-authorization-server')).text()).not.toContain('registration_endpoint');
  });

  it('S-012 stands at the paths that clients of 2025-03-26 guess: /authorize, /token, /register at the origin', async () => {
    const app = await makeApp(STORE);
    expect((await app.ask('GET', '/authorize')).status).toBe(400);
    expect((await app.ask('POST', '/token')).status).toBe(400);
    expect((await app.ask('POST', '/register')).status).toBe(400);
  });

  it('S-020 starts on https alone, loopback aside', () => {
    const checked = checkOptions({ apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()] });
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

  it('S-097 bounds registration: so many from one place, so much text, and an end for those that nobody uses', async () => {
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
