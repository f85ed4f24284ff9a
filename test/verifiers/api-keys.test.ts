/** What a key is worth, to the last character and second. */
import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import { sha256 } from '../../src/lib/sha256.ts';
import { apiKeys, hashApiKey, type KeyHolder, makeApiKey } from '../../src/verifiers/api-keys.ts';
import { NOW } from '../support/issuer.ts';

const RESOURCE = 'https://mcp.example/mcp';
const HOLDER = { userId: 'robot', clientId: 'ci', scope: ['read'] };

/** The access of a key, or the reason why it has none. */
async function read(token: string, holder: KeyHolder | null = HOLDER, now: number | null = NOW): Promise<unknown> {
  let why = '';
  const { verify } = apiKeys({ prefix: 'acme_', find: () => holder, ...(now === null ? {} : { now: () => now }) });
  return (await verify(token, RESOURCE, (reason) => (why = reason))) ?? why;
}

const KEY = `acme_${'k'.repeat(43)}`;

describe('verifiers/api-keys', () => {
  it('gives what the holder has, and an hour where a key has no end', async () => {
    const hash = base64url(sha256(KEY));
    expect(await hashApiKey(KEY)).toBe(hash);
    const common = { userId: 'robot', clientId: 'ci', grantId: `key#${hash}`, scope: ['read'], resource: RESOURCE };
    expect(await read(KEY)).toEqual({ ...common, expiresAt: NOW + 3600, props: { claims: { sub: 'robot' } } });
    expect(await read(KEY, { ...HOLDER, program: true, expiresAt: NOW + 1, props: { a: 1 } })).toEqual({
      ...common,
      program: true,
      expiresAt: NOW + 1,
      props: { a: 1 },
    });
  });

  it('gives each refusal a reason, each length and second its side', async () => {
    expect(await read(`acme_${'k'.repeat(22)}`)).toHaveProperty('userId');
    expect(await read(`acme_${'k'.repeat(21)}`)).toBe('api_key_malformed');
    expect(await read('acme_'.padEnd(512, 'k'))).toHaveProperty('userId');
    expect(await read('acme_'.padEnd(513, 'k'))).toBe('api_key_malformed');
    expect(await read(`other_${'k'.repeat(43)}`)).toBe('api_key_malformed');
    expect(await read(KEY, null)).toBe('api_key_unknown');
    expect(await read(KEY, { ...HOLDER, expiresAt: NOW })).toBe('api_key_expired');
    expect(await read(KEY, { ...HOLDER, expiresAt: 0 })).toBe('api_key_expired');
  });

  it('fails for an end in milliseconds or as a date, which would never pass', async () => {
    for (const expiresAt of [(NOW - 60) * 1000, 1e11, new Date((NOW - 60) * 1000), String(NOW + 60), NaN, null])
      await expect(read(KEY, { ...HOLDER, expiresAt: expiresAt as number })).rejects.toThrow(/^apiKeys: `expiresAt` of a key must be seconds since 1970/);
    expect(await read(KEY, { ...HOLDER, expiresAt: 1e11 - 1 })).toHaveProperty('userId');
  }); // prettier-ignore

  it('goes by the clock of the machine where it is given none', async () => {
    const now = Math.floor(Date.now() / 1000);
    expect(await read(KEY, { ...HOLDER, expiresAt: now - 1 }, null)).toBe('api_key_expired');
    expect(await read(KEY, { ...HOLDER, expiresAt: now + 60 }, null)).toHaveProperty('expiresAt', now + 60);
  });

  it('makes keys of a prefix and 256 random bits', async () => {
    const [one, two] = [await makeApiKey('acme_'), await makeApiKey('acme_')];
    expect([one.key, one.hash]).toEqual([expect.stringMatching(/^acme_[\w-]{43}$/), await hashApiKey(one.key)]);
    expect(one.key).not.toBe(two.key);
  });

  it('looks up by hash and resource, and declares its prefix', async () => {
    const asked: unknown[] = [];
    const source = apiKeys({ prefix: 'acme_', find: (...all) => (asked.push(all), null) });
    expect(await source.verify(KEY, RESOURCE)).toBeNull();
    expect(asked).toEqual([[await hashApiKey(KEY), RESOURCE]]);
    expect([source.authorizationServers, source.own]).toEqual([[], [{ prefix: 'acme_' }]]);
  });

  it.each(['a_', 'acme-', 'acme_key_', 'a1-b2_c3-'])('takes the prefix %s', (prefix) => {
    expect(apiKeys({ prefix, find: () => null }).own).toEqual([{ prefix }]);
  });

  it.each([undefined, 'xacme', '1acme_', 'acme__', 'acme_-', '-acme_', ' acme_', 'acme_ ', 'acme_K_', 'acme_!', 'ä_'])('refuses the prefix %j', (prefix) => {
    expect(() => apiKeys({ prefix: prefix as string, find: () => null })).toThrow(/^apiKeys: `prefix` must be lower-case words/);
  }); // prettier-ignore

  it('refuses what is no function, and options that are none', () => {
    expect(() => apiKeys({ prefix: 'acme_', find: {} as never })).toThrow(/^apiKeys: `find` must be of type function/);
    expect(() => apiKeys({ prefix: 'acme_' } as never)).toThrow(/^apiKeys: `find` must be a function/);
    expect(() => apiKeys({ prefix: 'acme_', find: () => null, now: 5 as never })).toThrow(/^apiKeys: `now` must be of type function/);
    expect(() => apiKeys({ prefix: 'acme_', find: () => null, lookup: 1 } as never)).toThrow(/^apiKeys: `lookup`/);
  });
});
