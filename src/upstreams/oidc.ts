/**
 * Providers of plain OpenID Connect: any by its issuer, and those that need no more than their URL and a check of the organization. Providers
 * with quirks have a file of their own.
 */
import { anyTenant } from '../lib/microsoft.ts';
import { codeFlow } from './code-flow.ts';
import { checkProvider, identityOf, isSafeUrl, type Provider, type ProviderOptions, type Upstream, UpstreamError } from './contract.ts';

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
  if (at !== undefined && !isSafeUrl(at))
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
  if (!isSafeUrl(issuer) || new URL(issuer).search !== '')
    throw new TypeError(`${label}: the issuer must be an https URL without query; it is ${JSON.stringify(issuer)}.`);
  return { id, label, server: { discover: issuer }, openid: true, scope: ['openid', 'email', 'profile'], ...quirks };
}

/** The origin of a domain. @throws {TypeError} */
function originOf(label: string, domain: string): string {
  const origin = `https://${domain}`;
  if (!URL.canParse(origin) || new URL(origin).host !== domain.toLowerCase())
    throw new TypeError(
      `${label}: \`domain\` must be a host such as "acme.example", without https:// and path; it is ${JSON.stringify(domain)}.`,
    );
  return origin;
}

/** Options of {@link auth0}. */
export interface Auth0Options extends ProviderOptions {
  /** `tenant.eu.auth0.com`, or your custom domain. */
  readonly domain: string;
  /** Identifier of an API, to get an access token for it. */
  readonly audience?: string | undefined;
  /** Id (`org_…`) or name: only its members may sign in. */
  readonly organization?: string | undefined;
  /** The connection to use, instead of Auth0's choice. */
  readonly connection?: string | undefined;
  /** The `prompt` parameter of each request, such as `select_account`. */
  readonly prompt?: string | undefined;
}

/**
 * Sign-in with Auth0. Its issuer ends with a slash, and an organization is checked at the callback.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(auth0({ domain: 'acme.eu.auth0.com', clientId: 'abc', clientSecret: (env: Env) => env.AUTH0_SECRET }))
 */
export function auth0(options: Auth0Options): Upstream {
  checkProvider('auth0', options, 'domain:string! audience:string organization:string connection:string prompt:string');
  const { domain, audience, organization, connection, prompt } = options;
  return codeFlow(
    openid('auth0', 'Auth0', `${originOf('Auth0', domain)}/`, {
      icon: 'M22 7.4 19.6 0H4.3L2 7.4c-1.3 4.4 0 9.3 3.8 12L12 24l6.2-4.6a11 11 0 0 0 3.8-12L15.8 12l2.4 7.5-6.2-4.6-6.2 4.5L8.2 12 2 7.5h7.6L12 0l2.4 7.4z',
      parameters: { audience, organization, connection, prompt },
      offline: { scope: ['offline_access'] },
      admits: ({ claims: { org_id: id, org_name: name } }) =>
        organization === undefined || id === organization || name === organization.toLowerCase(),
      identify(arrival) {
        const { org_id: id, org_name: name } = arrival.claims;
        if (organization !== undefined && id !== organization && name !== organization.toLowerCase())
          throw new UpstreamError('refused', 'organization_not_allowed');
        return identityOf(arrival);
      },
    }),
    options,
  );
}

/** Options of {@link okta}. */
export interface OktaOptions extends ProviderOptions {
  /** `acme.okta.com`, or your custom domain. */
  readonly domain: string;
  /** An authorization server instead of the org's: `default`, or its id. */
  readonly authorizationServer?: string | undefined;
}

/**
 * Sign-in with Okta (OpenID Connect), with the org's authorization server or another one.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(okta({ domain: 'acme.okta.com', clientId: 'abc', clientSecret: (env: Env) => env['OKTA_SECRET'] }))
 */
export function okta(options: OktaOptions): Upstream {
  checkProvider('okta', options, 'domain:string! authorizationServer:string');
  const { domain, authorizationServer } = options;
  return codeFlow(
    openid('okta', 'Okta', `${originOf('Okta', domain)}${authorizationServer === undefined ? '' : `/oauth2/${authorizationServer}`}`, {
      icon: 'M12 0a12 12 0 1 0 0 24 12 12 0 0 0 0-24m0 18a6 6 0 1 1 0-12 6 6 0 1 1 0 12',
      offline: { scope: ['offline_access'] },
    }),
    options,
  );
}

/** Options of {@link keycloak}. */
export interface KeycloakOptions extends ProviderOptions {
  /** `https://login.example`, with `/auth` for old versions. */
  readonly url: string;
  /** Name of the realm. */
  readonly realm: string;
}

/**
 * Sign-in with Keycloak (OpenID Connect).
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(keycloak({ url: 'https://login.acme.example', realm: 'staff', clientId: 'mcp', clientSecret: (env: Env) => env['KEYCLOAK_SECRET'] }))
 */
export function keycloak(options: KeycloakOptions): Upstream {
  checkProvider('keycloak', options, 'url:string! realm:string!');
  const issuer = `${options.url.replace(/\/$/, '')}/realms/${encodeURIComponent(options.realm)}`;
  // Without `offline_access` its refresh tokens end with the user's session there, half an hour after the last use.
  return codeFlow(
    openid('keycloak', 'Keycloak', issuer, {
      icon: 'M18.7 1.2H6.2L0 12l6.3 10.8h12.4l3.1-5.4H24V6.6h-2.2zM8.3 4.8h2.1l1 1.8-3 5.4 3 5.4-1 1.8h-2L4.1 12zm6.3 0h2l4.2 7.2-4.1 7.2h-2.1c-.4-.5-1-1.8-1-1.8l3-5.4-3-5.4z',
      offline: { scope: ['offline_access'] },
    }),
    options,
  );
}

/** Options of {@link gitlab}. */
export interface GitLabOptions extends ProviderOptions {
  /** URL of a self-managed instance; `https://gitlab.com` by default. */
  readonly issuer?: string | undefined;
}

/**
 * Sign-in with GitLab (OpenID Connect), at gitlab.com or a self-managed instance.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(gitlab({ issuer: 'https://gitlab.acme.example', clientId: 'abc', clientSecret: (env: Env) => env['GITLAB_SECRET'] }))
 */
export function gitlab(options: GitLabOptions): Upstream {
  checkProvider('gitlab', options, 'issuer');
  return codeFlow(
    openid('gitlab', 'GitLab', options.issuer ?? 'https://gitlab.com', {
      icon: 'M23.6 9.6 20.3 1a.9.9 0 0 0-1.6.1l-2.2 6.7h-9L5.3 1.1A.9.9 0 0 0 3.7 1L.4 9.5a6 6 0 0 0 2 7.1l9 6.7a1 1 0 0 0 1.2 0l9-6.7a6 6 0 0 0 2-7',
    }),
    options,
  );
}

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends ProviderOptions {
  /** "Issuer" in the dashboard: `https://<team>.cloudflareaccess.com/cdn-cgi/access/sso/oidc/<client id>`. */
  readonly issuer: string;
}

/**
 * Sign-in with Cloudflare Access (Access for SaaS, OpenID Connect), where each application has its own issuer. If your server is behind Access
 * and gets its assertion with each request, use `portcullis/verifiers` instead.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(
 *   cloudflareAccess({
 *     issuer: 'https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/abc',
 *     clientId: 'abc',
 *     clientSecret: (env: Env) => env['ACCESS_SECRET'],
 *   }),
 * )
 */
export function cloudflareAccess(options: CloudflareAccessOptions): Upstream {
  checkProvider('cloudflareAccess', options, 'issuer');
  return codeFlow(
    openid('cloudflare-access', 'Cloudflare Access', options.issuer, {
      icon: 'M16.5 16.8q.3-.8-.1-1.3t-1.1-.5H6.5l.2-.4 8.7-.1c1 0 2.2-.9 2.6-2l.5-1.5a5.7 5.7 0 0 0-11-.6 2.6 2.6 0 0 0-4 2.8A3.6 3.6 0 0 0 0 17.4h16.3zm2.8-5.5h-.4l-.3 1.3q-.2.8.1 1.3t1 .5l2 .1-.1.4-2 .1c-1 0-2.1.9-2.5 2l-.2.4h6.9a4.7 4.7 0 0 0-4.5-6.1',
    }),
    options,
  );
}
