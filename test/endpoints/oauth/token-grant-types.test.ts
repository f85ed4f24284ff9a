import { describe, expect, it } from 'vitest';
import { type Caller, NO_CLIENT } from '../../../src/clients/caller.ts';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { findGrantType } from '../../../src/endpoints/oauth/token.ts';
import { rareGrantTypes } from '../../../src/provider/rare-grants.ts';
import { paramsOf } from '../../../src/model/params.ts';
import type { Settings } from '../../../src/model/settings.ts';

const urn = (name: string): string => `urn:ietf:params:oauth:grant-type:${name}`;
const ALL = {
  paths: { deviceAuthorization: '/device' },
  tokenExchange: {},
  trustedIssuers: [{}],
  issuerFinder: null,
} as unknown as Settings;
const FEW = { paths: { deviceAuthorization: null }, tokenExchange: null, trustedIssuers: [], issuerFinder: null } as unknown as Settings;
const PUBLIC: Caller = { kind: 'public', clientId: 'client' };

/** Why a request without any parameter of its own is refused: each grant type misses something else. */
const MISSES: readonly (readonly [string, string])[] = [
  ['authorization_code', 'missing_code'],
  ['refresh_token', 'missing_refresh_token'],
  ['client_credentials', 'client_unproven'],
  [urn('device_code'), 'missing_device_code'],
  [urn('token-exchange'), 'client_unproven'],
  [urn('jwt-bearer'), 'missing_assertion'],
];

describe('endpoints/oauth/token: grant types', () => {
  it.each(MISSES)('runs %s by its name', async (name, reason) => {
    const give = findGrantType(name, ALL, rareGrantTypes)?.give(
      paramsOf(new Map()),
      PUBLIC,
      { settings: ALL } as AuthServer,
      new Request('https://mcp.example/token'),
    );
    await expect(give).rejects.toMatchObject({ reason });
  });

  it('lets a caller that is no client use a JWT bearer assertion only (RFC 7523 §2.1)', () => {
    const names = MISSES.map(([name]) => name);
    expect(names.filter((name) => findGrantType(name, ALL, rareGrantTypes)?.needsNoClient === true)).toEqual([urn('jwt-bearer')]);
    expect(NO_CLIENT).toEqual({ kind: 'absent', clientId: '' });
  });

  it('has no grant type that is not offered, or that no one knows', () => {
    const found = (settings: Settings): readonly string[] => MISSES.map(([name]) => name).filter((name) => findGrantType(name, settings, rareGrantTypes) !== undefined); // prettier-ignore
    expect(found(FEW)).toEqual(['authorization_code', 'refresh_token', 'client_credentials']);
    expect(found(ALL)).toHaveLength(6);
    expect(MISSES.map(([name]) => name).filter((name) => findGrantType(name, ALL))).toEqual([
      'authorization_code',
      'refresh_token',
      'client_credentials',
    ]); // without them
    for (const name of ['', 'password', 'implicit', '__proto__', 'Authorization_Code'])
      expect(findGrantType(name, ALL, rareGrantTypes)).toBeUndefined();
  });
});
