import { describe, expect, it } from 'vitest';
import { nextDue, published, PUBLISHED_BEFORE, SIGNING_ALGS, signingKey, SIGNS_FOR, type SigningKey } from '../../src/model/signing-key.ts';

const key = (since: number): SigningKey => ({ kid: String(since), publicKey: {}, sealed: '', since });
const NOW = 1_800_000_000;

describe('model/signing-key', () => {
  it('makes the first key at once, and the next one a day before it has to sign', () => {
    expect(nextDue([], NOW)).toBe(NOW);
    expect(nextDue([key(NOW)], NOW + SIGNS_FOR - PUBLISHED_BEFORE - 1)).toBeNull();
    expect(nextDue([key(NOW)], NOW + SIGNS_FOR - PUBLISHED_BEFORE)).toBe(NOW + SIGNS_FOR);
    expect(nextDue([key(NOW), key(NOW + SIGNS_FOR)], NOW + SIGNS_FOR - 1)).toBeNull();
    const late = NOW + 2 * SIGNS_FOR; // no one asked for a long time
    expect(nextDue([key(NOW)], late)).toBe(late + PUBLISHED_BEFORE);
  });

  it('SEC-207 signs with the newest active key, and publishes each until its last token has expired', () => {
    const keys = [key(NOW), key(NOW + SIGNS_FOR)];
    expect(signingKey(keys, NOW - 1)).toBeNull();
    expect(signingKey(keys, NOW + SIGNS_FOR - 1)?.since).toBe(NOW);
    expect(signingKey(keys, NOW + SIGNS_FOR)?.since).toBe(NOW + SIGNS_FOR);
    expect(published(keys, 3600, NOW + SIGNS_FOR + 3600)).toHaveLength(2);
    expect(published(keys, 3600, NOW + SIGNS_FOR + 3600 + 600)).toEqual([keys[1]]);
  });

  it('signs with the newest in any order of keys, and with the first of two of the same age', () => {
    const [old, one, other] = [key(NOW), key(NOW + 1), { ...key(NOW + 1), kid: 'other' }];
    for (const keys of [
      [old, one, other],
      [one, other, old],
      [one, old, other],
    ])
      expect(signingKey(keys, NOW + 1)).toBe(one);
  });

  it('names three algorithms, all of them asymmetric', () => {
    expect(SIGNING_ALGS).toEqual(['ES256', 'EdDSA', 'RS256']);
  });
});
