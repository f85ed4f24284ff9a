/** What token sources have in common: their error, their addresses, and claims of several strings. */
import { describe, expect, it } from 'vitest';
import { hostOf, isSafeUrl, listClaim, SourceUnavailable, textClaim } from '../../src/verifiers/contract.ts';

describe('verifiers/contract', () => {
  it('asks an authorization server by https alone, and by http on this computer', () => {
    expect(['https://as.example', 'http://localhost:8080/realms/a', 'http://127.0.0.1'].map(isSafeUrl)).toEqual([true, true, true]);
    expect(['http://as.example', 'ftp://localhost', 'ws://localhost', 'as.example', ''].map(isSafeUrl)).toEqual(Array(5).fill(false));
    expect([undefined, 1, new URL('https://as.example')].map(isSafeUrl)).toEqual([false, false, false]);
  });

  it('takes a host without scheme, path and port', () => {
    expect(hostOf('auth0', 'domain', 'acme.example')).toBe('acme.example');
    for (const text of ['https://acme.example', 'acme.example/', 'acme.example:8443', 'ACME.example', '', undefined, ['acme.example']])
      expect(() => hostOf('auth0', 'domain', text)).toThrow('auth0: `domain` must be a host');
  });

  it('reads a claim of several strings from an array, or from a text with spaces between them (RFC 8693 §4.2)', () => {
    const claims = { text: ' read  write ', array: ['read', 1, null, 'write'], none: '', number: 1 };
    const lists = Object.keys(claims).map((name) => listClaim(claims, name));
    expect(lists).toEqual([['read', 'write'], ['read', 'write'], [], []]);
    expect([textClaim(claims, 'none'), textClaim(claims, 'number'), textClaim({ sub: 'ada' }, 'sub')]).toEqual([
      undefined,
      undefined,
      'ada',
    ]);
  });

  it('has a cause if one is known', () => {
    const cause = new TypeError('fetch failed');
    expect(new SourceUnavailable('keys', { cause, retryAfter: 5 })).toMatchObject({ cause, retryAfter: 5, name: 'SourceUnavailable' });
    expect(Object.hasOwn(new SourceUnavailable('keys'), 'cause')).toBe(false);
  });
});
