/** What `verifyIntrospection` makes of answers, each rule at its edge, with the reason that the operator is told. */
import { describe, expect, it } from 'vitest';
import { verifyIntrospection, type IntrospectionOptions } from '../../src/verifiers/introspection.ts';
import { makeIssuer, NOW } from '../support/issuer.ts';

const RESOURCE = 'https://mcp.example/mcp';
const ISSUER = 'https://as.example';
const GOOD = { active: true, sub: 'u1', client_id: 'c1', scope: 'read', aud: RESOURCE, exp: NOW + 600, iss: ISSUER };

interface World {
  clock: number;
  readonly requests: Request[];
  answer: () => Response;
  /** When the token ends, or why it is not good. */
  readonly ask: (token?: string) => Promise<number | string>;
}

function setUp(claims: object = {}, more: Partial<IntrospectionOptions> = {}): World {
  const requests: Request[] = [];
  const fetcher: typeof fetch = async (input, init) => {
    requests.push(new Request(input, init));
    return world.answer();
  };
  const options = { issuer: ISSUER, endpoint: `${ISSUER}/i`, clientId: 'rs', clientSecret: 's', fetch: fetcher, now: () => world.clock };
  const { verify } = verifyIntrospection({ ...options, ...more });
  const world: World = {
    clock: NOW,
    requests,
    answer: () => Response.json({ ...GOOD, ...claims }),
    async ask(token = 'opaque') {
      let why = '';
      const access = await verify(token, RESOURCE, (reason, detail) => (why = detail === undefined ? reason : `${reason}: ${detail}`));
      return access ? access.expiresAt : why;
    },
  };
  return world;
}

describe('verifiers/introspection, answers', () => {
  it('refuses a skew for which expired tokens would be good, and an empty audience', () => {
    for (const clockSkew of [61, -1, 1.5, 1e9]) expect(() => setUp({}, { clockSkew })).toThrow(/^verifyIntrospection: `clockSkew` must be 0 to 60/);
    for (const clockSkew of [0, 60]) expect(() => setUp({}, { clockSkew })).not.toThrow();
    for (const audience of ['', [], ['']]) expect(() => setUp({}, { audience })).toThrow(/^verifyIntrospection: `audience` must be the/);
    for (const audience of [7, {}, [7]]) expect(() => setUp({}, { audience } as never)).toThrow(/^verifyIntrospection: `audience` must be of type/);
  }); // prettier-ignore

  it('lets the clocks differ by the skew and not by a second more', async () => {
    expect(await setUp({ nbf: NOW + 30 }).ask()).toBe(NOW + 630);
    expect(await setUp({ nbf: NOW + 31 }).ask()).toBe(`token_not_yet_valid: expected nbf before ${NOW}, token says ${NOW + 31}`);
    expect(await setUp({ exp: NOW - 29 }).ask()).toBe(NOW + 1);
    expect(await setUp({ exp: NOW - 30 }).ask()).toBe(`token_expired: expected exp after ${NOW}, token says ${NOW - 30}`);
    expect(await setUp({ nbf: NOW + 31 }, { clockSkew: 31 }).ask()).toBe(NOW + 631);
  });

  it('ends a token without `exp` with the answer, after a second at least (RFC 7662 §2.2)', async () => {
    expect(await setUp({ exp: undefined }).ask()).toBe(NOW + 5);
    expect(await setUp({ exp: undefined }, { cache: 60 }).ask()).toBe(NOW + 60);
    expect(await setUp({ exp: undefined }, { cache: 0 }).ask()).toBe(NOW + 1);
  });

  it('asks for the key of a token of the type DPoP alone (RFC 9449 §6.2)', async () => {
    for (const type of ['DPoP', 'dpop']) expect(await setUp({ token_type: type }).ask()).toBe('key_not_named');
    for (const type of ['Bearer', 'DPoPs', 'xdpop', '', 7]) expect(await setUp({ token_type: type }).ask()).toBe(NOW + 630);
    expect(await setUp({ token_type: 'DPoP', cnf: { jkt: 'k'.repeat(43) } }).ask()).toBe(NOW + 630);
  });

  it('takes either name of the resource as audience, in a list or alone, and no text that only holds it', async () => {
    for (const aud of [RESOURCE, `${RESOURCE}/`, ['other', RESOURCE], [7, RESOURCE]]) expect(await setUp({ aud }).ask()).toBe(NOW + 630);
    for (const aud of [`other ${RESOURCE}`, RESOURCE.slice(0, -1), [`${RESOURCE} x`], {}])
      expect(await setUp({ aud }).ask()).toBe(`audience_wrong: expected aud "${RESOURCE} ${RESOURCE}/", token says ${JSON.stringify(aud)}`);
    const audience = ['a', 'b'];
    expect([await setUp({ aud: 'b' }, { audience }).ask(), await setUp({ aud: 'c' }, { audience }).ask()]).toEqual([
      NOW + 630,
      'audience_wrong: expected aud "a b", token says "c"',
    ]);
  });

  it('accepts a response without the issuer of the token (RFC 7662 §2.2)', async () => {
    expect(await setUp({ iss: undefined }).ask()).toBe(NOW + 630);
    expect(await setUp({ iss: `${ISSUER}/` }).ask()).toBe(`issuer_wrong: expected iss "${ISSUER}", token says "${ISSUER}/"`);
  });
});

describe('verifiers/introspection, requests', () => {
  it('sends a form with the credentials of the client', async () => {
    const world = setUp();
    await world.ask();
    const [request] = world.requests;
    expect([request?.method, request?.url, request?.headers.get('content-type')]).toEqual([
      'POST',
      `${ISSUER}/i`,
      'application/x-www-form-urlencoded',
    ]);
    expect(request?.headers.get('authorization')).toBe(`Basic ${btoa('rs:s')}`);
  });

  it('asks about nothing that is too long, or a signed token of another issuer', async () => {
    const world = setUp();
    expect(await world.ask('x'.repeat(8193))).toBe('token_too_long');
    const stranger = await (await makeIssuer('https://other.example')).sign({ aud: RESOURCE });
    expect(await world.ask(stranger)).toBe(`issuer_wrong: expected iss "${ISSUER}", token says "https://other.example"`);
    expect(await setUp({}, { prefix: 'vnd_' }).ask()).toBe(`issuer_wrong: expected iss "${ISSUER}", token says nothing`);
    expect(world.requests).toEqual([]);
    expect(await world.ask('x'.repeat(8192))).toBe(NOW + 630);
    expect(await world.ask(await (await makeIssuer(ISSUER)).sign({ aud: RESOURCE }))).toBe(NOW + 630);
  });

  it('says what is missing where the issuer cannot be asked', async () => {
    const fetcher: typeof fetch = async () => Response.json({ issuer: ISSUER });
    const { verify } = verifyIntrospection({ issuer: ISSUER, clientId: 'rs', clientSecret: 's', fetch: fetcher });
    await expect(verify('opaque', RESOURCE)).rejects.toThrow('(introspection_endpoint_missing)');
    const world = setUp();
    world.answer = () => new Response('', { status: 404 });
    await expect(world.ask()).rejects.toThrow('(introspection_not_found)');
    world.answer = () => new Response('', { status: 500 });
    await expect(world.ask()).rejects.toThrow('(introspection_status_500)');
  });

  it('introspects each token separately, for each resource, also if they come at once', async () => {
    const fetcher: typeof fetch = async (input, init) => {
      const token = new URLSearchParams(await new Request(input, init).text()).get('token');
      return Response.json({ ...GOOD, active: token !== 'bad', sub: token });
    };
    const options = { issuer: ISSUER, endpoint: `${ISSUER}/i`, clientId: 'rs', clientSecret: 's', now: () => NOW, fetch: fetcher };
    const { verify } = verifyIntrospection(options);
    const all = [verify('one', RESOURCE), verify('bad', RESOURCE), verify('two', RESOURCE), verify('one', 'https://mcp.example')];
    const why: string[] = [];
    await verify('one', 'https://mcp.example', (reason, detail) => void why.push(`${reason}: ${detail}`));
    const users: unknown[] = [];
    for (const one of all) users.push((await one)?.userId);
    expect(users).toEqual(['one', undefined, 'two', undefined]);
    expect(why).toEqual([`audience_wrong: expected aud "https://mcp.example", token says "${RESOURCE}"`]);
  });

  it('counts each question about a token that was never good, and takes back one for a good token (F-59)', async () => {
    const world = setUp({}, { cache: 0 });
    const bad = (): Response => Response.json({ active: false });
    const ask = async (times: number, token: string): Promise<unknown> => {
      for (let at = 1; at < times; at++) await world.ask(token);
      return world.ask(token).catch((error: Error) => error.message);
    };
    world.answer = bad;
    expect(await ask(150, 'bad')).toMatch(/^token_inactive/);
    world.answer = () => Response.json(GOOD);
    expect(await ask(1, 'good')).toBe(NOW + 630);
    world.answer = bad;
    expect(await ask(50, 'bad')).toMatch(/^token_inactive/);
    expect(await ask(1, 'bad')).toBe('The authorization server could not be asked (introspection_limited).');
    world.clock -= 3600;
    expect(await ask(1, 'bad'), 'the clock has gone back').toMatch(/^token_inactive/);
  });

  it('goes by the clock of the machine where it is given none', async () => {
    const now = Math.floor(Date.now() / 1000);
    let claims: object = { ...GOOD, exp: now + 60 };
    const fetcher: typeof fetch = async () => Response.json(claims);
    const { verify } = verifyIntrospection({ issuer: ISSUER, endpoint: `${ISSUER}/i`, clientId: 'rs', clientSecret: 's', fetch: fetcher });
    expect(await verify('one', RESOURCE)).toMatchObject({ expiresAt: now + 90 });
    claims = { ...GOOD, exp: now - 60 };
    expect(await verify('two', RESOURCE)).toBeNull();
  });
});

describe('verifiers/introspection, start-up', () => {
  it.each([
    [{ clientId: '' }, 'clientId'],
    [{ prefix: '' }, 'prefix'],
    [{ cache: -1 }, 'cache'],
    [{ cache: 1.5 }, 'cache'],
    [{ ttl: 5 }, 'ttl'],
  ])('refuses %j and names `%s`', (options, name) => {
    expect(() => setUp({}, options as object)).toThrow(new RegExp(`^verifyIntrospection: \`${name}\``));
  });

  it('takes an answer for five minutes at most, or for no time', async () => {
    for (const cache of [0, 300]) expect(await setUp({}, { cache }).ask()).toBe(NOW + 630);
  });

  it('names the audiences that are fixed, for the guard to hold them to one resource (F-55)', () => {
    const options = { issuer: ISSUER, clientId: 'rs', clientSecret: 's' };
    const fixed = (more: object): unknown => verifyIntrospection({ ...options, ...more }).fixedAudience;
    expect([fixed({}), fixed({ audience: ['a', 'b'] }), fixed({ audience: 'a', dangerouslyAcceptAnyAudience: true })]).toEqual([
      [],
      [`${ISSUER} a`, `${ISSUER} b`],
      [`${ISSUER} *`],
    ]);
    expect(verifyIntrospection({ ...options, prefix: 'vnd_' }).own).toEqual([{ prefix: 'vnd_', issuers: [ISSUER], opaque: true }]);
  });
});
