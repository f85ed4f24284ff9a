/** Auth0 as the upstream. Its issuer ends with a slash, and an organization is checked at the callback. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, identityOf, type ProviderOptions, type Upstream, UpstreamError } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link auth0}. */
export interface Auth0Options extends ProviderOptions {
  /** `tenant.eu.auth0.com`, or your custom domain. */
  readonly domain: string;
  /** Identifier of an API, to get an access token for it. */
  readonly audience?: string;
  /** Id (`org_…`) or name: only its members may sign in. */
  readonly organization?: string;
  /** The connection to use, instead of Auth0's choice. */
  readonly connection?: string;
  /** The `prompt` parameter of each request, such as `select_account`. */
  readonly prompt?: string;
}

/**
 * Sign-in with Auth0.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(auth0({ domain: 'acme.eu.auth0.com', clientId: 'abc', clientSecret: (env: Env) => env.AUTH0_SECRET }))
 */
export function auth0(options: Auth0Options): Upstream {
  checkProvider('auth0', options, 'domain audience organization connection prompt');
  const { domain, audience, organization, connection, prompt } = options;
  return codeFlow(
    openid('auth0', 'Auth0', `https://${domain}/`, {
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
