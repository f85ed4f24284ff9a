/**
 * Scalekit as the authorization server. Clients find it under the *resource's* address, its tokens bear the environment's.
 */
import { hostOf, listClaim, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { verifyJwt } from './jwt.ts';

/** Options of {@link scalekit}. */
export interface ScalekitOptions extends SourceOptions {
  /** The environment: `acme.scalekit.com`. */
  readonly domain: string;
  /** The id of the MCP server as a resource: `res_…`. */
  readonly resourceId: string;
}

/** Access tokens of Scalekit, for the resource's id or its URL. `props.permissions` holds its permissions, `props.organization` the organization. */
export function scalekit({ domain, resourceId, ...options }: ScalekitOptions): TokenSource {
  const environment = `https://${hostOf('scalekit', 'domain', domain)}`;
  if (!/^res_\w+$/.test(resourceId ?? '')) refuse('scalekit', 'resourceId', 'must be the id of the resource, such as "res_123"');
  const source = verifyJwt({
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
