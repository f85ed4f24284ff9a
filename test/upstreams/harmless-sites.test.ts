/** Identity providers whose keys, claims, documents and client authentication deviate from the specifications and harm no one. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../src/lib/bytes.ts';
import type { FakeUpstream } from '../../src/testing/fake-upstream.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { oauth2 } from '../../src/upstreams/oauth2.ts';
import { APP, arrival, failureIn, fakeProvider, locationOf, realNow, REDIRECT, STATE, trip } from '../support/provider-trip.ts';

afterEach(() => void vi.useRealTimers());

type Change = (response: Response, request: Request) => Response | Promise<Response>;

/** The fetch of a fake site that changes the responses of one path. */
const changing = (fake: FakeUpstream, path: string, change: Change) => async (url: string, init?: RequestInit): Promise<Response> => {
  const request = new Request(url, init);
  const response = await fake.fetch(url, init);
  return request.url === fake.issuer + path ? change(response, request) : response;
}; // prettier-ignore
const at = (fake: FakeUpstream, fetch: typeof fake.fetch | ReturnType<typeof changing> = fake.fetch) => oidc({ ...APP, issuer: fake.issuer, fetch }); // prettier-ignore

const RSA = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' };
const KINDS = {
  RS256: [{ name: 'RSASSA-PKCS1-v1_5', ...RSA }, { name: 'RSASSA-PKCS1-v1_5' }],
  PS256: [{ name: 'RSA-PSS', ...RSA }, { name: 'RSA-PSS', saltLength: 32 }],
  ES384: [{ name: 'ECDSA', namedCurve: 'P-384' }, { name: 'ECDSA', hash: 'SHA-384' }],
  EdDSA: [{ name: 'Ed25519' }, { name: 'Ed25519' }],
} as const; // prettier-ignore
type Claims = Record<string, unknown>;
const claimsIn = (token: string): Claims => JSON.parse(fromUtf8(fromBase64url(token.split('.')[1] ?? '') ?? new Uint8Array())) as Claims;

/** A signer, and its public key without `kid`, `alg` and `use`. */
async function signer(alg: keyof typeof KINDS = 'ES384') {
  const [make, by] = KINDS[alg];
  const pair = (await crypto.subtle.generateKey(make, true, ['sign', 'verify'])) as CryptoKeyPair;
  const { kty, n, e, crv, x, y } = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey;
  const sign = async (claims: Claims, header: object = {}): Promise<string> => {
    const text = [{ alg, ...header }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
    return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign(by, pair.privateKey, utf8(text))))}`;
  };
  return { jwk: JSON.parse(JSON.stringify({ kty, n, e, crv, x, y })) as Claims, sign };
}

/** The site with ID tokens of another signer, and changed claims. */
const signing = (fake: FakeUpstream, sign: (claims: Claims, header?: object) => Promise<string>, header: object = {}, change = (claims: Claims): Claims => claims) =>
  changing(fake, '/token', async (response) => {
    const body = (await response.json()) as Claims;
    return Response.json({ ...body, id_token: await sign(change(claimsIn(String(body['id_token']))), header) });
  }); // prettier-ignore

describe('the keys of a site', () => {
  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'] as const)('may be for %s, whatever its document lists (SEC-143)', async (alg) => {
    const { jwk, sign } = await signer(alg);
    for (const id_token_signing_alg_values_supported of [[alg], ['RS256'], undefined, null, alg]) {
      const fake = await fakeProvider();
      Object.assign(fake.metadata, { id_token_signing_alg_values_supported });
      fake.keys.jwks = [jwk];
      expect((await trip(at(fake, signing(fake, sign)), fake.visit)).subject).toBe('u-1');
    }
  });

  it('may lack a name, share one, come twice, or lie beside what is no key (SEC-148)', async () => {
    const [{ jwk, sign }, { jwk: other }] = await Promise.all([signer(), signer()]);
    const named = { ...jwk, kid: 'a' };
    for (const [jwks, header] of [
      [[other, jwk], {}], [[{ ...other, kid: 'b' }, named], {}], [[jwk], { kid: 'a' }], [[{ ...other, kid: 'a' }, named], { kid: 'a' }], [[named, named], { kid: 'a' }],
      [[null, 'key', 7, [], {}, named], { kid: 'a' }], [[{ ...named, alg: 'ES384' }], { kid: 'a' }], [[{ ...named, use: 'SIG', key_ops: [] }], { kid: 'a' }], [[{ ...other, kid: 'a', use: 'enc' }, named], { kid: 'a' }],
    ] as const) {
      const fake = await fakeProvider();
      fake.keys.jwks = [...jwks];
      expect((await trip(at(fake, signing(fake, sign, header)), fake.visit)).subject).toBe('u-1');
    }
  }); // prettier-ignore

  it('may call Ed25519 by its old or its new name (RFC 9864)', async () => {
    const { jwk, sign } = await signer('EdDSA');
    for (const alg of ['EdDSA', 'Ed25519']) {
      const fake = await fakeProvider();
      fake.keys.jwks = [{ ...jwk, alg }];
      expect((await trip(at(fake, signing(fake, sign)), fake.visit)).subject).toBe('u-1');
    }
  });

  it('verify nothing where another key signed, the key has another name, or it is for something else (SEC-143)', async () => {
    const [{ jwk, sign }, { jwk: other }] = await Promise.all([signer(), signer()]);
    for (const [key, reason] of [
      [other, 'oauth_invalid_response'], [{ ...jwk, kid: 'b' }, 'oauth_key_selection_failed'], [{ ...jwk, use: 'enc' }, 'oauth_key_selection_failed'],
      [{ ...jwk, alg: 'ECDH-ES' }, 'oauth_key_selection_failed'], [{ ...jwk, kty: 'RSA' }, 'oauth_key_selection_failed'],
    ] as const) {
      const fake = await fakeProvider();
      fake.keys.jwks = [key];
      expect(await failureIn(trip(at(fake, signing(fake, sign, { kid: 'a' })), fake.visit))).toBe(`broken ${reason}`);
    }
  }); // prettier-ignore

  it('are fetched again where one was replaced under its name, once a minute (SEC-148)', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const fake = await fakeProvider();
    let { jwk, sign } = await signer();
    fake.keys.jwks = [{ ...jwk, kid: 'a' }];
    const provider = at(
      fake,
      signing(fake, (claims, header) => sign(claims, header), { kid: 'a' }),
    );
    const fetched = (): number => fake.calls.filter((name) => name === 'jwks').length;
    expect((await trip(provider, fake.visit)).subject).toBe('u-1');
    ({ jwk, sign } = await signer());
    fake.keys.jwks = [{ ...jwk, kid: 'a' }];
    expect([(await trip(provider, fake.visit)).subject, fetched()]).toEqual(['u-1', 2]);
    ({ jwk, sign } = await signer());
    expect(await failureIn(trip(provider, fake.visit))).toBe('broken oauth_invalid_response');
    expect(fetched()).toBe(2);
    vi.setSystemTime(Date.now() + 60_000);
    fake.keys.jwks = [{ ...jwk, kid: 'a' }];
    expect([(await trip(provider, fake.visit)).subject, fetched()]).toEqual(['u-1', 3]);
  });
});

describe('the claims of an ID token', () => {
  const come = async (change: (claims: Claims) => Claims) => {
    const [fake, { jwk, sign }] = await Promise.all([fakeProvider(), signer()]);
    fake.keys.jwks = [jwk];
    return arrival(at(fake, signing(fake, sign, {}, change)), fake.visit);
  };
  it.each<[string, (claims: Claims) => Claims]>([
    ['times as texts', (claims) => ({ ...claims, exp: String(claims['exp']), iat: String(claims['iat']), nbf: String(claims['iat']) })],
    ['members that are null', (claims) => ({ ...claims, nbf: null, auth_time: null, azp: null, name: null })],
    ['an empty authorized party', (claims) => ({ ...claims, azp: '' })],
    ['no time of issue', (claims) => ({ ...claims, iat: undefined })],
    ['a time of sign-in before 1970', (claims) => ({ ...claims, auth_time: -62135596800 })],
  ])('may be %s (R-31)', async (_, change) => {
    const { identity, authenticatedAt } = await come(change);
    expect([identity.subject, authenticatedAt]).toEqual(['u-1', undefined]);
  }); // prettier-ignore

  it('may have the subject as a number, and when the user signed in as text (R-31)', async () => {
    const then = realNow() - 60;
    expect((await come((claims) => ({ ...claims, sub: 4711 }))).identity.subject).toBe('4711');
    expect((await come((claims) => ({ ...claims, auth_time: String(then) }))).authenticatedAt).toBe(then);
  });

  it.each<[string, (claims: Claims) => Claims]>([
    ['an end as a word', (claims) => ({ ...claims, exp: 'never' })], ['an end that is null', (claims) => ({ ...claims, exp: null })],
    ['an end in the past as text', (claims) => ({ ...claims, exp: String(realNow() - 3600) })], ['a start in an hour as text', (claims) => ({ ...claims, nbf: String(realNow() + 3600) })],
    ['a subject that is a fraction', (claims) => ({ ...claims, sub: 1.5 })], ['a subject that is a list', (claims) => ({ ...claims, sub: ['u-1'] })],
  ])('are refused with %s (SEC-143)', async (_, change) => {
    expect(await failureIn(come(change))).toMatch(/^broken oauth_/);
  }); // prettier-ignore
});

describe('userinfo as a JWT', () => {
  it('is read, and must be about the same user (OpenID Connect Core §5.3.2, R-38)', async () => {
    const [fake, { sign }] = await Promise.all([fakeProvider(), signer()]);
    fake.thin = true;
    const jwt = (change: object) =>
      changing(fake, '/userinfo', async (response) => {
        const claims = { ...((await response.json()) as Claims), iss: fake.issuer, aud: APP.clientId, ...change };
        return new Response(`${await sign(claims)}\n`, { headers: { 'content-type': 'application/jwt;charset=UTF-8' } });
      });
    expect((await trip(at(fake, jwt({})), fake.visit)).claims).toEqual({ sub: 'u-1', name: 'Uma Upstream', email: 'uma@corp.example', email_verified: true });
    expect(await failureIn(trip(at(fake, jwt({ sub: 'u-2' })), fake.visit))).toBe('broken userinfo_other_subject');
  }); // prettier-ignore
});

describe('a discovery document', () => {
  it('may have members that are null, empty or of another type (R-38)', async () => {
    const fake = await fakeProvider();
    const empty = { userinfo_endpoint: null, revocation_endpoint: '', scopes_supported: null, token_endpoint_auth_methods_supported: 7 };
    Object.assign(fake.metadata, empty);
    const { identity } = await arrival(at(fake), fake.visit, { offline: true });
    expect(identity.subject).toBe('u-1');
    expect(fake.calls).not.toContain('userinfo');
  });
});

describe('a discovery document that is not below the issuer (Azure AD B2C)', () => {
  it('is found at the URL of the option, and must name the issuer (SEC-110)', async () => {
    const issuer = 'https://contoso.b2clogin.com/guid/v2.0/';
    const discoveryUrl = 'https://contoso.b2clogin.com/contoso/b2c_1_in/v2.0/.well-known/openid-configuration?p=x';
    const base = 'https://contoso.b2clogin.com/guid/b2c_1_in';
    const document = { issuer, authorization_endpoint: `${base}/authorize?p=x`, token_endpoint: `${base}/token`, jwks_uri: `${base}/keys` };
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => (asked.push(url), Response.json(document));
    const make = (more: object = {}) => oidc({ ...APP, issuer, discoveryUrl, fetch, ...more });
    const { origin, pathname, searchParams } = await locationOf(make());
    expect([origin + pathname, searchParams.get('p'), asked, make().issuer]).toEqual([`${base}/authorize`, 'x', [discoveryUrl], issuer]);
    expect(await failureIn(locationOf(make({ issuer: 'https://contoso.b2clogin.com/other/v2.0/' })))).toBe('broken discovery_other_issuer');
  }); // prettier-ignore

  it('is refused at start-up where it is no https URL', () => {
    for (const discoveryUrl of ['http://idp.example/x', 'x', '', 'https://idp.example/#x', 'http://localhost.evil.example/'])
      expect(() => oidc({ ...APP, issuer: 'https://idp.example', discoveryUrl })).toThrow('`discoveryUrl` must be an https URL');
    expect(() => oidc({ ...APP, issuer: 'https://idp.example', discoveryUrl: 'http://localhost:8080/x?y' })).not.toThrow();
  });
});

/** A site that takes the secret in a Basic header alone. */
const basicAlone = (fake: FakeUpstream, seen: string[], path = '/token') => async (url: string, init?: RequestInit): Promise<Response> => {
  if (new URL(url).pathname !== path) return fake.fetch(url, init);
  const isBody = init?.body instanceof URLSearchParams && init.body.has('client_secret');
  seen.push(isBody ? 'body' : 'header');
  return isBody ? Response.json({ error: 'invalid_client' }, { status: 401, headers: { 'www-authenticate': 'Basic' } }) : fake.fetch(url, init);
}; // prettier-ignore

describe('a site that takes the secret in a Basic header alone (PingOne, OneLogin, Zitadel)', () => {
  it('gets it there, after one refusal in the body, at the code, the refresh and the revocation', async () => {
    const [fake, seen]: [FakeUpstream, string[]] = [await fakeProvider(), []];
    const provider = at(fake, basicAlone(fake, seen));
    const { tokens } = await arrival(provider, fake.visit);
    expect(seen.splice(0)).toEqual(['body', 'header']);
    const next = await provider.refresh({ tokens, now: realNow(), env: {} });
    expect([next.refreshToken === tokens.refreshToken, seen.splice(0)]).toEqual([false, ['header']]);
    const fresh = at(fake, basicAlone(fake, seen, '/revoke'));
    expect([await fresh.revoke({ tokens: next, env: {} }), seen]).toEqual([true, ['body', 'header']]);
  });

  it('gets it there at once where it publishes that', async () => {
    const [fake, seen]: [FakeUpstream, string[]] = [await fakeProvider(), []];
    Object.assign(fake.metadata, { token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'] });
    await arrival(at(fake, basicAlone(fake, seen)), fake.visit);
    expect(seen).toEqual(['header']);
    Object.assign(fake.metadata, { token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'] });
    await arrival(at(fake, basicAlone(fake, seen)), fake.visit);
    expect(seen).toEqual(['header', 'body', 'header']); // the application is set up for one of the two
  });

  it('and whose form changes is asked in the other one again', async () => {
    const [fake, seen]: [FakeUpstream, string[]] = [await fakeProvider(), []];
    let isBasic = true;
    const provider = at(fake, async (url: string, init?: RequestInit) => {
      if (isBasic) return basicAlone(fake, seen)(url, init);
      const isHeader = new Headers(init?.headers).has('authorization') && url.endsWith('/token');
      return isHeader ? Response.json({ error: 'invalid_client' }, { status: 400 }) : fake.fetch(url, init);
    });
    await arrival(provider, fake.visit);
    isBasic = false;
    expect(await failureIn(arrival(provider, fake.visit))).toBe('broken token_invalid_client');
    expect((await arrival(provider, fake.visit)).identity.subject).toBe('u-1');
  });

  it('is not asked again for another reason, and a wrong secret stays wrong', async () => {
    const fake = await fakeProvider();
    const asked = (error: unknown, status = 401) => {
      let requests = 0;
      const fetch = async (url: string) => (url.endsWith('/t') && requests++, Response.json({ error }, { status }));
      const site = { ...APP, issuer: fake.issuer, authorizationEndpoint: `${fake.issuer}/a`, tokenEndpoint: `${fake.issuer}/t`, profileEndpoint: `${fake.issuer}/me` };
      const provider = oauth2({ ...site, fetch });
      return failureIn(trip(provider, async () => `${REDIRECT}?code=c&state=${STATE}`)).then((failure) => [failure, requests]);
    };
    expect(await asked('invalid_grant')).toEqual(['broken token_invalid_grant', 1]);
    expect(await asked('invalid_client')).toEqual(['broken token_invalid_client', 2]);
    expect(await asked('invalid_client', 400)).toEqual(['broken token_invalid_client', 2]);
    expect(await asked('unauthorized_client', 400)).toEqual(['broken token_unauthorized_client', 1]);
    for (const words of ['unauthorized_client', 401, undefined]) expect((await asked(words))[1]).toBe(2); // X, Reddit, Fitbit
  }); // prettier-ignore
});

describe('a revocation', () => {
  const revokedWith = async (answer: () => Response) => {
    const fake = await fakeProvider();
    return at(fake, changing(fake, '/revoke', answer)).revoke({ tokens: { accessToken: 'a', refreshToken: 'r' }, env: {} });
  };
  it('has worked with any 2xx, and where the token is gone already, as Google says it (RFC 7009 §2.2)', async () => {
    for (const status of [200, 202, 204]) expect(await revokedWith(() => new Response(null, { status }))).toBe(true);
    expect(await revokedWith(() => Response.json({ error: 'invalid_token' }, { status: 400 }))).toBe(true);
  });
  it('has failed with any other error', async () => {
    expect(await failureIn(revokedWith(() => Response.json({ error: 'unsupported_token_type' }, { status: 400 })))).toBe('broken token_other');
    expect(await failureIn(revokedWith(() => new Response('no', { status: 404 })))).toMatch(/^broken oauth_/);
  }); // prettier-ignore
});

describe('an outage', () => {
  it.each([
    ['a page of another charset', () => new Response(Uint8Array.of(0x64, 0xe4), { status: 503, headers: { 'retry-after': '20' } })],
    ['a page of any size', () => new Response('x'.repeat(300_000), { status: 502 })],
    ['a limit with a page', () => new Response(Uint8Array.of(0xff), { status: 429 })],
    ['408', () => new Response(null, { status: 408 })], ['425', () => new Response(null, { status: 425 })],
  ])('may be %s, at every endpoint (R-33)', async (_, answer) => {
    for (const path of ['/.well-known/openid-configuration', '/token', '/jwks', '/userinfo']) {
      const fake = await fakeProvider();
      fake.thin = true;
      expect(await failureIn(trip(at(fake, changing(fake, path, answer)), fake.visit))).toMatch(/^unavailable status_/);
    }
  }); // prettier-ignore
});
