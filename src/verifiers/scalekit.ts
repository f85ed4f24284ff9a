/**
 * Scalekit as the authorization server. Clients discover it under the *resource's* URL; its tokens have the environment's issuer.
 */
import { checked, hostOf, listClaim, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link scalekit}. */
export interface ScalekitOptions extends SourceOptions {
  /** Host of the environment: `acme.scalekit.com`. */
  readonly domain: string;
  /** Id of the MCP server as a resource: `res_…`. */
  readonly resourceId: string;
}

/**
 * Access tokens of Scalekit, for the resource's id or URL. `props.permissions` are its permissions, `props.organization` is the organization.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...scalekitTokens({ domain: 'acme.scalekit.com', resourceId: 'res_123' }) });
 */
export function scalekitTokens(given: ScalekitOptions): TokenSource {
  const { domain, resourceId, ...options } = checked('scalekitTokens', given, 'domain resourceId');
  const environment = `https://${hostOf('scalekitTokens', 'domain', domain)}`;
  if (!/^res_\w+$/.test(resourceId ?? '')) refuse('scalekitTokens', 'resourceId', 'must be the id of the resource, such as "res_123"');
  const source = signedTokens('scalekitTokens', {
    ...options,
    issuer: environment,
    jwksUri: `${environment}/keys`,
    audience: resourceId,
    types: ['at+jwt', 'jwt'],
    read: (claims) => ({
      scope: [...listClaim(claims, 'scope'), ...listClaim(claims, 'scopes')],
      permissions: listClaim(claims, 'permissions'),
      props: { organization: textClaim(claims, 'oid') },
    }),
  });
  return { ...source, authorizationServers: [`${environment}/resources/${resourceId}`] };
}
