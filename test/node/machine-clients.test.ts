/** Clients that others wrote, without a browser: the MCP SDK's three providers and oauth4webapi, each through the whole chain. */
import {
  auth,
  DpopSession,
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  type OAuthClientProvider,
  PrivateKeyJwtProvider,
} from '@modelcontextprotocol/client';
import { generateKeyPair, generateProof } from 'dpop';
import * as oauth from 'oauth4webapi';
import { importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { codeOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, RESOURCE } from '../support/app.ts';
import { makeRealClock } from '../support/real-clock.ts';
import { makeSigner } from '../support/signer.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const IDP = 'https://idp.example';
const [own, idp] = await Promise.all([makeSigner('ES256', 'own'), makeSigner('RS256', 'idp')]);
const options: Partial<OAuthProviderOptions> = {
  clients: [
    { id: 'robot', secret: SECRET, scope: ['read', 'write'] },
    { id: 'keyed', jwks: { keys: [own.publicKey as never] }, scope: ['read'], grantTypes: ['client_credentials', JWT_BEARER, EXCHANGE] },
    { id: 'assistant', secret: SECRET, grantTypes: [JWT_BEARER] },
  ],
  trustedIssuers: [{ issuer: IDP, kind: 'enterprise', jwks: { keys: [idp.publicKey as never] }, scope: ['read', 'write'] }],
  tokenExchange: () => true,
};

/** A server on the machine's own time, which these clients go by. */
async function now(): Promise<App & { readonly fetchFn: typeof fetch }> {
  const clock = makeRealClock();
  const app = await appOn(memoryStore({ now: clock.now }), clock, options);
  return { ...app, fetchFn: (input, init) => app.send(new Request(input, init)) };
}

const jag = (app: App, audience: string, resource: string, clientId: string): Promise<string> => {
  const at = app.clock.now();
  const claims = {
    iss: IDP,
    sub: 'u-1',
    aud: audience,
    client_id: clientId,
    resource,
    scope: 'read',
    iat: at,
    exp: at + 300,
    jti: crypto.randomUUID(),
  };
  return idp.sign(claims, { typ: 'oauth-id-jag+jwt' });
};

describe('the MCP SDK’s clients without a browser', () => {
  const run = async (provider: OAuthClientProvider, app: Awaited<ReturnType<typeof now>>): Promise<string> => {
    expect(await auth(provider, { serverUrl: RESOURCE, fetchFn: app.fetchFn })).toBe('AUTHORIZED');
    return (await provider.tokens())?.access_token ?? '';
  };

  it('gets tokens by client credentials with a secret (S-250, S-251)', async () => {
    const app = await now();
    const provider = new ClientCredentialsProvider({ clientId: 'robot', clientSecret: SECRET, expectedIssuer: ISSUER });
    expect((await app.call(await run(provider, app))).access).toMatchObject({ clientId: 'robot', scope: ['read', 'write'] });
  });

  it('gets tokens by client credentials with a key (S-252, S-253)', async () => {
    const app = await now();
    const provider = new PrivateKeyJwtProvider({
      clientId: 'keyed',
      privateKey: own.privateKey as never,
      algorithm: 'ES256',
      expectedIssuer: ISSUER,
    });
    expect((await app.call(await run(provider, app))).status).toBe(200);
    expect((await app.call(await run(provider, app))).status).toBe(200);
  });

  it('gets tokens by cross-app access: the enterprise’s ID-JAG (S-260)', async () => {
    const app = await now();
    const provider = new CrossAppAccessProvider({
      assertion: async ({ authorizationServerUrl, resourceUrl }) =>
        jag(app, String(authorizationServerUrl), String(resourceUrl), 'assistant'),
      clientId: 'assistant',
      clientSecret: SECRET,
      expectedIssuer: ISSUER,
    });
    expect((await app.call(await run(provider, app))).access).toMatchObject({ clientId: 'assistant', scope: ['read'] });
  });
});

describe('oauth4webapi, a strict client', () => {
  it('drives client credentials, the ID-JAG and token exchange with a key, each from discovery to a call', async () => {
    const app = await now();
    const through = { [oauth.customFetch]: (url: string, init: RequestInit) => app.fetchFn(url, init) } as never;
    const as = await oauth.processDiscoveryResponse(
      new URL(ISSUER),
      await oauth.discoveryRequest(new URL(ISSUER), { algorithm: 'oauth2', ...(through as object) }),
    );
    const client: oauth.Client = { client_id: 'keyed' };
    const key = oauth.PrivateKeyJwt({ key: (await importJWK(own.privateKey, 'ES256')) as CryptoKey, kid: 'own' });

    const credentials = await oauth.clientCredentialsGrantRequest(as, client, key, { resource: RESOURCE, scope: 'read' }, through);
    const first = await oauth.processClientCredentialsResponse(as, client, credentials);
    expect((await app.call(first.access_token)).access).toMatchObject({ userId: 'client:keyed', scope: ['read'] });

    const assertion = await jag(app, ISSUER, RESOURCE, 'keyed');
    const granted = await oauth.genericTokenEndpointRequest(as, client, key, JWT_BEARER, { assertion }, through);
    const second = await oauth.processGenericTokenEndpointResponse(as, client, granted);
    expect((await app.call(second.access_token)).status).toBe(200);

    const subject = { subject_token: second.access_token, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
    const exchanged = await oauth.genericTokenEndpointRequest(as, client, key, EXCHANGE, subject, through);
    const third = await oauth.processGenericTokenEndpointResponse(as, client, exchanged);
    expect((await app.call(third.access_token)).access?.act).toEqual({ sub: 'client:keyed' });

    const revoked = await oauth.revocationRequest(as, client, key, third.access_token, through);
    await oauth.processRevocationResponse(revoked);
    expect([(await app.call(third.access_token)).status, (await app.call(second.access_token)).status]).toEqual([401, 200]);
  });
});

describe('oauth4webapi, for the rest', () => {
  it('registers itself, drives the device’s grant, a code and a refresh, and asks what the token is worth', async () => {
    const clock = makeRealClock();
    const app = await appOn(memoryStore({ now: clock.now }), clock, { deviceAuthorizationEndpoint: '/device_authorization' });
    const through = { [oauth.customFetch]: (url: string, init: RequestInit) => app.send(new Request(url, init)) } as never;
    const found = await oauth.discoveryRequest(new URL(ISSUER), { algorithm: 'oauth2', ...(through as object) });
    const as = await oauth.processDiscoveryResponse(new URL(ISSUER), found);
    const redirectUri = 'http://localhost:3334/callback';
    const metadata = {
      client_name: 'Strict', redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    }; // prettier-ignore
    const registered = await oauth.dynamicClientRegistrationRequest(as, metadata, through);
    const client = await oauth.processDynamicClientRegistrationResponse(registered);
    const secret = oauth.ClientSecretBasic(client.client_secret as string);

    const asking = await oauth.deviceAuthorizationRequest(as, client, secret, { scope: 'read', resource: RESOURCE }, through);
    const codes = await oauth.processDeviceAuthorizationResponse(as, client, asking);
    const poll = async (): Promise<oauth.TokenEndpointResponse> =>
      oauth.processDeviceCodeResponse(as, client, await oauth.deviceCodeGrantRequest(as, client, secret, codes.device_code, through));
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    const browser = app.browser();
    const page = await browser.submit(await browser.get(codes.verification_uri_complete ?? ''), { user_code: codes.user_code });
    await browser.submit(page, { decision: 'approve', ...ALICE });
    clock.pass(codes.interval ?? 5);
    const given = await poll();
    expect((await app.call(given.access_token)).access).toMatchObject({ userId: app.aliceId, scope: ['read'] });

    const told = await oauth.introspectionRequest(as, client, secret, given.access_token, through);
    expect(await oauth.processIntrospectionResponse(as, client, told)).toMatchObject({ active: true, client_id: client.client_id });

    const verifier = oauth.generateRandomCodeVerifier();
    const asked = { response_type: 'code', client_id: client.client_id, redirect_uri: redirectUri, state: 's', code_challenge_method: 'S256', code_challenge: await oauth.calculatePKCECodeChallenge(verifier) }; // prettier-ignore
    const consent = await browser.get(`${as.authorization_endpoint}?${new URLSearchParams(asked)}`);
    const back = await browser.submit(consent, { decision: 'approve' });
    const params = oauth.validateAuthResponse(as, client, new URL(back.location ?? ''), 's');
    const granted = await oauth.processAuthorizationCodeResponse(as, client, await oauth.authorizationCodeGrantRequest(as, client, secret, params, redirectUri, verifier, through)); // prettier-ignore
    const renewed = await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, secret, granted.refresh_token ?? '', through)); // prettier-ignore
    expect((await app.call(renewed.access_token)).status).toBe(200);
  });
});

describe('tokens that are bound to a key, for clients that others wrote (RFC 9449)', () => {
  const authorized = (token: string, dpop: string) => ({ authorization: `DPoP ${token}`, dpop });

  it('serves oauth4webapi through a pushed request, a code, a nonce, a call and a refresh', async () => {
    const clock = makeRealClock();
    const secret = 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=';
    const more = { dpopNonces: true, secret, requirePushedAuthorizationRequests: true, accessTokenSigning: 'ES256' } as const;
    const app = await appOn(memoryStore({ now: clock.now }), clock, more);
    const through = { [oauth.customFetch]: (url: string, init: RequestInit) => app.send(new Request(url, init)) };
    const found = await oauth.discoveryRequest(new URL(ISSUER), { algorithm: 'oauth2', ...(through as object) });
    const as = await oauth.processDiscoveryResponse(new URL(ISSUER), found);
    const client: oauth.Client = { client_id: (await app.client()).id };
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    const options = { ...through, DPoP } as never;
    const [verifier, none, redirectUri] = [oauth.generateRandomCodeVerifier(), oauth.None(), 'http://localhost:3334/callback'];
    const twice = async <T>(run: () => Promise<T>): Promise<T> => run().catch((error: unknown) => (oauth.isDPoPNonceError(error) ? run() : Promise.reject(error)));

    const asked = { response_type: 'code', redirect_uri: redirectUri, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state: 'st' };
    const pushed = await twice(async () => oauth.processPushedAuthorizationResponse(as, client, await oauth.pushedAuthorizationRequest(as, client, none, asked, options)));
    const browser = app.browser();
    const page = await browser.get(`${as.authorization_endpoint}?${new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })}`);
    const back = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect(codeOf(back)).toMatch(/^code_/);
    const params = oauth.validateAuthResponse(as, client, new URL(back.location ?? ''), 'st');
    const granted = await twice(async () =>
      oauth.processAuthorizationCodeResponse(as, client, await oauth.authorizationCodeGrantRequest(as, client, none, params, redirectUri, verifier, options)),
    );
    expect(granted.token_type).toBe('dpop');
    const called = await twice(() => oauth.protectedResourceRequest(granted.access_token, 'POST', new URL(RESOURCE), undefined, '{}', options));
    expect(called.status).toBe(200);
    const renewed = await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, none, granted.refresh_token ?? '', options));
    expect(renewed.token_type).toBe('dpop');
  }); // prettier-ignore

  it('serves the MCP SDK’s DPoP session, from its provider to a call (S-270, S-271)', async () => {
    const app = await now();
    const session = await DpopSession.create();
    const plain = new ClientCredentialsProvider({ clientId: 'robot', clientSecret: SECRET, expectedIssuer: ISSUER });
    const provider: OAuthClientProvider = Object.assign(plain, { dpop: () => session });
    expect(await auth(provider, { serverUrl: RESOURCE, fetchFn: app.fetchFn })).toBe('AUTHORIZED');
    const tokens = await provider.tokens();
    expect(tokens?.token_type).toBe('DPoP');
    const token = tokens?.access_token ?? '';
    const proof = await session.buildProof({ htm: 'POST', htu: RESOURCE, accessToken: token });
    expect((await app.call(null, '/mcp', authorized(token, proof))).access?.cnf?.jkt).toBe(session.thumbprint);
    expect((await app.call(token)).status).toBe(401);
  });

  it('serves the package dpop, with each of its algorithms', async () => {
    const app = await now();
    for (const alg of ['ES256', 'Ed25519', 'RS256', 'PS256'] as const) {
      const keys = await generateKeyPair(alg, { extractable: true });
      const body = new URLSearchParams({ grant_type: 'client_credentials' });
      const headers = {
        authorization: `Basic ${btoa(`robot:${SECRET}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
        dpop: await generateProof(keys, `${ISSUER}/token`, 'POST'),
      };
      const answer = (await (await app.ask('POST', '/token', body, headers)).json()) as Record<string, string>;
      expect(answer['token_type']).toBe('DPoP');
      const token = answer['access_token'] ?? '';
      const proof = await generateProof(keys, RESOURCE, 'POST', undefined, token);
      expect((await app.call(null, '/mcp', authorized(token, proof))).status).toBe(200);
      expect((await app.call(null, '/mcp', authorized(token, proof))).status).toBe(401);
    }
  });
});
