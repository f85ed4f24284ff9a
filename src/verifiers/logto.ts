/**
 * Logto as the authorization server. Its tokens are JWTs only for a registered API resource: make one with the MCP URL.
 */
import { hostOf, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { verifyJwt } from './jwt.ts';

/** Options of {@link logto}. */
export interface LogtoOptions extends SourceOptions {
  /** The tenant's endpoint without `https://`: `acme.logto.app`. */
  readonly domain: string;
  /** The API resource's indicator. Default: the guarded resource itself. */
  readonly audience?: string | readonly string[];
}

/** Access tokens of Logto. Its permissions are scopes; `props.organization` is the organization's id. */
export function logto({ domain, ...options }: LogtoOptions): TokenSource {
  const issuer = `https://${hostOf('logto', 'domain', domain)}/oidc`;
  return verifyJwt({
    ...options,
    issuer,
    jwksUri: `${issuer}/jwks`,
    read: (claims) => ({ props: { organization: textClaim(claims, 'organization_id') } }),
  });
}
