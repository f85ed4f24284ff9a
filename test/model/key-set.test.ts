import { describe, expect, it } from 'vitest';
import { hasTrivialExponent, type Jwk, keySetOf, pickKey } from '../../src/model/key-set.ts';

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
