/** Keycloak: each realm is an issuer. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { openid } from './oidc.ts';

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
  checkProvider('keycloak', options, 'url realm');
  const issuer = `${options.url.replace(/\/$/, '')}/realms/${encodeURIComponent(options.realm)}`;
  // Without `offline_access` its refresh tokens end with the user's session there, half an hour after the last use.
  return codeFlow(openid('keycloak', 'Keycloak', issuer, { offline: { scope: ['offline_access'] } }), options);
}
