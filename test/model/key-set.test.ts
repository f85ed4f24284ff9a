import { describe, expect, it } from 'vitest';
import {
  hasTrivialExponent,
  type Jwk,
  keySetOf,
  nextDue,
  pickKey,
  published,
  PUBLISHED_BEFORE,
  SIGNING_ALGS,
  signingKey,
  type SigningKey,
  SIGNS_FOR,
} from '../../src/model/key-set.ts';

const EC: Jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
const OKP: Jwk = { kty: 'OKP', crv: 'Ed25519', x: 'x' };
const RSA: Jwk = { kty: 'RSA', n: 'n', e: 'AQAB' };

describe('model/key-set', () => {
  it('accepts a list of at most 64 public keys', () => {
    expect(keySetOf({ keys: [EC, RSA] })).toEqual({ keys: [EC, RSA] });
    expect(keySetOf({ keys: [] })).toEqual({ keys: [] });
    expect(keySetOf({ keys: Array.from({ length: 64 }, () => EC) })?.keys).toHaveLength(64);
    for (const value of [null, undefined, 'keys', {}, { keys: EC }, { keys: [null] }, { keys: ['k'] }, { keys: [[EC]] }])
      expect(keySetOf(value)).toBeNull();
    expect(keySetOf({ keys: Array.from({ length: 65 }, () => EC) })).toBeNull();
  });

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])('refuses a set with a key that has the secret member %s', (member) => {
    expect(keySetOf({ keys: [EC, { ...EC, [member]: 'x' }] })).toBeNull();
  });

  it.each<[string, Jwk, boolean]>([
    ['ES256', EC, true],
    ['ES256', { ...EC, crv: 'P-384' }, false],
    ['ES384', { ...EC, crv: 'P-384' }, true],
    ['ES384', EC, false],
    ['EdDSA', OKP, true],
    ['Ed25519', OKP, true],
    ['EdDSA', { ...OKP, alg: 'Ed25519' }, true],
    ['Ed25519', { ...OKP, alg: 'EdDSA' }, false],
    ['EdDSA', { ...OKP, crv: 'X25519' }, false],
    ['RS256', RSA, true],
    ['PS256', RSA, true],
    ['RS256', { ...RSA, alg: 'PS256' }, false],
    ['RS256', { ...RSA, crv: 'P-256' }, false],
    ['RS256', { ...RSA, e: 'AQ' }, false],
    ['ES256', { ...EC, use: 'sig', alg: 'ES256', key_ops: ['verify'] }, true],
    ['ES256', { ...EC, use: 'enc' }, false],
    ['ES256', { ...EC, key_ops: ['sign'] }, false],
    ['ES256', { ...EC, key_ops: 'verify' }, true],
    ['ES256', { ...EC, alg: 'Ed25519' }, false],
    ['ES256', { ...EC, kty: 'RSA' }, false],
    ['ES256', { ...EC, kty: 'OKP' }, false],
    ['EdDSA', { ...OKP, alg: 'ES256' }, false],
    ['HS256', { kty: 'oct' }, false],
    ['HS256', {}, false],
  ])('takes for %s the key %j: %s', (alg, key, fits) => {
    expect(pickKey({ keys: [key] }, alg, undefined)).toEqual(fits ? key : null);
  });

  it('picks by key id, and none where several fit', () => {
    const [one, two] = [
      { ...EC, kid: '1' },
      { ...EC, kid: '2' },
    ];
    const keys = [one, two, { ...RSA, kid: '1' }];
    expect(pickKey({ keys }, 'ES256', '2')).toBe(two);
    expect(pickKey({ keys: [two] }, 'ES256', undefined)).toBe(two);
    expect(pickKey({ keys }, 'ES256', '3')).toBeNull();
    expect(pickKey({ keys }, 'ES256', undefined)).toBeNull();
    expect(pickKey({ keys: [] }, 'ES256', undefined)).toBeNull();
  });

  it('detects RSA keys under which anyone can sign: those with an exponent below 3', () => {
    const everybody = (e: unknown): boolean => hasTrivialExponent({ kty: 'RSA', e });
    for (const e of ['AQ', 'Ag', 'AAAB', 'AA', '', undefined, 3, '!']) expect(everybody(e)).toBe(true);
    for (const e of ['Aw', 'AQAB', 'AAAD', 'AQAA']) expect(everybody(e)).toBe(false);
    expect(hasTrivialExponent({ kty: 'EC', e: 'AQ' })).toBe(false);
  });
});

const key = (since: number): SigningKey => ({ kid: String(since), publicKey: {}, sealed: '', since });
const NOW = 1_800_000_000;

describe('model/key-set, signing-key', () => {
  it('makes the first key at once, and the next one a day before it has to sign', () => {
    expect(nextDue([], NOW)).toBe(NOW);
    expect(nextDue([key(NOW)], NOW + SIGNS_FOR - PUBLISHED_BEFORE - 1)).toBeNull();
    expect(nextDue([key(NOW)], NOW + SIGNS_FOR - PUBLISHED_BEFORE)).toBe(NOW + SIGNS_FOR);
    expect(nextDue([key(NOW), key(NOW + SIGNS_FOR)], NOW + SIGNS_FOR - 1)).toBeNull();
    const due = NOW + SIGNS_FOR - PUBLISHED_BEFORE;
    expect(nextDue([key(NOW), key(due + PUBLISHED_BEFORE + 600)], due)).toBeNull();
    expect(nextDue([key(NOW), key(due + PUBLISHED_BEFORE + 601)], due)).toBe(NOW + SIGNS_FOR); // made while a clock was far ahead
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
