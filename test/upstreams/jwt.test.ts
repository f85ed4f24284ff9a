/** Claims of a JWT that no one has verified yet. */
import { describe, expect, it } from 'vitest';
import { unverifiedClaims } from '../../src/upstreams/jwt.ts';

const encode = (text: string): string => btoa(text).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

describe('upstreams/jwt', () => {
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
});
