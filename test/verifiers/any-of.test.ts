import { describe, expect, it } from 'vitest';
import { anyOf } from '../../src/verifiers/any-of.ts';
import { apiKeys, hashApiKey, makeApiKey, type KeyHolder } from '../../src/verifiers/api-keys.ts';
import { cloudflareAccessTokens } from '../../src/verifiers/vendors-by-application.ts';
import { SourceUnavailable } from '../../src/verifiers/contract.ts';
import { googleTokens } from '../../src/verifiers/google.ts';
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { scalekitTokens } from '../../src/verifiers/vendors-by-resource.ts';
import { makeIssuer, NOW } from '../support/issuer.ts';

const RESOURCE = 'https://mcp.example/mcp';

describe('verifiers/any-of', () => {
  it('SEC-144 asks the issuer that a token names, and tells the same user of two issuers apart', async () => {
    const [one, two] = [await makeIssuer('https://one.example'), await makeIssuer('https://two.example')];
    const source = anyOf(...[one, two].map((as) => verifyJwt({ issuer: as.issuer, fetch: as.fetch, now: as.now })));
    expect(source.authorizationServers).toEqual(['https://one.example', 'https://two.example']);
    const [a, b] = [await source.verify(await one.sign({ aud: RESOURCE }), RESOURCE), await source.verify(await two.sign({ aud: RESOURCE }), RESOURCE)];
    expect([a?.userId, a?.issuer, b?.userId, b?.issuer]).toEqual(['user-1', 'https://one.example', 'user-1', 'https://two.example']);
    expect(one.asked.some((url) => url.includes('two'))).toBe(false);
    // One issuer's key does not speak for the other.
    expect(await source.verify(await one.sign({ aud: RESOURCE, iss: 'https://two.example' }), RESOURCE)).toBeNull();
    expect(await source.verify(await one.sign({ aud: RESOURCE, iss: 'https://three.example' }), RESOURCE)).toBeNull();
  }); // prettier-ignore

  it('accepts the tokens of one issuer while another is down, and answers 503 for unknown ones', async () => {
    const [up, down] = [await makeIssuer('https://up.example'), await makeIssuer('https://down.example')];
    down.answers.clear();
    const keys = apiKeys({ prefix: 'acme_', find: () => null });
    const source = anyOf(keys, ...[down, up].map((as) => verifyJwt({ issuer: as.issuer, fetch: as.fetch, now: as.now })));
    expect(await source.verify(await up.sign({ aud: RESOURCE }), RESOURCE)).not.toBeNull();
    await expect(source.verify(await down.sign({ aud: RESOURCE }), RESOURCE)).rejects.toBeInstanceOf(SourceUnavailable);
    expect(await source.verify('acme_unknown-key-of-some-length', RESOURCE)).toBeNull();
  });

  it('rejects an empty list of sources', () => {
    expect(() => anyOf()).toThrow(/anyOf: `sources` are none/);
  });
});

describe('verifiers/api-keys', () => {
  it('finds a key by its hash alone, with its scopes and its client', async () => {
    const { key, hash } = await makeApiKey('acme_key_');
    expect(key).toMatch(/^acme_key_[\w-]{43}$/);
    expect(await hashApiKey(key)).toBe(hash);
    const holders = new Map<string, KeyHolder>([[hash, { userId: 'robot', clientId: 'ci', scope: ['read'], expiresAt: NOW + 60 }]]);
    let now = NOW;
    const asked: string[] = [];
    const { verify } = apiKeys({ prefix: 'acme_key_', find: (hash) => (asked.push(hash), holders.get(hash) ?? null), now: () => now });
    expect(await verify(key, RESOURCE)).toMatchObject({ userId: 'robot', clientId: 'ci', scope: ['read'], resource: RESOURCE, expiresAt: NOW + 60 });
    expect(asked).toEqual([hash]);
    expect(await verify(`${key}x`, RESOURCE)).toBeNull();
    now += 60;
    expect(await verify(key, RESOURCE)).toBeNull();
  }); // prettier-ignore

  it('looks up nothing that has not its prefix, or is too short or too long to be a key', async () => {
    let asked = 0;
    const { verify } = apiKeys({ prefix: 'acme_key_', find: () => (asked++, null) });
    for (const token of ['other_key_aaaaaaaaaaaaaaaaaaaaaaaaaaa', 'acme_key_', 'acme_key_short', `acme_key_${'a'.repeat(600)}`, 'Acme_key_aaaaaaaaaaaaaaaaaaaaaaaaaaaa'])
      expect(await verify(token, RESOURCE)).toBeNull();
    expect(asked).toBe(0);
  }); // prettier-ignore

  it.each(['', 'acme', 'Acme_', '_', 'a b_'])('refuses the prefix %j', (prefix) => {
    expect(() => apiKeys({ prefix, find: () => null })).toThrow(/apiKeys: `prefix`/);
  });
});

describe('verifiers/any-of, the source of a token', () => {
  /** A source of each kind, and which of them were asked about a token. */
  async function setUp() {
    const asked: string[] = [];
    const heard = (name: string, answer: () => Response) => async (): Promise<Response> => (asked.push(name), answer());
    const as = await makeIssuer('https://one.example');
    const { key, hash } = await makeApiKey('acme_');
    const holder = { userId: 'robot', clientId: 'ci', scope: [] };
    const source = anyOf(
      googleTokens({ clientIds: ['app'], fetch: heard('google', () => new Response('{}', { status: 400 })), now: () => NOW }),
      verifyIntrospection({
        issuer: 'https://vendor.example',
        endpoint: 'https://vendor.example/introspect',
        clientId: 'rs',
        clientSecret: 's',
        now: () => NOW,
        fetch: heard('vendor', () => Response.json({ active: false })),
      }),
      verifyJwt({ issuer: as.issuer, fetch: as.fetch, now: as.now }),
      scalekitTokens({
        domain: 'acme.scalekit.com',
        resourceId: 'res_1',
        fetch: heard('scalekit', () => Response.json({ keys: [] })),
        now: as.now,
      }),
      apiKeys({ prefix: 'acme_', find: (found) => (found === hash ? holder : null), now: () => NOW }),
    );
    return { source, asked, as, key };
  }

  it('passes a key with a matching prefix to no other source, valid or not (F-53)', async () => {
    const { source, asked, key } = await setUp();
    expect(await source.verify(key, RESOURCE)).toMatchObject({ userId: 'robot' });
    expect(await source.verify(`acme_${'x'.repeat(43)}`, RESOURCE)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('passes a signed token of an unknown issuer to no source (F-53)', async () => {
    const { source, asked, as } = await setUp();
    for (const iss of ['https://stranger.example', undefined, '', 7 as unknown as string])
      expect(await source.verify(await as.sign({ aud: RESOURCE, iss }), RESOURCE)).toBeNull();
    expect(asked).toEqual([]);
    expect(as.asked).toEqual([]);
  });

  it('shows a signed token to the issuer that it names, Scalekit too, and to no source of opaque tokens (F-53)', async () => {
    const { source, asked, as } = await setUp();
    expect(await source.verify(await as.sign({ aud: RESOURCE }), RESOURCE)).toMatchObject({ userId: 'user-1' });
    expect(asked).toEqual([]);
    expect(await source.verify(await as.sign({ aud: 'res_1', iss: 'https://acme.scalekit.com', iat: NOW - 60 }), RESOURCE)).toBeNull();
    expect(asked).toEqual(['scalekit']);
  });

  it("shows Google's tokens to Google and any other opaque one to the source for those (F-53)", async () => {
    const { source, asked } = await setUp();
    expect(await source.verify(`ya29.${'a'.repeat(60)}`, RESOURCE)).toBeNull();
    expect(await source.verify('opaque-token-of-the-vendor', RESOURCE)).toBeNull();
    expect(asked).toEqual(['google', 'vendor']);
  });

  it('a single source gets no token of another issuer either (F-53)', async () => {
    let asked = 0;
    const fetcher: typeof fetch = async () => (asked++, Response.json({ active: true }));
    const as = await makeIssuer('https://one.example');
    const token = await as.sign({ aud: RESOURCE });
    const options = { issuer: 'https://vendor.example', endpoint: 'https://vendor.example/i', clientId: 'a', clientSecret: 'b', fetch: fetcher };
    expect(await verifyIntrospection(options).verify(token, RESOURCE)).toBeNull();
    expect(await verifyIntrospection({ ...options, prefix: 'vnd_' }).verify('opaque', RESOURCE)).toBeNull();
    expect(await googleTokens({ clientIds: ['app'], fetch: fetcher }).verify(token, RESOURCE)).toBeNull();
    expect(asked).toBe(0);
  }); // prettier-ignore

  it('refuses at start-up what could not tell tokens apart (F-53, F-57)', async () => {
    const opaque = (prefix?: string) =>
      verifyIntrospection({ issuer: 'https://v.example', clientId: 'a', clientSecret: 'b', ...(prefix === undefined ? {} : { prefix }) });
    const keys = (prefix: string) => apiKeys({ prefix, find: () => null });
    expect(() => anyOf(opaque(), opaque())).toThrow(/anyOf: `sources` hold two for opaque tokens/);
    expect(() => anyOf(opaque(), opaque('vnd_'))).not.toThrow();
    expect(() => anyOf(keys('acme_'), keys('acme_live_'))).toThrow(/anyOf: `sources` hold two whose tokens begin with "acme_"/);
    expect(() => anyOf(keys('acme_'), { authorizationServers: [], verify: () => null })).toThrow(/does not say which tokens are its own \(number 2\)/);
    const access = cloudflareAccessTokens({ domain: 'acme.cloudflareaccess.com', audience: 'a'.repeat(64) });
    expect(() => anyOf(access, keys('acme_'))).toThrow(/anyOf: `sources` hold one that reads a header of its own \(number 1\)/);
  }); // prettier-ignore
});
