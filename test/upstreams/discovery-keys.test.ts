import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ask } from '../../src/upstreams/ask.ts';
import { unverifiedHeader } from '../../src/upstreams/tokens.ts';
import { makeKeySet } from '../../src/upstreams/discovery.ts';
import { makeSigner, type Signer } from '../support/signer.ts';

const URL_OF_KEYS = 'https://idp.example/keys';
const MINUTE = 60_000;
const BROKEN = { failure: 'broken', reason: 'oauth_invalid_response' };
const UNKNOWN = { failure: 'broken', reason: 'oauth_key_selection_failed' };

/** A site whose keys can be changed, and that can be down; counts how often it was asked. */
function makeSite(...keys: readonly unknown[]) {
  const site = { answer: (): Response => Response.json({ keys }), asked: 0 };
  const ask: Ask = async () => {
    site.asked++;
    return site.answer();
  };
  const verify = makeKeySet();
  const check = async (token: string): Promise<void> => verify(token, unverifiedHeader(token), URL_OF_KEYS, ask);
  const publish = (...all: readonly unknown[]): void => void (site.answer = () => Response.json({ keys: all }));
  return { site, check, publish };
}

const goDown = (): Response => {
  throw new TypeError('fetch failed');
};

describe('upstreams/discovery, signing keys', () => {
  let [own, other]: [Signer, Signer] = [null!, null!];
  let [signed, forged] = ['', ''];
  beforeEach(async () => {
    [own, other] = [await makeSigner(), await makeSigner()];
    [signed, forged] = [await own.sign({ sub: 'u-1' }), await other.sign({ sub: 'u-1' })];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
  });
  afterEach(() => void vi.useRealTimers());
  const pass = (milliseconds: number): void => void vi.setSystemTime(Date.now() + milliseconds);

  it('SEC-143 refuses what no published key signed, at first and after the keys were fetched again', async () => {
    const { site, check } = makeSite(own.publicKey);
    await expect(check(forged)).rejects.toMatchObject(BROKEN);
    await check(signed);
    pass(MINUTE);
    await expect(check(forged)).rejects.toMatchObject(BROKEN);
    expect(site.asked).toBe(2);
  });

  it('SEC-148 uses keys for five minutes, and then fetches them again', async () => {
    const { site, check } = makeSite(own.publicKey);
    await check(signed);
    pass(5 * MINUTE - 1);
    await check(signed);
    expect(site.asked).toBe(1);
    pass(1);
    await check(signed);
    expect(site.asked).toBe(2);
  });

  it('SEC-148 fetches again for a key that was replaced under its name, at most once a minute', async () => {
    const { site, check, publish } = makeSite(own.publicKey);
    await check(signed);
    publish(other.publicKey);
    await check(forged);
    await expect(check(signed), 'the former key is gone').rejects.toMatchObject(BROKEN);
    expect(site.asked).toBe(2);
    pass(MINUTE - 1);
    await expect(check(signed)).rejects.toMatchObject(BROKEN);
    expect(site.asked).toBe(2);
    pass(1);
    await expect(check(signed)).rejects.toMatchObject(BROKEN);
    expect(site.asked).toBe(3);
  });

  it('SEC-148 fetches again for an unknown key, at most once a minute', async () => {
    const added = await makeSigner('ES256', 'key-2');
    const token = await added.sign({ sub: 'u-1' });
    const { site, check, publish } = makeSite(own.publicKey);
    await expect(check(token)).rejects.toMatchObject(UNKNOWN);
    publish(own.publicKey, added.publicKey);
    pass(MINUTE - 1);
    await expect(check(token)).rejects.toMatchObject(UNKNOWN);
    expect(site.asked).toBe(1);
    pass(1);
    await check(token);
    expect(site.asked).toBe(2);
  });

  it('fetches again once the clock has gone back, also for a key that was looked for a moment before', async () => {
    const { site, check, publish } = makeSite(own.publicKey);
    await check(signed);
    pass(MINUTE);
    await expect(check(forged)).rejects.toMatchObject(BROKEN);
    publish(other.publicKey);
    pass(-60 * MINUTE);
    await check(forged);
    expect(site.asked).toBe(3);
    await expect(check(signed), 'the former key is gone').rejects.toMatchObject(BROKEN);
  });

  it('SEC-148 uses the keys of the last day while they cannot be fetched, and reports the outage without any', async () => {
    const { site, check } = makeSite(own.publicKey);
    await check(signed);
    site.answer = goDown;
    pass(24 * 60 * MINUTE);
    await check(signed);
    pass(5 * MINUTE);
    await expect(check(signed)).rejects.toThrow('fetch failed');
    const fresh = makeSite();
    fresh.site.answer = goDown;
    await expect(fresh.check(signed)).rejects.toThrow('fetch failed');
  });

  it.each([
    ['another status', () => Response.json({ keys: [] }, { status: 404 })],
    ['no list', () => Response.json({ keys: 'none' })],
    ['a page', () => new Response('<!doctype html>')],
  ])('says that the answer of the site holds no keys: %s', async (_, answer) => {
    const { site, check } = makeSite();
    site.answer = answer;
    await expect(check(signed)).rejects.toMatchObject({ failure: 'broken', reason: 'keys_malformed' });
  });

  it('tries every key that may have signed, whatever it is called, and at most 16', async () => {
    const { kid: _kid, ...nameless } = own.publicKey;
    await makeSite(other.publicKey, nameless).check(signed);
    await makeSite(other.publicKey, own.publicKey).check(await own.sign({ sub: 'u-1' }, { kid: undefined }));
    const others = (count: number): unknown[] => Array.from({ length: count }, () => other.publicKey);
    await makeSite(...others(15), own.publicKey).check(signed);
    await expect(makeSite(...others(16), own.publicKey).check(signed)).rejects.toMatchObject(BROKEN);
  });

  it.each(['RS256', 'PS256'])('takes an RSA key for %s', async (alg) => {
    const rsa = await makeSigner(alg);
    await expect(makeSite(rsa.publicKey).check(await rsa.sign({ sub: 'u-1' }))).resolves.toBeUndefined();
  });

  it('SEC-143 uses no key for another purpose, algorithm or kind, and knows Ed25519 by both of its names', async () => {
    for (const change of [{ use: 'enc' }, { alg: 'ES384' }, { kty: 'RSA' }, { kid: 'key-2' }])
      await expect(makeSite({ ...own.publicKey, ...change }).check(signed), JSON.stringify(change)).rejects.toMatchObject(UNKNOWN);
    await makeSite({ ...own.publicKey, use: 'sig', alg: 'ES256' }).check(signed);
    const edwards = await makeSigner('EdDSA');
    const tokens = [await edwards.sign({ sub: 'u-1' }), await edwards.sign({ sub: 'u-1' }, { alg: 'Ed25519' })];
    for (const token of tokens) for (const alg of ['EdDSA', 'Ed25519']) await makeSite({ ...edwards.publicKey, alg }).check(token);
    for (const token of tokens) await expect(makeSite({ ...edwards.publicKey, alg: 'ES256' }).check(token)).rejects.toMatchObject(UNKNOWN);
    for (const alg of ['EdDSA', 'Ed25519']) await expect(makeSite({ ...own.publicKey, alg }).check(signed)).rejects.toMatchObject(UNKNOWN);
  });
});
