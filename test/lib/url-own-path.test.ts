import { describe, expect, it } from 'vitest';
import { ownPath } from '../../src/lib/url.ts';

const ORIGIN = 'https://mcp.example';

describe('lib/url: paths of this site', () => {
  it('takes paths of this site, with their query', () => {
    for (const path of [
      '/',
      '/account',
      '/account/passkeys',
      '/a-b_c.d~e',
      '/account?after=abc&x=%20y',
      '/.hidden',
      '/a?next=https://evil.example',
    ])
      expect(ownPath(path, ORIGIN)).toBe(path);
  });

  it('SEC-149 refuses everything that a browser could read as another site, or repair into one', () => {
    const hostile = [
      '//evil.example', '/\\evil.example', '\\\\evil.example', 'https:evil.example', 'https://evil.example', '/%09/evil.example', '/\t/evil.example',
      '/%2f/evil.example', 'javascript:alert(1)', 'data:text/html,x', '', ' /account', '/account\r\nset-cookie: a=b', '/a/../../b', '/./a', '/a//b',
      '/account#//evil.example', '/account@evil.example', '/é', '/a?b=\\\\evil', 'account', '?x', `/${'a'.repeat(9000)}`,
    ]; // prettier-ignore
    for (const path of hostile) expect(ownPath(path, ORIGIN), path).toBeNull();
    expect([ownPath(null, ORIGIN), ownPath(undefined, ORIGIN)]).toEqual([null, null]);
  });
});
