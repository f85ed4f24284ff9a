/** Any OpenID Connect provider, by discovery. The other providers in this folder are the same with a few quirks. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type Provider, type ProviderOptions, type Upstream } from './contract.ts';

/** The provider's issuer. */
export interface OidcOptions extends ProviderOptions {
  /** Its issuer, exactly as published: the URL before `/.well-known/openid-configuration`. */
  readonly issuer: string;
  /** Extra parameters of the authorization request: `prompt`, `acr_values` … */
  readonly parameters?: { readonly [name: string]: string } | undefined;
}

/**
 * Sign-in with any OpenID Connect provider.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(oidc({ issuer: 'https://id.example', clientId: 'abc', clientSecret: (env: Env) => env.ID_SECRET }))
 */
export function oidc(options: OidcOptions): Upstream {
  checkProvider('oidc', options, 'issuer parameters:object');
  return codeFlow(openid('oidc', 'single sign-on', options.issuer, { parameters: options.parameters ?? {} }), options);
}

/** Data of an OpenID Connect provider. */
export function openid(id: string, label: string, issuer: string, quirks: Partial<Provider> = {}): Provider {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const isLocal = url?.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (!url || (url.protocol !== 'https:' && !isLocal) || url.search !== '' || url.hash !== '')
    throw new TypeError(`${label}: the issuer must be an https URL without query; it is ${JSON.stringify(issuer)}.`);
  return { id, label, server: { discover: issuer }, openid: true, scope: ['openid', 'email', 'profile'], ...quirks };
}
