/** Claims of a JWT that no one has verified yet. */
import { describe, expect, it } from 'vitest';
import { claimsIn, unverifiedClaims, unverifiedHeader, withTypedClaims } from '../../src/upstreams/tokens.ts';

const encode = (text: string): string => btoa(text).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

describe('upstreams/tokens, JWTs', () => {
  it('are the members of the second part', () => {
    expect(unverifiedClaims(`x.${encode('{"sub":"u","a":[1]}')}.y`)).toEqual({ sub: 'u', a: [1] });
    expect(unverifiedClaims(`x.${encode('{"a":"\xc3\xa4"}')}`)).toEqual({ a: 'ä' });
    expect(unverifiedClaims(`x.${encode('[1]')}.y`)).toEqual({}); // no members
    expect(unverifiedClaims(`x.${encode(`${'{"a":'.repeat(15)}{}${'}'.repeat(15)}`)}.y`)).toHaveProperty('a');
  });

  it.each([
    undefined, null, 7, {}, '', 'x', 'x.', 'x..y', 'x.!!.y', `x.${encode('text')}.y`, `x.${encode('null')}.y`, `x.${encode('7')}.y`, `x.${encode('{"a":"\xff"}')}.y`,
    `x.${encode('{"a":1,"a":2}')}.y`, `x.${encode(`${'{"a":'.repeat(16)}{}${'}'.repeat(16)}`)}.y`,
  ])('are none in %j', (token) => {
    expect(() => unverifiedClaims(token)).toThrow(expect.objectContaining({ name: 'UpstreamError', failure: 'broken', reason: 'jwt_malformed' }));
  }); // prettier-ignore

  it('are read from the second part, and the header from the first', () => {
    expect(unverifiedHeader(`${encode('{"alg":"RS256"}')}.${encode('{"sub":"u"}')}.y`)).toEqual({ alg: 'RS256' });
    expect(() => unverifiedHeader('!!.x.y')).toThrow(expect.objectContaining({ reason: 'jwt_malformed' }));
  });

  it('are read from a text only if it has the three parts of a signed JWT', () => {
    const claims = encode('{"sub":"u"}');
    expect(claimsIn(`h-_1.${claims}.s-_2`)).toEqual({ sub: 'u' });
    for (const text of ['', claims, `h.${claims}`, `h.${claims}.`, `.${claims}.s`, `h.${claims}.s.more`, `{"h.${claims}.s`, `h.${claims}.s"}`, `h.!${claims}.s`])
      expect(claimsIn(text), text).toBeUndefined();
    expect(() => claimsIn('hh.xx.ss')).toThrow(expect.objectContaining({ reason: 'jwt_malformed' }));
  }); // prettier-ignore

  it('get the types of the specification, and the rest of the token stays', () => {
    const typed = (claims: object): unknown => {
      const token = withTypedClaims(`header.${encode(JSON.stringify(claims))}.signature`);
      expect(token).toMatch(/^header\.[\w-]+\.signature$/);
      return unverifiedClaims(token);
    };
    for (const name of ['exp', 'iat', 'nbf', 'auth_time']) {
      const withTime = (time: unknown): unknown => typed({ iat: 5, [name]: time });
      expect(withTime('1700000000'), name).toEqual({ iat: 5, [name]: 1_700_000_000 });
      expect(withTime(0), name).toEqual({ iat: 5, [name]: 0 });
      for (const odd of ['', 'soon', '12s', 't12', '1'.repeat(13), true, [9], [-9]])
        expect(withTime(odd), `${name} ${String(odd)}`).toEqual({ iat: 5, [name]: odd }); // refused later: it is no time
      for (const none of [null, -1]) expect(withTime(none), name).toEqual(name === 'iat' ? { iat: 0 } : { iat: 5 });
    }
    expect(typed({})).toEqual({ iat: 0 });
    expect(typed({ iat: 1, sub: 42 })).toEqual({ iat: 1, sub: '42' });
    for (const sub of [1.5, 2 ** 53, null, true, 'u']) expect(typed({ iat: 1, sub })).toEqual({ iat: 1, sub });
    for (const azp of [null, '']) expect(typed({ iat: 1, azp })).toEqual({ iat: 1 });
    for (const azp of ['client', 7]) expect(typed({ iat: 1, azp })).toEqual({ iat: 1, azp });
  });

  it('leave a token that is not a JWT as it is', () => {
    expect(withTypedClaims('not a JWT')).toBe('not a JWT');
  });
});
