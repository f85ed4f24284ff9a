import { describe, expect, it } from 'vitest';
import type { OAuthError } from '../../src/model/error.ts';
import { checkChallenge, checkVerifier, compareCode } from '../../src/model/pkce.ts';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'; // RFC 7636, appendix B

describe('model/pkce', () => {
  it('takes a challenge of 43 base64url characters with S256 (S-050)', () => {
    expect(checkChallenge(CHALLENGE, 'S256')).toBe(CHALLENGE);
  });

  it.each([
    ['SEC-021', undefined, 'S256'], ['SEC-022', CHALLENGE, undefined], ['SEC-022', CHALLENGE, 'plain'], ['SEC-022', CHALLENGE, 's256'], ['SEC-022', CHALLENGE, 'S256 '],
    ['SEC-022', CHALLENGE, 'S512'], ['SEC-027', `${CHALLENGE}=`, 'S256'], ['SEC-027', CHALLENGE.slice(1), 'S256'], ['SEC-027', `${CHALLENGE}A`, 'S256'],
    ['SEC-027', 'f'.repeat(64), 'S256'], ['SEC-027', `${CHALLENGE.slice(1)}\n`, 'S256'], ['SEC-027', `${CHALLENGE}\n`, 'S256'], ['SEC-027', `=${CHALLENGE}`, 'S256'],
  ] as const)('%s refuses the challenge %j with the method %j', (_id, challenge, method) => {
    expect(() => checkChallenge(challenge, method)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  }); // prettier-ignore

  it('reports the precise reason to the listener', () => {
    const reasonOf = (check: () => unknown): unknown => {
      try {
        return check();
      } catch (error) {
        return (error as OAuthError).reason;
      }
    };
    expect([
      reasonOf(() => checkChallenge(undefined, 'S256')), reasonOf(() => checkChallenge(CHALLENGE, 'plain')), reasonOf(() => checkChallenge('x', 'S256')),
      reasonOf(() => checkVerifier(undefined)), reasonOf(() => checkVerifier('x')),
    ]).toEqual(['challenge_missing', 'challenge_method', 'challenge_malformed', 'verifier_missing', 'verifier_malformed']);
  }); // prettier-ignore

  it('takes verifiers of 43 to 128 unreserved characters', () => {
    for (const verifier of ['a'.repeat(43), '-._~'.repeat(32)]) expect(checkVerifier(verifier)).toBe(verifier);
  });

  it.each([
    undefined,
    'a'.repeat(42),
    'a'.repeat(129),
    `${'a'.repeat(42)}+`,
    `${'a'.repeat(42)}/`,
    `${'a'.repeat(42)}=`,
    `${'a'.repeat(42)}ä`,
    `${'a'.repeat(42)}\0`,
    `${'a'.repeat(43)}\n`,
    `\n${'a'.repeat(43)}`,
  ])('SEC-023 SEC-026 refuses the verifier %j', (verifier) => {
    expect(() => checkVerifier(verifier)).toThrow(expect.objectContaining({ code: 'invalid_grant' }));
  });

  it('makes of a challenge eight letters that two screens show alike', () => {
    expect(compareCode(CHALLENGE)).toBe('ZPNN-JJVV');
    expect(compareCode('no challenge')).toBe('BBBB-BBBB');
  });
});
