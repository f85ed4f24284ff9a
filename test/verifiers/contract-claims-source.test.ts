/** To which source a token is shown. */
import { describe, expect, it } from 'vitest';
import { claimsIn, isOwn, signedClaims } from '../../src/verifiers/contract.ts';

const encode = (text: string): string => btoa(text).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
const signed = (claims: unknown): string => `e30.${encode(JSON.stringify(claims))}.AAAA`;
const ISSUER = 'https://as.example';

describe('verifiers/contract, claims: source', () => {
  it('gives a signed token to the issuer that it names, by list or by function (F-53)', () => {
    const token = signed({ iss: ISSUER });
    expect([isOwn({ issuers: ['https://b.example', ISSUER] }, token), isOwn({ issuers: ['https://b.example'] }, token)]).toEqual([true, false]);
    expect([isOwn({ issuers: ({ iss }) => iss === ISSUER }, token), isOwn({ issuers: () => false }, token)]).toEqual([true, false]);
    const promised = (async () => false) as unknown as () => boolean; // a mistake in JavaScript
    expect(isOwn({ issuers: promised }, token)).toBe(false);
    expect([isOwn({}, token), isOwn({ opaque: true }, token), isOwn({ issuers: [] , opaque: true }, token)]).toEqual([false, false, false]);
  }); // prettier-ignore

  it('gives a token with the prefix to its source before anything else, and an opaque one to the source without a prefix (F-53)', () => {
    expect([isOwn({ prefix: 'acme_' }, 'acme_1'), isOwn({ prefix: 'acme_' }, 'other_1'), isOwn({ prefix: 'acme_' }, ' acme_1')]).toEqual([true, false, false]);
    expect(isOwn({}, 'undefined_1')).toBe(false);
    expect([isOwn({ opaque: true }, 'opaque'), isOwn({ opaque: false }, 'opaque'), isOwn({}, 'opaque')]).toEqual([true, false, false]);
    expect([isOwn({ opaque: true, prefix: 'acme_' }, 'opaque'), isOwn({ opaque: true, prefix: 'acme_' }, 'acme_1')]).toEqual([false, true]);
    expect(isOwn({ opaque: true, prefix: 'acme_', issuers: [ISSUER] }, signed({ iss: ISSUER }))).toBe(true);
  }); // prettier-ignore

  it('takes three parts with an object for a signed token, of 8192 characters at most', () => {
    expect(signedClaims(signed({ a: 1 }))).toEqual({ a: 1 });
    for (const token of ['a.b', `${signed({ a: 1 })}.x`, signed({}), signed([1]), signed(null), signed('text'), 'e30.!!.AAAA', `e30.${encode('{"a":1')}.AAAA`, `e30.${encode('{"a":1,"a":2}')}.AAAA`])
      expect(signedClaims(token)).toBeNull();
    const padded = (size: number): string => signed({ a: 1 }).padEnd(size, 'A');
    expect([signedClaims(padded(8192)), signedClaims(padded(8193))]).toEqual([{ a: 1 }, null]);
  }); // prettier-ignore

  it('reads a payload of sixteen levels, in UTF-8', () => {
    const nested = (levels: number): string => encode(`${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`);
    expect([Object.keys(claimsIn(nested(16))), Object.keys(claimsIn(nested(17)))]).toEqual([['a'], []]);
    expect(claimsIn(encode('{"a":"\xff"}'))).toEqual({});
    expect(claimsIn(encode('{"a":"\xc3\xa4"}'))).toEqual({ a: 'ä' });
  });
});
