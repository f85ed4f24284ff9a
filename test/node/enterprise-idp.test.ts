/**
 * An enterprise's identity provider (`oidc-provider`), the MCP SDK's client, and this server: the user signs in there, the client has its
 * ID token exchanged for an ID-JAG there, and brings that here (Enterprise-Managed Authorization).
 */
import { auth, CrossAppAccessProvider, discoverAndRequestJwtAuthGrant } from '@modelcontextprotocol/client';
import { createLocalJWKSet, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { type App, appOn, ISSUER, RESOURCE } from '../support/app.ts';
import { makeRealClock } from '../support/real-clock.ts';
import { CLIENT, type ProviderContext, type RealIdp, startRealIdp } from '../support/real-idp.ts';

const IDP = 'https://idp.corp.example';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SECRET = 'a-secret-of-enough-characters-to-pass';
const REDIRECT = 'https://assistant.example/cb';
let idp: RealIdp;

/** What the provider does not do by itself: an ID token of its own for an assertion to another authorization server (ID-JAG §4.3). */
async function exchangeWith(key: JWK): Promise<(ctx: ProviderContext) => Promise<void>> {
  const { kty, n, e, kid = 'idp' } = key;
  const keys = createLocalJWKSet({ keys: [{ kty, n, e, kid, alg: 'RS256' } as JWK] });
  const signer = await importJWK(key, 'RS256');
  return async (ctx) => {
    const { subject_token: token = '', audience, resource, scope } = ctx.oidc.params;
    const { payload } = await jwtVerify(token, keys, { issuer: IDP, audience: ctx.oidc.client.clientId });
    const claims = { client_id: 'assistant', resource, scope, jti: crypto.randomUUID() };
    const assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid, typ: 'oauth-id-jag+jwt' })
      .setIssuer(IDP).setSubject(String(payload.sub)).setAudience(String(audience)).setIssuedAt().setExpirationTime('5m')
      .sign(signer); // prettier-ignore
    ctx.body = {
      issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      access_token: assertion,
      token_type: 'N_A',
      expires_in: 300,
      scope,
    };
  };
}

beforeAll(async () => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key: JWK = { ...(await exportJWK(privateKey)), kid: 'idp', alg: 'RS256', use: 'sig' };
  idp = await startRealIdp({ issuer: IDP, claims: {}, rotates: false, revokes: false, more: { jwks: { keys: [key] } } });
  const exchange = await exchangeWith(key);
  await idp.open(REDIRECT, (provider) => {
    const parameters = ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'];
    provider.registerGrantType(EXCHANGE, exchange, parameters);
  });
});

afterAll(() => idp.close());

/** Signs the user in at the enterprise, as its own app does; its ID token. */
async function idTokenOf(login: string): Promise<string> {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier))));
  const asked = { response_type: 'code', client_id: CLIENT.clientId, redirect_uri: REDIRECT, scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }; // prettier-ignore
  const browser = makeBrowser((request) => idp.fetch(request));
  let page = await browser.get(`${IDP}/auth?${new URLSearchParams(asked)}`);
  for (let step = 0; step < 12 && page.location?.startsWith(REDIRECT) !== true; step += 1) {
    if (page.location !== null) page = await browser.get(new URL(page.location, page.url).href);
    else page = await browser.submit(page, page.text.includes('name="login"') ? { login, password: 'any' } : {});
  }
  const code = new URL(page.location ?? '').searchParams.get('code') ?? '';
  const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier, client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret }); // prettier-ignore
  const answer = await idp.fetch(new Request(`${IDP}/token`, { method: 'POST', body }));
  return ((await answer.json()) as { id_token: string }).id_token;
}

async function server(): Promise<App> {
  const clock = makeRealClock();
  const options = {
    clients: [{ id: 'assistant', secret: SECRET, grantTypes: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] }],
    trustedIssuers: [{ issuer: IDP, kind: 'enterprise', jwksUri: `${IDP}/jwks`, scope: ['read', 'write'] }],
  } as const;
  return appOn(memoryStore({ now: clock.now }), clock, options, { fetchPublic: (url: string) => idp.fetch(new Request(url)) });
}

describe('an enterprise’s identity provider with code of others', () => {
  it('S-260 S-261 S-269 lets its users in through the MCP SDK’s client, each under one name, by its published keys', async () => {
    const app = await server();
    const idToken = await idTokenOf('erika');
    const grants: string[] = [];
    const provider = (): CrossAppAccessProvider =>
      new CrossAppAccessProvider({
        assertion: async ({ authorizationServerUrl, resourceUrl }) => {
          const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
            idpUrl: IDP, audience: authorizationServerUrl, resource: resourceUrl, idToken, clientId: CLIENT.clientId,
            clientSecret: CLIENT.clientSecret, scope: 'read', fetchFn: (url, init) => idp.fetch(new Request(url, init)),
          }); // prettier-ignore
          grants.push(jwtAuthGrant);
          return jwtAuthGrant;
        },
        clientId: 'assistant',
        clientSecret: SECRET,
        expectedIssuer: ISSUER,
      });
    const users: (string | undefined)[] = [];
    for (let time = 0; time < 2; time++) {
      const one = provider();
      expect(await auth(one, { serverUrl: RESOURCE, fetchFn: (url, init) => app.send(new Request(url, init)) })).toBe('AUTHORIZED');
      const { access } = await app.call(one.tokens()?.access_token ?? '');
      expect(access).toMatchObject({ clientId: 'assistant', scope: ['read'], resource: RESOURCE });
      users.push(access?.userId);
    }
    expect(new Set(users).size).toBe(1);
    expect(idp.calls).toContain('/jwks');

    const again = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: grants[0] ?? '' });
    const headers = { authorization: `Basic ${btoa(`assistant:${SECRET}`)}`, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await app.ask('POST', '/token', again, headers)).status).toBe(400); // each of them once (S-266)
    const raw = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: idToken });
    expect((await app.ask('POST', '/token', raw, headers)).status).toBe(400); // its ID token is not one of them (SEC-204)
  });
});
