import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import { endOf, isFor, MAX_ASSERTION_LIFE, parseAssertion, SKEW, textClaim, timeProblem } from '../../src/model/assertion.ts';

const NOW = 1_790_000_000;
const part = (value: unknown): string => base64url(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));
const jwt = (header: unknown, claims: unknown = {}, signature = 'c2ln'): string => `${part(header)}.${part(claims)}.${signature}`;
const head = { alg: 'ES256' };

describe('model/assertion', () => {
  it('parses a JWT', () => {
    const text = jwt({ ...head, kid: 'k', typ: 'Application/AT+JWT', jwk: { kty: 'EC' } }, { sub: 'u' });
    expect(parseAssertion(text)).toEqual({ text, alg: 'ES256', kid: 'k', typ: 'at+jwt', jwk: { kty: 'EC' }, claims: { sub: 'u' } });
    expect(parseAssertion(jwt(head))).toEqual({
      text: jwt(head),
      alg: 'ES256',
      kid: undefined,
      typ: undefined,
      jwk: undefined,
      claims: {},
    });
    expect(parseAssertion(jwt({ ...head, typ: 'x+application/jwt' }))?.typ).toBe('x+application/jwt');
  });

  it.each([
    ['two parts', `${part(head)}.${part({})}`],
    ['four parts', `${jwt(head)}.c2ln`],
    ['an empty signature', jwt(head, {}, '')],
    ['a signature with padding', jwt(head, {}, 'c2k=')],
    ['a signature with bits to spare', jwt(head, {}, 'c2l')],
    ['a header that is a list', jwt(['alg'])],
    ['a header that is null', jwt('null')],
    ['claims that are a list', jwt(head, [])],
    ['claims that are a text', jwt(head, '"text"')],
    ['claims that are null', jwt(head, 'null')],
    ['a name that comes twice', jwt('{"alg":"ES256","alg":"ES256"}')],
    ['what is not UTF-8', `${part(head)}.${base64url(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d))}.c2ln`],
    ['no algorithm', jwt({})],
    ['alg none', jwt({ alg: 'none' })],
    ['a symmetric algorithm', jwt({ alg: 'HS256' })],
    ['a list of algorithms', jwt({ alg: ['ES256'] })],
    ['crit', jwt({ ...head, crit: [] })],
    ['b64', jwt({ ...head, b64: true })],
    ['zip', jwt({ ...head, zip: 'DEF' })],
    ['a kid that is a number', jwt({ ...head, kid: 1 })],
    ['a typ that is a number', jwt({ ...head, typ: 1 })],
    ['nesting without end', jwt(head, { a: JSON.parse(`${'['.repeat(17)}${']'.repeat(17)}`) })],
  ])('refuses %s', (_what, text) => {
    expect(parseAssertion(text)).toBeNull();
  });

  it('accepts at most 16,384 characters', () => {
    const room = 16_384 - jwt(head, {}, '').length;
    const signature = 'A'.repeat(room - (room % 4));
    const filler = jwt(head, {}, signature);
    expect(parseAssertion(filler)).not.toBeNull();
    const padded = (length: number): string | undefined => {
      for (let at = 0; at < 40; at++) {
        const text = jwt({ ...head, kid: 'k'.repeat(at) }, {}, '');
        const left = length - text.length;
        if (left % 4 === 0) return text + 'A'.repeat(left);
      }
      return undefined;
    };
    const [longest, longer] = [padded(16_384) ?? '', padded(16_385) ?? ''];
    expect([longest.length, longer.length]).toEqual([16_384, 16_385]);
    expect([parseAssertion(longest) !== null, parseAssertion(longer)]).toEqual([true, null]);
  });

  it('takes only the algorithms that it is given', () => {
    expect(parseAssertion(jwt({ alg: 'Ed25519' }))).toBeNull();
    expect(parseAssertion(jwt({ alg: 'Ed25519' }), ['Ed25519'])?.alg).toBe('Ed25519');
    expect(parseAssertion(jwt(head), ['Ed25519'])).toBeNull();
  });

  it.each<[string, object, string | null]>([
    ['no end', {}, 'exp_missing'],
    ['an end that is a text', { exp: String(NOW + 1) }, 'exp_missing'],
    ['an end in milliseconds', { exp: 1e11 }, 'exp_missing'],
    ['an end of 0', { exp: 0 }, 'exp_missing'],
    ['an end that passed', { exp: NOW - SKEW }, 'expired'],
    ['an end that may have passed', { exp: NOW - SKEW + 1 }, null],
    ['the last end that is taken', { exp: NOW + MAX_ASSERTION_LIFE + SKEW }, null],
    ['an end beyond it', { exp: NOW + MAX_ASSERTION_LIFE + SKEW + 1 }, 'exp_far'],
    ['a start that is a text', { exp: NOW, nbf: 'now' }, 'time_malformed'],
    ['an issue that is null', { exp: NOW, iat: null }, 'time_malformed'],
    ['an issue in the skew', { exp: NOW, iat: NOW + SKEW }, null],
    ['an issue in the future', { exp: NOW, iat: NOW + SKEW + 1 }, 'not_yet'],
    ['a start in the future', { exp: NOW, iat: NOW, nbf: NOW + SKEW + 1 }, 'not_yet'],
  ])('judges %s', (_what, claims, problem) => {
    expect(timeProblem({ ...claims }, NOW)).toBe(problem);
  });

  it('ends when its expiry and the clock skew have passed', () => {
    expect([endOf({ exp: NOW }), endOf({ exp: NOW + 0.1 })]).toEqual([NOW + SKEW, NOW + SKEW + 1]);
  });

  it('is for one issuer, with or without a slash, and for no other beside it (RFC 7523bis §3)', () => {
    const issuer = 'https://as.example';
    for (const aud of [issuer, `${issuer}/`, [issuer], [`${issuer}/`]]) expect(isFor({ aud }, issuer)).toBe(true);
    for (const aud of [undefined, '', [], [issuer, issuer], [[issuer]], `${issuer}//`, 'https://as.example.evil', { 0: issuer, length: 1 }])
      expect(isFor({ aud }, issuer)).toBe(false);
  });

  it('reads a claim that is a text of 1 to 512 characters', () => {
    const claim = (value: unknown): string | null => textClaim({ name: value }, 'name');
    expect([claim('a'), claim('a'.repeat(512))]).toEqual(['a', 'a'.repeat(512)]);
    expect([claim(''), claim('a'.repeat(513)), claim(1), claim(null), textClaim({}, 'name'), textClaim({}, 'toString')]).toEqual(
      Array.from({ length: 6 }, () => null),
    );
  });
});
