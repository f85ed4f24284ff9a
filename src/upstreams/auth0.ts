/** Auth0 as the upstream. Its issuer ends with a slash, and an organization is checked at the callback. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, identityOf, type ProviderOptions, type Upstream, UpstreamError } from './contract.ts';
import { openid } from './oidc.ts';

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
 * Sign-in with Auth0.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(auth0({ domain: 'acme.eu.auth0.com', clientId: 'abc', clientSecret: (env: Env) => env.AUTH0_SECRET }))
 */
export function auth0(options: Auth0Options): Upstream {
  checkProvider('auth0', options, 'domain:string! audience:string organization:string connection:string prompt:string');
  const { domain, audience, organization, connection, prompt } = options;
  return codeFlow(
    openid('auth0', 'Auth0', `https://${domain}/`, {
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
