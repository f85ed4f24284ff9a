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
