import { describe, expect, it } from 'vitest';
import { anyOf } from '../../src/verifiers/any-of.ts';
import { apiKeys, hashApiKey, makeApiKey, type KeyHolder } from '../../src/verifiers/api-keys.ts';
import { SourceUnavailable } from '../../src/verifiers/contract.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
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

  it('lets the tokens of one issuer in while another is down, and cannot tell of a token that nobody else knows', async () => {
    const [up, down] = [await makeIssuer('https://up.example'), await makeIssuer('https://down.example')];
    down.answers.clear();
    const keys = apiKeys({ prefix: 'acme_', find: () => null });
    const source = anyOf(keys, ...[down, up].map((as) => verifyJwt({ issuer: as.issuer, fetch: as.fetch, now: as.now })));
    expect(await source.verify(await up.sign({ aud: RESOURCE }), RESOURCE)).not.toBeNull();
    await expect(source.verify(await down.sign({ aud: RESOURCE }), RESOURCE)).rejects.toBeInstanceOf(SourceUnavailable);
    expect(await source.verify('acme_unknown-key-of-some-length', RESOURCE)).toBeNull();
  });

  it('refuses to be nothing', () => {
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
