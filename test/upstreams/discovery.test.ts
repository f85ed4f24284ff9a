/** The discovery document of an upstream: which endpoints are used, and which never get a request. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ask } from '../../src/upstreams/ask.ts';
import { UpstreamError } from '../../src/upstreams/contract.ts';
import { codeFlow } from '../../src/upstreams/code-flow.ts';
import { makeDiscover } from '../../src/upstreams/discovery.ts';

const ISSUER = 'https://idp.example';
const HOUR = 3_600_000;
const ENDPOINTS = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/keys`,
};

/** A site that publishes a document, which can be changed. */
function makeSite(document: object, issuer = ISSUER, at?: string) {
  const site = { answer: (): Response => Response.json(document), asked: [] as string[] };
  const ask: Ask = async (url) => {
    site.asked.push(url);
    return site.answer();
  };
  const find = makeDiscover({ discover: issuer, ...(at === undefined ? {} : { at }) });
  return { site, discover: async () => find(ask) };
}

/** What comes of a document. */
const found = async (more: object, issuer?: string): Promise<unknown> => makeSite({ ...ENDPOINTS, ...more }, issuer).discover();
const answered = async (body: string, init: ResponseInit): Promise<unknown> => {
  const { site, discover } = makeSite({});
  site.answer = () => new Response(body, init);
  return discover();
};
const JSON_TYPE = { 'content-type': 'application/json' };

describe('upstreams/discovery', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) }));
  afterEach(() => void vi.useRealTimers());

  it('SEC-110 asks below the issuer, or where the option says, and nowhere for endpoints that are known', async () => {
    const below = makeSite(ENDPOINTS);
    expect(await below.discover()).toEqual(ENDPOINTS);
    expect(below.site.asked).toEqual([`${ISSUER}/.well-known/openid-configuration`]);
    const elsewhere = makeSite(ENDPOINTS, ISSUER, `${ISSUER}/policy?p=x`);
    await elsewhere.discover();
    expect(elsewhere.site.asked).toEqual([`${ISSUER}/policy?p=x`]);
    const known = { id: 'x', label: 'X', scope: [], openid: false, server: ENDPOINTS };
    const provider = codeFlow(known, { clientId: 'a', fetch: () => Promise.reject(new Error('not asked')) });
    const { location } = await provider.startSignIn({ redirectUri: 'https://as.example/cb', state: 's', env: {} });
    expect(location).toContain(ENDPOINTS.authorization_endpoint);
  });

  it('SEC-110 asks no issuer without TLS outside this machine', async () => {
    const { site, discover } = makeSite({ ...ENDPOINTS, issuer: 'http://idp.example' }, 'http://idp.example');
    await expect(discover()).rejects.toThrow('HTTPS');
    expect(site.asked).toEqual([]);
  });

  it.each(['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080'])(
    'SEC-110 takes endpoints without TLS from an issuer on this machine, %s, for its own origin alone',
    async (issuer) => {
      const own = { issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/k` };
      expect(await found(own, issuer)).toEqual(own);
      const other = { ...own, token_endpoint: issuer.replace('8080', '8081') };
      await expect(found(other, issuer)).rejects.toMatchObject({ failure: 'broken', reason: 'discovery_token_endpoint' });
    },
  );

  it('SEC-110 uses a document for an hour, then fetches it again, and keeps none that was refused', async () => {
    const { site, discover } = makeSite(ENDPOINTS);
    const { answer } = site;
    site.answer = () => Response.json({ ...ENDPOINTS, token_endpoint: 'http://evil.example/token' });
    await expect(discover()).rejects.toBeInstanceOf(UpstreamError);
    site.answer = answer;
    const first = await discover();
    expect(site.asked).toHaveLength(2);
    vi.setSystemTime(Date.now() + HOUR - 1);
    expect(await discover()).toBe(first);
    expect(site.asked).toHaveLength(2);
    vi.setSystemTime(Date.now() + 1);
    site.answer = () => Response.json({ ...ENDPOINTS, jwks_uri: `${ISSUER}/new-keys` });
    expect(await discover()).toMatchObject({ jwks_uri: `${ISSUER}/new-keys` });
    expect(site.asked).toHaveLength(3);
  });

  it('fetches the document again once the clock has gone back', async () => {
    const { site, discover } = makeSite(ENDPOINTS);
    await discover();
    vi.setSystemTime(Date.now() - HOUR);
    await discover();
    expect(site.asked).toHaveLength(2);
  });

  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])('SEC-110 needs %s', async (name) => {
    for (const missing of [undefined, null, ''])
      await expect(found({ [name]: missing })).rejects.toMatchObject({ failure: 'broken', reason: `discovery_${name}` });
  });

  it.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'revocation_endpoint'])(
    'SEC-110 refuses %s without TLS, on this machine, at an address, or in a private network',
    async (name) => {
      for (const url of [
        'x', '/token', 'http://idp.example/x', 'ftp://cdn.example/x', 'javascript:alert(1)', 'https://localhost/x', 'https://idp.localhost/x',
        'https://printer.local/x', 'https://keys.internal/x', 'https://nas.home.arpa/x', 'https://10.0.0.7/x', 'https://203.0.113.5/x',
        'https://localhost./x', 'https://keys.internal./x', ['https://cdn.example/x'], 'https://2130706433/x', 'https://[::1]/x', 'https://[fd00::1]/x', 'https://LOCALHOST/x',
      ])
        await expect(found({ [name]: url }), String(url)).rejects.toMatchObject({ failure: 'broken', reason: `discovery_${name}` });
    },
  ); // prettier-ignore

  it.each(['cdn.example', '1st.example', 'login.idp2', 'notlocalhost', 'localhost.example', 'keys.local.example', 'a.internal.example'])(
    'SEC-110 takes endpoints of another public host, as common at large sites: %s',
    async (host) => {
      expect(await found({ jwks_uri: `https://${host}/keys` })).toMatchObject({ jwks_uri: `https://${host}/keys` });
    },
  );

  it('SEC-110 takes no document of another issuer, and says what to write (R-39)', async () => {
    for (const issuer of [`${ISSUER}/tenant`, 'https://idp.example.evil.example', 'not a URL', 'x'.repeat(500)]) {
      const hint = `the issuer calls itself "${issuer.slice(0, 200)}", the option says ${ISSUER}`;
      await expect(found({ issuer })).rejects.toMatchObject({ failure: 'broken', reason: 'discovery_other_issuer', hint });
    }
    for (const issuer of [7, ['https://idp.example/x'], {}, null, undefined])
      await expect(found({ issuer })).rejects.toMatchObject({ code: 'OAUTH_INVALID_RESPONSE' });
  });

  it('SEC-110 takes an issuer that is written in another way, of the same URL', async () => {
    for (const issuer of [`${ISSUER}/`, 'https://IDP.example', 'https://idp.example:443'])
      expect(await found({ issuer })).toMatchObject({ issuer });
  });

  it('SEC-110 takes no document from a response that is an error, a redirect, or not JSON', async () => {
    const other = JSON.stringify({ ...ENDPOINTS, issuer: 'https://evil.example' });
    for (const body of [JSON.stringify(ENDPOINTS), other])
      for (const status of [201, 302, 404])
        await expect(answered(body, { status, headers: JSON_TYPE })).rejects.toMatchObject({ code: 'OAUTH_RESPONSE_IS_NOT_CONFORM' });
    const html = { headers: { 'content-type': 'text/html' } };
    await expect(answered('<p>Sign in</p>', html)).rejects.toMatchObject({ code: 'OAUTH_RESPONSE_IS_NOT_JSON' });
    await expect(answered('{', { headers: JSON_TYPE })).rejects.toMatchObject({ code: 'OAUTH_PARSE_ERROR' });
    for (const body of ['[]', 'null', '7', '{}'])
      await expect(answered(body, { headers: JSON_TYPE })).rejects.toMatchObject({ code: 'OAUTH_INVALID_RESPONSE' });
  });

  it('SEC-110 takes no document with a name twice, which two readers could read as two documents', async () => {
    const twice = JSON.stringify(ENDPOINTS).replace('{', `{"token_endpoint":"https://evil.example/token",`);
    await expect(answered(twice, { headers: JSON_TYPE })).rejects.toMatchObject({ failure: 'broken', reason: 'discovery_malformed' });
  });

  it('leaves out members that are null or empty, or should be a list or a yes or no and are not (R-38)', async () => {
    const right = { scopes_supported: ['openid'], authorization_response_iss_parameter_supported: true, claims_parameter_supported: false };
    const odd = { userinfo_endpoint: null, revocation_endpoint: '', token_endpoint_auth_methods_supported: 7, acr_values_supported: 'x' };
    expect(await found({ ...right, ...odd })).toEqual({ ...ENDPOINTS, ...right });
  });
});
