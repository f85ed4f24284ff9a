/** Tenants that could be taken for one another, or for nothing, are refused at start-up. */
import { describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { tenantsOf } from '../../src/provider/servers.ts';

const base: OAuthProviderOptions = { apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()] };
const of = (tenants: unknown, more: Partial<OAuthProviderOptions> = {}) =>
  tenantsOf({ ...base, ...more, tenants: tenants as never } as OAuthProviderOptions);

describe('provider/servers, tenants', () => {
  it('have the options of the provider where their own have no value', () => {
    const [one] = of({ a: { issuer: '/a', requiredScopes: undefined, permissions: undefined, name: 'A' } }, { requiredScopes: ['read'] });
    expect(one?.options).toMatchObject({ requiredScopes: ['read'], name: 'A' });
    expect(one?.options).not.toHaveProperty('permissions');
  });

  it('are none unless they are given', () => {
    expect(tenantsOf(base)).toEqual([]);
  });

  it('stand at a path below the own issuer, at a host, or at both, and differ in what they say', () => {
    const made = of(
      { a: { issuer: '/a' }, b: { issuer: 'https://b.example', name: 'B' }, c: { issuer: 'https://b2.example/x/y' } },
      { issuer: 'https://mcp.example', name: 'All' },
    );
    expect(made.map(({ id, origin, prefix, options }) => [id, origin, prefix, options.name])).toEqual([
      ['a', 'https://mcp.example', '/a', 'All'],
      ['b', 'https://b.example', '', 'B'],
      ['c', 'https://b2.example', '/x/y', 'All'],
    ]);
  });

  it.each([
    [{}, 'at least one tenant'],
    [[], 'at least one tenant'],
    [{ 'A B': { issuer: '/a' } }, 'lower-case letters'],
    [{ a: {} }, 'needs an `issuer`'],
    [{ a: { issuer: '/' } }, 'must be a path'],
    [{ a: { issuer: '/a/' } }, 'without a slash at the end'],
    [{ a: { issuer: '//evil.example' } }, 'must be a path'],
    [{ a: { issuer: '/a/../b' } }, 'must be a path'],
    [{ a: { issuer: '/a?b' } }, 'must be a path'],
    [{ a: { issuer: '/a%2fb' } }, 'must be a path'],
    [{ a: { issuer: '/.well-known' } }, 'must be a path'],
    [{ a: { issuer: 'https://A.example' } }, 'lower-case scheme and host'],
    [{ a: { issuer: 'https://a.example/' } }, 'without a slash at the end'],
    [{ a: { issuer: 'https://u@a.example' } }, 'must be a path'],
    [{ a: { issuer: 'http://a.example' } }, 'must be https'],
    [{ a: { issuer: '/a' }, b: { issuer: '/a' } }, 'at or below'],
    [{ a: { issuer: '/a' }, b: { issuer: '/a/b' } }, 'at or below'],
    [{ a: { issuer: 'https://a.example' }, b: { issuer: 'https://a.example/b' } }, 'at or below'],
    [{ a: { issuer: '/a', store: {} } }, 'tenants.a.store` cannot differ'],
    [{ a: { issuer: '/a', secret: 'x' } }, 'tenants.a.secret` cannot differ'],
  ])('refuse %j', (tenants, text) => {
    expect(() => of(tenants)).toThrow(text);
  });

  it('know a path below the own issuer for the address that it is', () => {
    const both = { a: { issuer: '/a' }, b: { issuer: 'https://mcp.example/a/b' } };
    expect(() => of(both, { issuer: 'https://mcp.example' })).toThrow('at or below');
  });

  it('serve nothing at the root if all of them have paths', () => {
    expect(() => of({ a: { issuer: '/a' } }, { apiRoute: '/' })).toThrow('cannot be "/"');
  });
});
