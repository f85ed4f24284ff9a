/** The metadata of an issuer: where it is looked for, what counts, and for how long. */
import { describe, expect, it } from 'vitest';
import { makeDiscovery } from '../../src/verifiers/discovery.ts';
import { NOW } from '../support/issuer.ts';
import { whileTimeStands } from '../support/standing-clock.ts';

interface World {
  clock: number;
  readonly asked: string[];
  readonly answers: Map<string, () => Response>;
  readonly find: ReturnType<typeof makeDiscovery>;
}

function setUp(issuer = 'https://as.example'): World {
  const fetcher: typeof fetch = async (input) => {
    const { url } = new Request(input);
    world.asked.push(url);
    return world.answers.get(url)?.() ?? new Response('', { status: 404 });
  };
  const world: World = { clock: NOW, asked: [], answers: new Map(), find: makeDiscovery(issuer, fetcher, () => world.clock) };
  return world;
}

const OAUTH = 'https://as.example/.well-known/oauth-authorization-server';
const OPENID = 'https://as.example/.well-known/openid-configuration';
const GOOD = { issuer: 'https://as.example', jwks_uri: 'https://as.example/keys', introspection_endpoint: 'https://as.example/i' };
const FOUND = { jwksUri: GOOD.jwks_uri, introspectionEndpoint: GOOD.introspection_endpoint };

describe('verifiers/discovery, where', () => {
  it('looks where RFC 8414 §3.1 says, then where OpenID Connect Discovery §4 does', async () => {
    const world = setUp();
    world.answers.set(OPENID, () => Response.json(GOOD));
    expect(await world.find()).toEqual(FOUND);
    expect(world.asked).toEqual([OAUTH, OPENID]);
  });

  it.each(['https://as.example/tenant', 'https://as.example/tenant/'])('puts the path of %s at each of three places', async (issuer) => {
    const world = setUp(issuer);
    await expect(world.find()).rejects.toThrow('(discovery_not_found)');
    expect(world.asked).toEqual([
      'https://as.example/.well-known/oauth-authorization-server/tenant',
      'https://as.example/tenant/.well-known/openid-configuration',
      'https://as.example/.well-known/openid-configuration/tenant',
    ]);
  });

  it('looks at two places for an issuer without a path', async () => {
    const world = setUp('https://as.example/');
    await expect(world.find()).rejects.toThrow('(discovery_not_found)');
    expect(world.asked).toEqual([OAUTH, OPENID]);
  });

  it('tells the first thing that went wrong', async () => {
    const world = setUp();
    world.answers.set(OAUTH, () => new Response('', { status: 502 }));
    world.answers.set(OPENID, () => Response.json({ ...GOOD, issuer: 'https://as.example/' }));
    await expect(world.find()).rejects.toThrow('(discovery_status_502)');
  });
});

describe('verifiers/discovery, what', () => {
  it('needs neither address, and takes none that is not https (RFC 8414 §3.3)', async () => {
    const read = async (changes: object): Promise<unknown> => {
      const world = setUp();
      world.answers.set(OAUTH, () => Response.json({ ...GOOD, ...changes }));
      return world.find().catch((error: Error) => error.message);
    };
    expect(await read({ jwks_uri: undefined, introspection_endpoint: undefined })).toEqual({});
    expect(await read({ issuer: 'https://as.example/' })).toContain('(discovery_other_issuer)');
    const [name, hint] = ['https://as.example/', 'the issuer calls itself "https://as.example/", the option says https://as.example'];
    const world = setUp();
    world.answers.set(OAUTH, () => Response.json({ ...GOOD, issuer: name }));
    await expect(world.find()).rejects.toMatchObject({ cause: hint });
    const long = setUp();
    long.answers.set(OAUTH, () => Response.json({ ...GOOD, issuer: 'x'.repeat(201) }));
    await expect(long.find()).rejects.toMatchObject({ cause: hint.replace(name, 'x'.repeat(200)) });
    for (const uri of ['http://as.example/keys', 'keys', 7, null]) expect(await read({ jwks_uri: uri })).toContain('(discovery_jwks_uri)');
    expect(await read({ introspection_endpoint: 'ftp://as.example' })).toContain('(discovery_introspection_endpoint)');
  });
});

describe('verifiers/discovery, for how long', () => {
  it('caches the document for an hour, fetches once for simultaneous callers, and uses the old one while the fetch fails', async () => {
    const world = setUp();
    world.answers.set(OAUTH, () => Response.json(GOOD));
    expect(await whileTimeStands(() => Promise.all([world.find(), world.find()]))).toEqual([FOUND, FOUND]);
    world.clock += 3599;
    await world.find();
    expect(world.asked).toHaveLength(1);
    world.clock += 1;
    world.answers.set(OAUTH, () => Response.json({ ...GOOD, jwks_uri: 'https://as.example/keys2' }));
    expect((await world.find()).jwksUri).toBe('https://as.example/keys2');
    expect(world.asked).toHaveLength(2);
    world.clock += 3600;
    world.answers.clear();
    expect((await world.find()).jwksUri).toBe('https://as.example/keys2');
    expect(world.asked).toHaveLength(4);
    world.clock += 9;
    expect((await world.find()).jwksUri).toBe('https://as.example/keys2');
    expect(world.asked).toHaveLength(4);
    world.clock += 1;
    await world.find();
    expect(world.asked).toHaveLength(6);
    world.answers.set(OAUTH, () => Response.json(GOOD));
    world.clock += 10;
    expect(await world.find()).toEqual(FOUND);
    world.clock += 3600;
    expect(await world.find()).toEqual(FOUND);
    expect(world.asked).toHaveLength(8);
  });

  it('asks again once the clock has gone back, whether it had the document or not', async () => {
    const world = setUp();
    await expect(world.find()).rejects.toThrow('(discovery_not_found)');
    world.answers.set(OAUTH, () => Response.json(GOOD));
    world.clock -= 3600;
    expect(await world.find()).toEqual(FOUND);
    world.answers.set(OAUTH, () => Response.json({ ...GOOD, jwks_uri: 'https://as.example/keys2' }));
    world.clock -= 3600;
    expect((await world.find()).jwksUri).toBe('https://as.example/keys2');
  });

  it('asks again after ten seconds where it never had any, and not before', async () => {
    const world = setUp();
    await expect(world.find()).rejects.toThrow('(discovery_not_found)');
    world.answers.set(OAUTH, () => Response.json(GOOD));
    world.clock += 9;
    await expect(world.find()).rejects.toThrow('(discovery_not_found)');
    expect(world.asked).toHaveLength(2);
    world.clock += 1;
    expect(await world.find()).toEqual(FOUND);
  });
});
