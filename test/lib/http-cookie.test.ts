import { describe, expect, it } from 'vitest';
import { readCookie, writeCookie } from '../../src/lib/http.ts';

describe('lib/http', () => {
  it('reads a cookie by its whole name', () => {
    expect([readCookie('a=1; b=2;c=3', 'b'), readCookie('a=1; b=2;c=3', 'c'), readCookie('xb=1; b=x=y', 'b')]).toEqual(['2', '3', 'x=y']);
    expect([readCookie(null, 'b'), readCookie('', 'b'), readCookie('b', 'b'), readCookie('B=1', 'b')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('takes a name that stands twice for none: one of the two was planted (SEC-155)', () => {
    expect(readCookie('b=1; b=2', 'b')).toBeUndefined();
  });

  it.each(['\u00a0', '\u0085', '\u2028', '\ufeff', '\v', '\f', '"', ','])('reads no `__Host-` cookie behind %j, with which a subdomain can set it (SEC-155)', (sign) => {
    const header = `a=1; ${sign}__Host-b=planted`;
    expect([readCookie(header, '__Host-b'), readCookie(`${header}; __Host-b=own`, '__Host-b')]).toEqual([undefined, 'own']);
    expect(readCookie(`a=1;\t __Host-b=own`, '__Host-b')).toBe('own');
  }); // prettier-ignore

  it('writes what a sign-in needs (SEC-135)', () => {
    expect(writeCookie('n', 'v', { maxAge: 60, secure: true })).toBe('n=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
    expect(writeCookie('n', '', { maxAge: 0, secure: false })).toBe('n=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax');
  });
});
