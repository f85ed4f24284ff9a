/** Any OpenID Connect provider, by discovery. The other providers in this folder are the same with a few quirks. */
import { anyTenant } from '../lib/microsoft.ts';
import { isLoopbackHost } from '../lib/url.ts';
import { codeFlow } from './code-flow.ts';
import { checkProvider, type Provider, type ProviderOptions, type Upstream } from './contract.ts';

/** The provider's issuer. */
export interface OidcOptions extends ProviderOptions {
  /** Its issuer, exactly as published: the URL before `/.well-known/openid-configuration`. */
  readonly issuer: string;
  /** URL of its discovery document, if that is not below the issuer, as with Azure AD B2C. The document must name the issuer. */
  readonly discoveryUrl?: string | undefined;
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
  checkProvider('oidc', options, 'issuer discoveryUrl:string parameters:object');
  const { issuer, discoveryUrl: at, parameters = {} } = options;
  if (at !== undefined && !isSafe(at))
    throw new TypeError(`single sign-on: \`discoveryUrl\` must be an https URL; it is ${JSON.stringify(at)}.`);
  const tenant = anyTenant(String(issuer));
  if (tenant !== undefined)
    throw new TypeError(
      `single sign-on: \`issuer\` is for users of many tenants, each with an issuer of its own; use entra({ tenant: '${tenant}', … }).`,
    );
  const provider = openid('oidc', 'single sign-on', issuer, { parameters });
  return codeFlow(at === undefined ? provider : { ...provider, server: { discover: issuer, at } }, options);
}

/** Data of an OpenID Connect provider. */
export function openid(id: string, label: string, issuer: string, quirks: Partial<Provider> = {}): Provider {
  if (!isSafe(issuer) || new URL(issuer).search !== '')
    throw new TypeError(`${label}: the issuer must be an https URL without query; it is ${JSON.stringify(issuer)}.`);
  return { id, label, server: { discover: issuer }, openid: true, scope: ['openid', 'email', 'profile'], ...quirks };
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, hash } = new URL(text);
  return hash === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname)));
}
