/** The keys of an issuer: when they are fetched, how long they serve, and which of them count. */
import { describe, expect, it } from 'vitest';
import { makeKeySet } from '../../src/verifiers/discovery.ts';
import { type Key, makeKey, NOW } from '../support/issuer.ts';
import { whileTimeStands } from '../support/standing-clock.ts';

const encode = (claims: unknown): string => btoa(JSON.stringify(claims)).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

interface World {
  clock: number;
  loads: number;
  keys: unknown;
  isDown: boolean;
  /** `found`, or what is said instead. */
  readonly ask: (kid: string, claims?: object, alg?: string) => Promise<string>;
}

function setUp(keys: unknown, boundToIssuer = false): World {
  const find = makeKeySet(
    async () => {
      world.loads += 1;
      if (world.isDown) throw new Error('down');
      return { keys: world.keys };
    },
    { now: () => world.clock, boundToIssuer },
  );
  const world: World = {
    clock: NOW,
    loads: 0,
    keys,
    isDown: false,
    ask: (kid, claims = { iat: NOW - 100 }, alg = 'ES256') =>
      find({ alg, kid }, { payload: encode(claims), signature: '' }).then(
        () => 'found',
        (error: Error & { code?: string; retryAfter?: number }) =>
          [error.code ?? error.message, error.retryAfter].filter(Boolean).join(' '),
      ),
  };
  return world;
}

const [one, two] = [await makeKey('ES256', 'one'), await makeKey('ES256', 'two')];
const NONE = 'ERR_JWKS_NO_MATCHING_KEY';
const unavailable = (step: string, seconds?: number): string =>
  [`The authorization server could not be asked (${step}).`, seconds].filter(Boolean).join(' ');

describe('verifiers/discovery, when keys are fetched', () => {
  it('fetches them when first needed, and again after ten minutes (SEC-148)', async () => {
    const world = setUp([one.jwk]);
    const loadsAt = async (clock: number): Promise<number> => {
      world.clock = clock;
      expect(await world.ask('one')).toBe('found');
      return world.loads;
    };
    expect([await loadsAt(NOW), await loadsAt(NOW + 599), await loadsAt(NOW + 600), await loadsAt(NOW + 1199)]).toEqual([1, 1, 2, 2]);
  });

  it('looks again for a key that is not there, once in thirty seconds (SEC-207)', async () => {
    const world = setUp([one.jwk]);
    expect([await world.ask('two'), world.loads]).toEqual([NONE, 1]);
    world.keys = [one.jwk, two.jwk];
    world.clock = NOW + 29;
    expect([await world.ask('two', { iat: NOW - 30 }), world.loads]).toEqual([NONE, 1]);
    expect([await world.ask('two', { iat: NOW }), world.loads]).toEqual([unavailable('keys_older_than_token', 1), 1]);
    world.clock = NOW + 30;
    expect([await world.ask('two', { iat: NOW }), world.loads]).toEqual(['found', 2]);
  });

  it('does not look again where several keys would do, and takes a token without `iat` for one of this moment', async () => {
    const world = setUp([one.jwk, { ...two.jwk, kid: 'one' }]);
    expect(await world.ask('three', {})).toBe(NONE);
    world.clock = NOW + 40;
    expect([await world.ask('one', { iat: NOW + 40 }), world.loads]).toEqual(['ERR_JWKS_MULTIPLE_MATCHING_KEYS', 1]);
  });

  it('goes by the age of a token, within the skew, and never by one that lies ahead (F-56)', async () => {
    const world = setUp([one.jwk]);
    await world.ask('one');
    world.clock = NOW + 10;
    expect(await world.ask('two', { iat: NOW - 30 })).toBe(NONE); // the keys are as new as it can be
    for (const claims of [{ iat: NOW - 29 }, { iat: NOW + 9e9 }, {}, { iat: 'now' }, [], null])
      expect(await world.ask('two', claims as object)).toBe(unavailable('keys_older_than_token', 20));
  });

  it('fetches them again once the clock has gone back, and waits no longer than thirty seconds then', async () => {
    const world = setUp([one.jwk]);
    await world.ask('one');
    world.keys = [two.jwk];
    world.clock = NOW - 3600;
    expect([await world.ask('one', { iat: NOW - 3700 }), world.loads]).toEqual([NONE, 2]);
    expect([await world.ask('two', { iat: NOW - 3700 }), world.loads]).toEqual(['found', 2]);
    const down = setUp([one.jwk]);
    down.isDown = true;
    await down.ask('one');
    down.isDown = false;
    down.clock = NOW - 3600;
    expect(await down.ask('one')).toBe('found');
  });

  it('asks once for many tokens at the same time', async () => {
    const world = setUp([one.jwk]);
    const askAll = (): Promise<string[]> => Promise.all(Array.from({ length: 9 }, () => world.ask('one')));
    expect(await whileTimeStands(askAll)).toEqual(Array(9).fill('found'));
    expect(world.loads).toBe(1);
  });
});

describe('verifiers/discovery, when keys cannot be had', () => {
  it('uses keys of the last day, and tries again every thirty seconds (SEC-148)', async () => {
    const world = setUp([one.jwk]);
    await world.ask('one');
    world.isDown = true;
    for (const [after, loads] of [[600, 2], [629, 2], [630, 3], [86_399, 4]] as const) {
      world.clock = NOW + after;
      expect([await world.ask('one'), world.loads]).toEqual(['found', loads]);
    }
    world.clock = NOW + 86_400;
    expect(await world.ask('one')).toBe(unavailable('keys_cooling_down', 29));
    world.clock = NOW + 86_429;
    expect(await world.ask('one')).toBe('down');
  }); // prettier-ignore

  it('trusts none that are a day old', async () => {
    const world = setUp([one.jwk]);
    await world.ask('one');
    world.isDown = true;
    world.clock = NOW + 86_400;
    expect(await world.ask('one')).toBe('down');
  });

  it('says so at once for thirty seconds where there never were any', async () => {
    const world = setUp([one.jwk]);
    world.isDown = true;
    expect([await world.ask('one'), world.loads]).toEqual(['down', 1]);
    world.clock = NOW + 29;
    expect([await world.ask('one'), world.loads]).toEqual([unavailable('keys_cooling_down', 1), 1]);
    world.isDown = false;
    world.clock = NOW + 30;
    expect([await world.ask('one'), world.loads]).toEqual(['found', 2]);
  });

  it('refuses a document without a list of keys', async () => {
    for (const keys of [undefined, null, {}, 'keys']) expect(await setUp(keys).ask('one')).toBe(unavailable('keys_malformed'));
  });
});

describe('verifiers/discovery, which keys count', () => {
  it('passes over what is no public key for signatures', async () => {
    const odd: unknown[] = [
      null,
      'key',
      7,
      [],
      [one.jwk],
      { kty: 'oct', kid: 'one', k: 'AAAA' },
      { kty: 'AKP', kid: 'one' },
      { ...one.jwk, use: 'enc' },
    ];
    expect(await setUp(odd).ask('one')).toBe(NONE);
    expect(await setUp([...odd, one.jwk]).ask('one')).toBe('found');
    expect(await setUp([{ ...one.jwk, use: undefined }]).ask('one')).toBe('found');
  });

  it.each(['EdDSA', 'RS256', 'ES384'])('takes keys for %s', async (alg) => {
    expect(await setUp([(await makeKey(alg, 'k')).jwk]).ask('k', {}, alg)).toBe('found');
  });

  it('skips RSA keys that are too short, and those under which anyone can sign', async () => {
    const { jwk } = await makeKey('RS256', 'k');
    for (const changes of [{ n: jwk.n?.slice(1) }, { n: undefined }, { n: 7 }, { e: 'AQ' }, { e: undefined }])
      expect(await setUp([{ ...jwk, ...changes }]).ask('k', {}, 'RS256')).toBe(NONE);
    expect(await setUp([{ ...one.jwk, n: 'x', e: 'AQ' }]).ask('one')).toBe('found');
  });

  it('reads at most two hundred keys', async () => {
    const filler = Array.from({ length: 199 }, () => two.jwk);
    expect(await setUp([...filler, one.jwk]).ask('one')).toBe('found');
    expect(await setUp([...filler, two.jwk, one.jwk]).ask('one')).toBe(NONE);
  });

  it('holds a key to the issuer that it names, with the tenant of the token put in, where issuers share keys', async () => {
    const bound = (issuer: unknown): Key['jwk'] => ({ ...one.jwk, issuer }) as Key['jwk'];
    const ask = (issuer: unknown, claims: object, isBound = true): Promise<string> => setUp([bound(issuer), two.jwk], isBound).ask('one', { iat: NOW - 100, ...claims });
    expect(await ask('https://a.example', { iss: 'https://a.example' })).toBe('found');
    expect(await ask('https://a.example', { iss: 'https://b.example' })).toBe(NONE);
    expect(await ask('https://a.example', {})).toBe(NONE);
    expect(await setUp([bound('https://a.example')], true).ask('one', { iss: 'https://b.example' })).toBe(NONE);
    expect(await ask('https://a.example', { iss: 'https://b.example' }, false)).toBe('found');
    expect(await ask('https://ms.example/{tenantid}', { iss: 'https://ms.example/t1', tid: 't1' })).toBe('found');
    expect(await ask('https://ms.example/{tenantid}', { iss: 'https://ms.example/t1', tid: 't2' })).toBe(NONE);
    expect(await ask(7, { iss: 'https://b.example' })).toBe('found');
    expect(await setUp([bound('https://a.example'), two.jwk], true).ask('two', { iss: 'https://b.example' })).toBe('found');
  }); // prettier-ignore
});
