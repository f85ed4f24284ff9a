import { describe, expect, it } from 'vitest';
import { oidc, type OidcOptions, openid } from '../../src/upstreams/oidc.ts';
import { APP, locationOf } from '../support/provider-trip.ts';

const ISSUER = 'https://id.example/tenant';
const fetcher = async (): Promise<Response> => Response.json({ issuer: ISSUER, authorization_endpoint: `${ISSUER}/a`, token_endpoint: `${ISSUER}/t`, jwks_uri: `${ISSUER}/k` }); // prettier-ignore
const make = (more: Partial<OidcOptions> = {}) => oidc({ ...APP, issuer: ISSUER, fetch: fetcher, ...more });

describe('upstreams/oidc, options', () => {
  it('asks for a name and an address, and for what the options add', async () => {
    const { searchParams: plain } = await locationOf(make());
    expect([plain.get('scope'), plain.has('prompt'), plain.has('nonce')]).toEqual(['openid email profile', false, true]);
    const { searchParams: more } = await locationOf(make({ parameters: { prompt: 'login', acr_values: 'x' }, scope: ['openid'] }));
    expect([more.get('prompt'), more.get('acr_values'), more.get('scope')]).toEqual(['login', 'x', 'openid']);
    expect(make()).toMatchObject({ id: 'oidc', label: 'single sign-on', issuer: ISSUER, site: ISSUER });
  });

  it('takes an https issuer, and plain http on this computer alone', () => {
    for (const issuer of ['https://id.example', 'https://id.example/a/', 'http://localhost:8080', 'http://127.0.0.1:1', 'http://[::1]:1'])
      expect(() => make({ issuer })).not.toThrow();
    for (const issuer of ['http://id.example', 'http://xlocalhost', 'http://localhost.evil.example', 'ftp://localhost', 'id.example', '', 'https://id.example?a=1', 'https://id.example#a'])
      expect(() => make({ issuer })).toThrow(`single sign-on: the issuer must be an https URL without query; it is ${JSON.stringify(issuer)}.`);
    expect(() => make({ issuers: 'x' } as never)).toThrow(/^oidc: `issuers` is not an option; did you mean `issuer`/);
    expect(() => make({ parameter: {} } as never)).toThrow(/^oidc: `parameter` is not an option; did you mean `parameters`/);
  }); // prettier-ignore

  it('describes a provider, which its quirks may change', () => {
    expect(openid('x', 'X', ISSUER)).toEqual({ id: 'x', label: 'X', server: { discover: ISSUER }, openid: true, scope: ['openid', 'email', 'profile'] });
    expect(openid('x', 'X', ISSUER, { scope: ['openid'], label: 'Y' })).toMatchObject({ id: 'x', label: 'Y', scope: ['openid'] });
  }); // prettier-ignore
});
