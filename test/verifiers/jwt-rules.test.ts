/** What `verifyJwt` lets pass and what not, each rule at its edge, with the reason that the operator is told. */
import { describe, expect, it } from 'vitest';
import { verifyJwt, type JwtOptions } from '../../src/verifiers/jwt.ts';
import { type Issuer, type Key, makeIssuer, makeKey, NOW } from '../support/issuer.ts';

const RESOURCE = 'https://mcp.example/mcp';
const ISSUER = 'https://as.example';

interface World {
  readonly as: Issuer;
  /** `good`, or the reason why not with what explains it. */
  readonly check: (token: string) => Promise<string>;
  /** The same for claims and a header. */
  readonly ask: (claims: object, header?: object, key?: Key) => Promise<string>;
}

async function setUp(more: Partial<JwtOptions> = {}): Promise<World> {
  const as = await makeIssuer(ISSUER);
  const { verify } = verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now, ...more });
  const check: World['check'] = async (token) => {
    let why = '';
    const access = await verify(token, RESOURCE, (reason, detail) => (why = detail === undefined ? reason : `${reason}: ${detail}`));
    return access ? 'good' : why;
  };
  return { as, check, ask: async (claims, header, key) => check(await as.sign({ aud: RESOURCE, ...claims }, { ...header }, key)) };
}

describe('verifiers/jwt, form', () => {
  it('SEC-205 accepts only three parts, with the canonical encoding of the signature', async () => {
    const { as, check } = await setUp();
    const [header, payload] = (await as.sign({ aud: RESOURCE })).split('.');
    const reasonFor = async (signature: string): Promise<string> => (await check(`${header}.${payload}.${signature}`)).replace(/:.*/, '');
    for (const one of ['AA', 'Aw', 'AAA', 'zz8', '_-8', 'AAAA', `${'A'.repeat(84)}Ag`]) expect(await reasonFor(one)).toBe('signature_wrong');
    for (const one of ['A', 'AB', 'AE', 'AAB', '!!A', '.AA', 'AAAAA', 'AAAA=', 'AAAA ']) expect(await reasonFor(one)).toBe('token_not_signed');
    const good = await as.sign({ aud: RESOURCE });
    for (const one of [`!${good}`, ` ${good}`, `${good}\n`]) expect(await check(one)).toMatch(/^token_not_signed/);
  }); // prettier-ignore

  it('takes tokens of 8192 characters and no longer ones', async () => {
    const { check } = await setUp();
    expect(await check('x'.repeat(8192))).toMatch(/^token_not_signed/);
    expect(await check('x'.repeat(8193))).toBe('token_too_long');
  });

  it('SEC-203 refuses a compressed token', async () => {
    expect(await (await setUp()).ask({}, { zip: 'DEF' })).toBe('token_compressed');
  });

  it('SEC-201 tells the operator which algorithms were expected', async () => {
    const expected = 'algorithm_not_allowed: expected alg "RS256 PS256", token says "ES256"';
    expect(await (await setUp({ algorithms: ['RS256', 'PS256'] })).ask({})).toBe(expected);
  });

  it('takes a signature by Ed25519 under its own name, too (RFC 9864)', async () => {
    const { as, ask } = await setUp();
    const key = await makeKey('Ed25519');
    as.publish([key.jwk]);
    expect(await ask({}, {}, key)).toBe('good');
  });
});

describe('verifiers/jwt, header and claims', () => {
  it('takes no promise of an asynchronous `acceptIssuer` or `withoutAudience` for a yes', async () => {
    const no = (async () => false) as never;
    expect(await (await setUp({ acceptIssuer: no })).ask({})).toMatch(/^issuer_wrong/);
    expect(await (await setUp({ withoutAudience: no })).ask({ aud: undefined })).toMatch(/^audience_wrong/);
    expect(await (await setUp({ withoutAudience: () => true })).ask({ aud: undefined })).toBe('good');
    let asked = 0;
    const second = (): boolean => (asked += 1) === 1; // yes to the unverified claims, no to the verified ones
    expect(await (await setUp({ acceptIssuer: second })).ask({})).toMatch(/^issuer_wrong/);
    const late = ((): unknown => ((asked += 1) === 3 ? true : Promise.resolve(false))) as never;
    expect(await (await setUp({ acceptIssuer: late })).ask({})).toMatch(/^issuer_wrong/);
  });

  it('refuses an empty list of algorithms, types or audiences at start-up', () => {
    for (const name of ['algorithms', 'types', 'audience'])
      expect(() => verifyJwt({ issuer: ISSUER, [name]: [] })).toThrow(new RegExp(`^verifyJwt: \`${name}\` `));
    for (const audience of ['', ['a', '']])
      expect(() => verifyJwt({ issuer: ISSUER, audience })).toThrow(/^verifyJwt: `audience` must be the/);
  });

  it('SEC-204 takes a type with `application/` in front, and with nothing else (RFC 9068 §4)', async () => {
    const { ask } = await setUp({ types: ['at+jwt', 'JWT'] });
    for (const typ of ['at+jwt', 'application/at+jwt', 'Application/AT+JWT', 'jwt']) expect(await ask({}, { typ })).toBe('good');
    for (const typ of ['x-application/at+jwt', 'at+application/jwt', 'application/application/at+jwt', 'at+jwt ', ''])
      expect(await ask({}, { typ })).toBe(`type_wrong: expected typ "at+jwt jwt", token says ${JSON.stringify(typ)}`);
    expect(await ask({}, { typ: undefined })).toBe('type_wrong: expected typ "at+jwt jwt", token says nothing');
    const untyped = await setUp({ types: ['', 'at+jwt', '7'] });
    expect(await untyped.ask({}, { typ: undefined })).toBe('good');
    for (const typ of [7, null, true, ['at+jwt'], {}]) expect(await untyped.ask({}, { typ })).toMatch(/^type_wrong: /);
  });

  it.each(['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'htu', 'htm'])('SEC-204 refuses a token with %s', async (name) => {
    expect(await (await setUp()).ask({ [name]: 'x' })).toBe(
      `token_for_another_use: the token has "${name}", which access tokens do not have`,
    );
  });

  it('SEC-206 lets the clocks differ by the skew and not by a second more', async () => {
    const { ask } = await setUp({ clockSkew: 10 });
    expect([await ask({ iat: NOW + 10 }), await ask({ nbf: NOW + 10 }), await ask({ exp: NOW - 9 })]).toEqual(['good', 'good', 'good']);
    expect(await ask({ iat: NOW + 11 })).toBe(`token_not_yet_valid: expected iat before ${NOW}, token says ${NOW + 11}`);
    expect(await ask({ nbf: NOW + 11 })).toMatch(/^token_not_yet_valid/);
    expect(await ask({ exp: NOW - 10 })).toMatch(/^token_expired/);
  });

  it('goes by the clock of the machine where it is given none', async () => {
    const as = await makeIssuer(ISSUER);
    const { verify } = verifyJwt({ issuer: ISSUER, fetch: as.fetch });
    const now = Math.floor(Date.now() / 1000);
    expect(await verify(await as.sign({ aud: RESOURCE, iat: now, exp: now + 60 }), RESOURCE)).toMatchObject({ expiresAt: now + 90 });
    expect(await verify(await as.sign({ aud: RESOURCE, iat: now - 120, exp: now - 60 }), RESOURCE)).toBeNull();
  });

  it('takes a token without `aud` where `withoutAudience` says so of its claims, and one with a wrong `aud` never', async () => {
    const { ask } = await setUp({ withoutAudience: ({ client_id: id }) => id === 'client-1' });
    expect(await ask({ aud: undefined })).toBe('good');
    expect(await ask({ aud: undefined, client_id: 'client-2' })).toMatch(/^audience_wrong: .*token says nothing$/);
    expect(await ask({ aud: 'https://other.example' })).toMatch(/^audience_wrong/);
    expect(await ask({ aud: [7, {}] })).toMatch(/^audience_wrong/);
  });

  it('asks `acceptIssuer` of the verified claims, too', async () => {
    let asked = 0;
    const { ask } = await setUp({ acceptIssuer: () => asked++ === 0 });
    expect(await ask({ iss: 'https://t1.example' })).toBe(
      `issuer_wrong: expected an accepted iss for "${ISSUER}", token says "https://t1.example"`,
    );
    expect(asked).toBe(2);
  });
});

describe('verifiers/jwt, keys', () => {
  it('holds a key to the issuer that it names where several share the keys, and only there', async () => {
    const names = ['https://one.example', 'https://two.example'];
    const { as, ask } = await setUp({ acceptIssuer: ({ iss }) => names.includes(String(iss)) });
    const [one, two] = [await makeKey('ES256', 'one'), await makeKey('ES256', 'two')];
    const keys = [one, two].map((key, at) => ({ ...key.jwk, issuer: names[at] }) as Key['jwk']);
    as.publish(keys);
    expect([await ask({ iss: names[0] }, {}, one), await ask({ iss: names[1] }, {}, two)]).toEqual(['good', 'good']);
    expect(await ask({ iss: names[1] }, {}, one)).toMatch(/^key_unknown/);
    const alone = await setUp();
    alone.as.publish(keys);
    expect(await alone.ask({}, {}, one)).toBe('good');
  });

  it.each([
    ['ES256', { x: 'AAAA' }, /^signature_wrong/],
    ['EdDSA', { x: '!!!' }, /^signature_wrong/],
    ['RS256', { n: undefined }, /^key_unknown/],
    ['RS256', { n: 'w'.repeat(171) }, /^key_unknown/], // 1024 bits
    ['RS256', { n: 'w'.repeat(341) }, /^key_unknown/],
    ['RS256', { n: 7 }, /^key_unknown/],
    ['RS256', { e: 'AQ' }, /^key_unknown/],
  ] as const)('refuses a token whose %s key is published as %j, which is not a key', async (alg, broken, reason) => {
    const { as, ask } = await setUp();
    const key = await makeKey(alg);
    as.publish([{ ...key.jwk, ...broken } as unknown as Key['jwk']]);
    expect(await ask({ iat: NOW - 100 }, {}, key)).toMatch(reason);
  });

  it('says what is missing where the keys cannot be had', async () => {
    const { as, ask } = await setUp();
    as.answers.set(`${ISSUER}/.well-known/oauth-authorization-server`, () => Response.json({ issuer: ISSUER }));
    await expect(ask({})).rejects.toThrow('(keys_missing)');
    const gone = await setUp();
    gone.as.answers.delete(`${ISSUER}/keys`);
    await expect(gone.ask({})).rejects.toThrow('(keys_missing)');
    const down = await setUp();
    down.as.answers.set(`${ISSUER}/keys`, () => new Response('', { status: 500 }));
    await expect(down.ask({})).rejects.toThrow('(keys_status_500)');
  });

  it('sends a token of another issuer to no server', async () => {
    const { as, ask } = await setUp();
    expect(await ask({ iss: 'https://other.example' })).toMatch(/^issuer_wrong/);
    expect(as.asked).toEqual([]);
  });
});

describe('verifiers/jwt, memory', () => {
  it('reads the claims of one token once a minute, and none after its end', async () => {
    let read = 0;
    const { as, check } = await setUp({ clockSkew: 0, read: () => (read++, {}) });
    const token = await as.sign({ aud: RESOURCE, exp: NOW + 100 });
    const reads = async (clock: number): Promise<readonly [string, number]> => {
      as.clock = clock;
      return [(await check(token)).replace(/:.*/, ''), read] as const;
    };
    expect([await reads(NOW), await reads(NOW + 59), await reads(NOW + 60)]).toEqual([['good', 1], ['good', 1], ['good', 2]]);
    expect([await reads(NOW + 99), await reads(NOW + 100)]).toEqual([['good', 2], ['token_expired', 2]]);
  }); // prettier-ignore
});

describe('verifiers/jwt, start-up', () => {
  it.each([
    [{ issuer: 7 }, 'issuer'],
    [{ algorithms: ['RS2560'] }, 'algorithms'],
    [{ algorithms: ['ES256', 'HRS256'] }, 'algorithms'],
    [{ clockSkew: -1 }, 'clockSkew'],
    [{ clockSkew: 1.5 }, 'clockSkew'],
    [{ audience: ['', 'api'] }, 'audience'],
    [{ audience: ['api', ''] }, 'audience'],
    [{ audience: [7, 'api'] }, 'audience'],
    [{ leeway: 5 }, 'leeway'],
  ])('refuses %j and names `%s`', (options, name) => {
    expect(() => verifyJwt({ issuer: ISSUER, ...(options as object) })).toThrow(new RegExp(`^verifyJwt: \`${name}\``));
  });

  it('takes both ends of the skew, several audiences, and each algorithm with public keys', () => {
    const algorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    for (const clockSkew of [0, 60])
      expect(verifyJwt({ issuer: ISSUER, clockSkew, algorithms, audience: ['a', 'b'] }).authorizationServers).toEqual([ISSUER]);
  });

  it('names the audiences that are fixed, for the guard to hold them to one resource (F-55)', () => {
    expect(verifyJwt({ issuer: ISSUER }).fixedAudience).toEqual([]);
    expect(verifyJwt({ issuer: ISSUER, audience: ['a', 'b'], withoutAudience: () => true }).fixedAudience).toEqual([
      `${ISSUER} a`,
      `${ISSUER} b`,
      `${ISSUER} none`,
    ]);
  });
});
