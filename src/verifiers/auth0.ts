/**
 * Auth0 as the authorization server. Its issuer ends with a slash. Roles become `permissions` if "Enable RBAC" and "Add Permissions in the
 * Access Token" are on for the API. The API's identifier must be the URL of your MCP server, and the tenant needs the Resource Parameter
 * Compatibility Profile, or Auth0 gives clients tokens for its own userinfo endpoint.
 */
import { checked, hostOf, listClaim, textClaim, type Claims, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link auth0}. */
export interface Auth0Options extends SourceOptions {
  /** The tenant: `acme.eu.auth0.com`, or your custom domain. */
  readonly domain: string;
  /** The API's identifier; the guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of an Auth0 tenant. `props.permissions` are those of RBAC, `props.organization` is the organization's id.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...auth0Tokens({ domain: 'acme.eu.auth0.com' }) });
 */
export function auth0Tokens(given: Auth0Options): TokenSource {
  const { domain, ...options } = checked('auth0Tokens', given, 'domain audience');
  return signedTokens('auth0Tokens', {
    ...options,
    issuer: `https://${hostOf('auth0Tokens', 'domain', domain)}/`,
    algorithms: ['RS256', 'PS256'],
    types: ['at+jwt', 'jwt'], // the older of its two token formats uses "JWT"
    read: (claims) => ({
      permissions: listClaim(claims, 'permissions'),
      ...(isProgram(claims) && { program: true }),
      props: { organization: textClaim(claims, 'org_id') },
    }),
  });
}

/** Whether it is a machine-to-machine application: its `sub` is the client's id with the suffix `@clients`. */
function isProgram(claims: Claims): boolean {
  return claims['gty'] === 'client-credentials' || textClaim(claims, 'sub')?.endsWith('@clients') === true;
}
