/** Any OpenID Connect provider, found by discovery. What the others in this folder need is the same with a quirk or two. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type Provider, type ProviderOptions, type Upstream } from './contract.ts';

/** Where the provider is. */
export interface OidcOptions extends ProviderOptions {
  /** Its issuer, as it says it itself: the URL before `/.well-known/openid-configuration`. */
  readonly issuer: string;
  /** More parameters of the authorization request: `prompt`, `acr_values` … */
  readonly parameters?: { readonly [name: string]: string };
}

/** A provider by its issuer. @throws {TypeError} for an issuer that cannot be one. */
export function oidc(options: OidcOptions): Upstream {
  checkProvider('oidc', options, 'issuer parameters');
  return codeFlow(openid('oidc', 'single sign-on', options.issuer, { parameters: options.parameters ?? {} }), options);
}

/** The data of an OpenID Connect provider. */
export function openid(id: string, label: string, issuer: string, quirks: Partial<Provider> = {}): Provider {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const isLocal = url?.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (!url || (url.protocol !== 'https:' && !isLocal) || url.search !== '' || url.hash !== '')
    throw new TypeError(`${label}: the issuer must be an https URL without query; it is ${JSON.stringify(issuer)}.`);
  return { id, label, server: { discover: issuer }, openid: true, scope: ['openid', 'email', 'profile'], ...quirks };
}
