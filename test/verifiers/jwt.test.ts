import { describe, expect, it } from 'vitest';
import { SourceUnavailable } from '../../src/verifiers/contract.ts';
import { guard } from '../../src/guard/guard.ts';
import { verifyJwt, type JwtOptions } from '../../src/verifiers/jwt.ts';
import { makeIssuer, makeKey, NOW, type Issuer } from '../support/issuer.ts';

const RESOURCE = 'https://mcp.example/mcp';
const ISSUER = 'https://as.example';

async function setUp(more: Partial<JwtOptions> = {}): Promise<{ as: Issuer; check: (token: string) => Promise<unknown> }> {
  const as = await makeIssuer(ISSUER);
  const { verify } = verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now, ...more });
  return { as, check: async (token) => verify(token, RESOURCE) };
}

/** The same token with one part of its text changed. */
const withHeader = (token: string, header: object): string =>
  [btoa(JSON.stringify(header)).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'), ...token.split('.').slice(1)].join('.');

describe('verifiers/jwt, good tokens', () => {
  it('returns user, client, scopes and issuer (RFC 9068)', async () => {
    const { as, check } = await setUp();
    const token = await as.sign({ aud: RESOURCE, scope: 'read write', jti: 'j1', email: 'a@b.example' });
    expect(await check(token)).toEqual({
      userId: 'user-1',
      clientId: 'client-1',
      grantId: `${ISSUER}#j1`,
      issuer: ISSUER,
      scope: ['read', 'write'],
      resource: RESOURCE,
      expiresAt: NOW + 630, // with the skew, within which it is still good
      props: { claims: expect.objectContaining({ sub: 'user-1', email: 'a@b.example' }) },
    });
    expect(as.asked).toEqual([`${ISSUER}/.well-known/oauth-authorization-server`, `${ISSUER}/keys`]);
  });

  it.each(['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'])('takes a signature by %s', async (alg) => {
    const { as, check } = await setUp();
    const key = await makeKey(alg);
    as.publish([key.jwk]);
    expect(await check(await as.sign({ aud: ['other', RESOURCE] }, {}, key))).toMatchObject({ userId: 'user-1' });
  });

  it('finds keys by the OpenID configuration where there is no RFC 8414 document, and by `jwksUri` without either', async () => {
    const { as, check } = await setUp();
    as.answers.delete(`${ISSUER}/.well-known/oauth-authorization-server`);
    as.answers.set(`${ISSUER}/.well-known/openid-configuration`, () => Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys` }));
    expect(await check(await as.sign({ aud: RESOURCE }))).not.toBeNull();
    const direct = verifyJwt({ issuer: ISSUER, jwksUri: `${ISSUER}/keys`, fetch: as.fetch, now: as.now });
    as.asked.length = 0;
    expect(await direct.verify(await as.sign({ aud: RESOURCE }), RESOURCE)).not.toBeNull();
    expect(as.asked).toEqual([`${ISSUER}/keys`]);
  });

  it('checks a token it has just seen without the network, until it ends', async () => {
    const { as, check } = await setUp();
    const token = await as.sign({ aud: RESOURCE, exp: NOW + 40 });
    expect(await check(token)).not.toBeNull();
    expect(await check(token)).not.toBeNull();
    as.clock = NOW + 40 + 31;
    expect(await check(token)).toBeNull();
  });
});

describe('verifiers/jwt, tokens to refuse', () => {
  it.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['the issuer with a slash', { iss: `${ISSUER}/` }],
    ['another audience', { aud: 'https://mcp.example/other' }],
    ['an audience that begins like ours', { aud: `${RESOURCE}2` }],
    ['no audience', { aud: undefined }],
    ['SEC-206 an end that has passed', { exp: NOW - 31 }],
    ['SEC-206 no end', { exp: undefined }],
    ['SEC-206 an end as a text', { exp: String(NOW + 60) as unknown as number }],
    ['SEC-206 a negative end', { exp: -1 }],
    ['SEC-206 a beginning far ahead', { nbf: NOW + 60 }],
    ['SEC-206 an issue far ahead', { iat: NOW + 60 }],
    ['no user', { sub: undefined }],
    ['no client', { client_id: undefined }],
    ['SEC-204 what an ID token has', { nonce: 'n' }],
    ['SEC-204 what a logout token has', { events: {} }],
    ['a key that a bearer does not prove (RFC 9449 §7.1)', { cnf: { jkt: 'x' } }],
  ] as readonly (readonly [string, object])[])('refuses %s', async (_, claims) => {
    const { as, check } = await setUp();
    expect(await check(await as.sign({ aud: RESOURCE }))).not.toBeNull();
    expect(await check(await as.sign({ aud: RESOURCE, ...claims }))).toBeNull();
  });

  it.each(['JWT', 'id_token+jwt', 'logout+jwt', 'oauth-id-jag+jwt', 'dpop+jwt', 'secevent+jwt', undefined])(
    'SEC-204 refuses the type %s',
    async (typ) => {
      const { as, check } = await setUp();
      expect(await check(await as.sign({ aud: RESOURCE }, { typ }))).toBeNull();
    },
  );

  it('SEC-201 refuses `none` in any case, a public key as an HMAC secret, and an algorithm that is not listed', async () => {
    const { as, check } = await setUp({ algorithms: ['RS256'] });
    const good = await as.sign({ aud: RESOURCE });
    expect(await check(good)).toBeNull(); // ES256, and the key would fit
    for (const alg of ['none', 'NONE', 'nOnE', 'HS256', 'HS512', ''])
      expect(await check(withHeader(good, { alg, typ: 'at+jwt', kid: 'ES256-1' }))).toBeNull();
  });

  it('SEC-202 refuses a missing or strange `kid` where two keys would fit', async () => {
    const { as, check } = await setUp();
    const [one, two] = [await makeKey('ES256', 'a'), await makeKey('ES256', 'b')];
    as.publish([one.jwk, two.jwk]);
    expect(await check(await as.sign({ aud: RESOURCE }, {}, one))).not.toBeNull();
    for (const kid of [undefined, 'c', '../a', "a' OR 1=1", '', 'A'])
      expect(await check(await as.sign({ aud: RESOURCE }, { kid }, one))).toBeNull();
    as.publish([one.jwk, { ...two.jwk, kid: 'a' }]);
    as.clock += 601;
    expect(await check(await as.sign({ aud: RESOURCE, exp: as.clock + 60, jti: 'x' }, {}, one))).toBeNull();
  });

  it('SEC-203 follows no URL in a header, and refuses critical and compressed tokens', async () => {
    const { as, check } = await setUp();
    const stranger = await makeKey('ES256', 'ES256-1');
    const links = { jku: 'https://evil.example/keys', x5u: 'https://evil.example/x', jwk: stranger.jwk, x5c: ['AAAA'] };
    expect(await check(await as.sign({ aud: RESOURCE }, links, stranger))).toBeNull();
    expect(as.asked.filter((url) => url.includes('evil'))).toEqual([]);
    expect(await check(await as.sign({ aud: RESOURCE, jti: 'z' }, { zip: 'DEF' }))).toBeNull();
    expect(await check(await as.sign({ aud: RESOURCE, jti: 'h' }, { 'acme-trace': '1' }))).not.toBeNull(); // harmless
    const good = await as.sign({ aud: RESOURCE });
    for (const header of [{ crit: ['exp'] }, { crit: ['b64'], b64: false }, { crit: [] }])
      expect(await check(withHeader(good, { alg: 'ES256', typ: 'at+jwt', kid: 'ES256-1', ...header }))).toBeNull();
  });

  it('SEC-205 rejects every malformed token without a request', async () => {
    const { as, check } = await setUp();
    const [h = '', p = '', s = ''] = (await as.sign({ aud: RESOURCE })).split('.');
    const shapes = [`${h}.${p}`, `${h}.${p}.${s}.x`, `${h}.${p}.${s}.x.y`, `${h}..${s}`, `.${p}.${s}`, `${h}.${p}.`, 'x'.repeat(9000), `${h}.${p}.${s}=`, `${h}. ${p}.${s}`];
    for (const token of shapes) expect(await check(token)).toBeNull();
    expect(as.asked).toEqual([]);
    const changed = [`${h}.${p}.${'A'.repeat(86)}`, `${h}.${p.slice(0, -2)}AA.${s}`, `${h}.${p}.${s.slice(0, -1)}`];
    for (const token of changed) expect(await check(token)).toBeNull();
  }); // prettier-ignore
});

describe('verifiers/jwt, keys', () => {
  it('SEC-207 takes a new key at once, and after ten minutes no longer one that was withdrawn', async () => {
    const { as, check } = await setUp();
    const old = await as.sign({ aud: RESOURCE, jti: 'old', exp: NOW + 7200 });
    expect(await check(old)).not.toBeNull();
    const next = await makeKey('ES256', 'next');
    as.publish([next.jwk]);
    as.clock += 31;
    expect(await check(await as.sign({ aud: RESOURCE }, {}, next))).not.toBeNull();
    as.clock += 61; // by now the old token is not remembered either
    expect(await check(old)).toBeNull();
  });

  it('SEC-148 fetches missing keys at most once in thirty seconds, for any number of tokens', async () => {
    const { as, check } = await setUp();
    await check(await as.sign({ aud: RESOURCE }));
    as.clock += 31;
    as.asked.length = 0;
    const stranger = await makeKey('ES256', 'nobody');
    const tokens = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => as.sign({ aud: RESOURCE, jti: String(at) }, {}, stranger)),
    );
    for (const token of tokens) expect(await check(token)).toBeNull();
    expect(as.asked).toEqual([`${ISSUER}/keys`]);
  });

  it('SEC-148 uses cached keys for a day while they cannot be fetched, then answers 503', async () => {
    const { as, check } = await setUp();
    expect(await check(await as.sign({ aud: RESOURCE }))).not.toBeNull();
    as.answers.set(`${ISSUER}/keys`, () => new Response('down', { status: 500 }));
    as.clock += 3700;
    expect(await check(await as.sign({ aud: RESOURCE, iat: as.clock, exp: as.clock + 60 }))).not.toBeNull();
    as.clock += 86_400;
    await expect(check(await as.sign({ aud: RESOURCE, iat: as.clock, exp: as.clock + 60 }))).rejects.toBeInstanceOf(SourceUnavailable);
  });

  it('SEC-148 passes over unknown kinds of keys beside a good one', async () => {
    const { as, check } = await setUp();
    const key = await makeKey('ES256', 'good');
    as.publish([{ kty: 'AKP', kid: 'pq', alg: 'ML-DSA-44' } as never, { kty: 'oct', k: 'AAAA', kid: 'good' } as never, { ...key.jwk, use: 'enc', kid: 'enc' }, key.jwk]);
    expect(await check(await as.sign({ aud: RESOURCE }, {}, key))).not.toBeNull();
  }); // prettier-ignore

  it.each([
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://evil.example/' } })],
    ['a page', () => new Response('<html>')],
    ['a list', () => Response.json([])],
    ['no keys', () => Response.json({})],
    ['a megabyte', () => Response.json({ keys: [], pad: 'x'.repeat(1_000_000) })],
    ['nobody at home', () => Promise.reject(new TypeError('connection refused'))],
  ])('cannot tell, and says so, where the keys are %s', async (_, answer) => {
    const { as, check } = await setUp();
    as.answers.set(`${ISSUER}/keys`, answer);
    await expect(check(await as.sign({ aud: RESOURCE }))).rejects.toBeInstanceOf(SourceUnavailable);
  });

  it('believes no metadata that calls itself by another name (RFC 8414 §3.3), and none with a plain http address', async () => {
    for (const document of [
      { issuer: `${ISSUER}/`, jwks_uri: `${ISSUER}/keys` },
      { issuer: ISSUER, jwks_uri: 'http://as.example/keys' },
    ]) {
      const { as, check } = await setUp();
      as.answers.set(`${ISSUER}/.well-known/oauth-authorization-server`, () => Response.json(document));
      await expect(check(await as.sign({ aud: RESOURCE }))).rejects.toBeInstanceOf(SourceUnavailable);
    }
  });
});

describe('verifiers/jwt, a key that is not there', () => {
  it('is no reason to refuse a token that was issued after the keys were fetched: 503 with Retry-After (F-56)', async () => {
    const { as, check } = await setUp();
    const [next, stranger] = [await makeKey('ES256', 'next'), await makeKey('ES256', 'nobody')];
    expect(await check(await as.sign({ aud: RESOURCE }))).not.toBeNull();
    as.clock += 40;
    expect(await check(await as.sign({ aud: RESOURCE, iat: NOW - 60 }, {}, stranger))).toBeNull(); // the keys are newer than that token
    expect(await check(await as.sign({ aud: RESOURCE, iat: as.clock }, {}, stranger))).toBeNull(); // fetched for this one, and not there
    as.clock += 1;
    as.publish([next.jwk]);
    const token = await as.sign({ aud: RESOURCE, iat: as.clock }, {}, next);
    await expect(check(token)).rejects.toMatchObject({ name: 'SourceUnavailable', retryAfter: 29 });
    as.asked.length = 0;
    const guarded = guard({ resource: RESOURCE, ...verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now }), onError: () => undefined });
    as.answers.set(`${ISSUER}/keys`, () => new Response('down', { status: 500 })); // no keys at all: the same answer
    const refused = await guarded(new Request(RESOURCE, { headers: { authorization: `Bearer ${token}` } }));
    expect([(refused as Response).status, (refused as Response).headers.has('retry-after')]).toEqual([503, true]);
    as.publish([next.jwk]);
    as.clock += 31;
    expect(await check(token)).not.toBeNull();
  }); // prettier-ignore

  it('fetches at most once in thirty seconds, for tokens with any claimed time (F-56)', async () => {
    const { as, check } = await setUp();
    const stranger = await makeKey('ES256', 'nobody');
    await check(await as.sign({ aud: RESOURCE }));
    as.clock += 31;
    as.asked.length = 0;
    for (const iat of [undefined, 0, -1, as.clock, as.clock + 9e9, NOW, 'now' as unknown as number])
      await check(await as.sign({ aud: RESOURCE, iat, jti: String(iat) }, {}, stranger)).catch(() => null);
    expect(as.asked).toEqual([`${ISSUER}/keys`]);
  });
});

describe('verifiers/jwt, small print', () => {
  it('goes to the next place where one does not give the metadata (F-59)', async () => {
    for (const answer of [
      () => new Response('no', { status: 403 }),
      () => new Response('down', { status: 502 }),
      () => new Response('<html>'),
      () => Response.json({ issuer: 'https://other.example' }),
      () => Promise.reject(new TypeError('refused')),
    ]) {
      const { as, check } = await setUp();
      as.answers.set(`${ISSUER}/.well-known/oauth-authorization-server`, answer);
      as.answers.set(`${ISSUER}/.well-known/openid-configuration`, () => Response.json({ issuer: ISSUER, jwks_uri: `${ISSUER}/keys` }));
      expect(await check(await as.sign({ aud: RESOURCE }))).not.toBeNull();
    }
  });

  it('says when a token stops to be good: at its end and the skew, within which it still is (F-59)', async () => {
    const { as, check } = await setUp();
    const token = await as.sign({ aud: RESOURCE, exp: NOW - 10 });
    const { expiresAt } = (await check(token)) as { expiresAt: number };
    expect(expiresAt).toBe(NOW + 20);
    as.clock = expiresAt - 1;
    expect(await check(token)).not.toBeNull();
    as.clock = expiresAt;
    expect(await check(token)).toBeNull();
  });
});

describe('verifiers/jwt, options', () => {
  it.each([
    [{ issuer: 'as.example' }, 'issuer'],
    [{ issuer: 'https://login.microsoftonline.com/common/v2.0' }, 'issuer'],
    [{ issuer: 'http://as.example' }, 'issuer'],
    [{ issuer: ISSUER, jwksUri: 'ftp://as.example' }, 'jwksUri'],
    [{ issuer: ISSUER, algorithms: ['HS256'] }, 'algorithms'],
    [{ issuer: ISSUER, algorithms: ['none'] }, 'algorithms'],
    [{ issuer: ISSUER, clockSkew: 61 }, 'clockSkew'],
    [{ issuer: ISSUER, audience: '' }, 'audience'],
    [{ issuer: ISSUER, audience: [] }, 'audience'],
    [{ issuer: ISSUER, types: [] }, 'types'],
  ] as const)('refuses %j at start-up and names `%s`', (options, name) => {
    expect(() => verifyJwt(options)).toThrow(new RegExp(`verifyJwt: \`${name}\``));
  });
});
