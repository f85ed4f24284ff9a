import { describe, expect, it } from 'vitest';
import { oauth2 } from '../../src/upstreams/oauth2.ts';
import { auth0, oidc, type OidcOptions, okta, openid } from '../../src/upstreams/oidc.ts';
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

  it('takes a domain without scheme and path, and says so at start-up', () => {
    for (const domain of ['https://acme.example', 'acme.example/', 'acme.example#', 'a@acme.example', 'acme.example?a', 'ac me.example', 'acme.example:443'])
      for (const [label, provider] of [['Auth0', auth0], ['Okta', okta]] as const)
        expect(() => provider({ ...APP, domain })).toThrow(new TypeError(`${label}: \`domain\` must be a host such as "acme.example", without https:// and path; it is ${JSON.stringify(domain)}.`));
    for (const domain of ['acme.example', 'Acme.Example', 'acme.example:8443']) expect([auth0({ ...APP, domain }).id, okta({ ...APP, domain }).id]).toEqual(['auth0', 'okta']);
  }); // prettier-ignore

  it('sends codes and tokens of plain OAuth 2 over TLS alone, and says at start-up which address is wrong', () => {
    const site = { ...APP, issuer: 'https://o.example', authorizationEndpoint: 'https://o.example/a', tokenEndpoint: 'https://o.example/t', profileEndpoint: 'https://o.example/me' };
    for (const name of ['authorizationEndpoint', 'tokenEndpoint', 'revocationEndpoint', 'profileEndpoint'])
      for (const url of ['http://o.example/x', 'o.example/x', '/x', 'https://o.example/x#a', 'ftp://localhost'])
        expect(() => oauth2({ ...site, [name]: url })).toThrow(new TypeError(`oauth2: \`${name}\` must be an https URL; it is ${JSON.stringify(url)}.`));
    expect(() => oauth2({ ...site, issuer: 'o.example' })).toThrow(new TypeError('oauth2: `issuer` must be a URL, such as the origin of the site; it is "o.example".'));
    expect(() => oauth2({ ...site, issuer: 'http://o.example', profileEndpoint: 'http://localhost:1/me?a=1' })).not.toThrow();
  }); // prettier-ignore

  it('describes a provider, which its quirks may change', () => {
    expect(openid('x', 'X', ISSUER)).toEqual({ id: 'x', label: 'X', server: { discover: ISSUER }, openid: true, scope: ['openid', 'email', 'profile'] });
    expect(openid('x', 'X', ISSUER, { scope: ['openid'], label: 'Y' })).toMatchObject({ id: 'x', label: 'Y', scope: ['openid'] });
  }); // prettier-ignore
});
