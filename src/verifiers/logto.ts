/**
 * Logto as the authorization server. Its tokens are JWTs only for a registered API resource: create one with the MCP URL.
 */
import { checked, hostOf, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link logto}. */
export interface LogtoOptions extends SourceOptions {
  /** The tenant's endpoint without `https://`: `acme.logto.app`. */
  readonly domain: string;
  /** Indicator of the API resource; the guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of Logto. Its permissions are scopes; `props.organization` is the organization's id.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...logtoTokens({ domain: 'acme.logto.app' }) });
 */
export function logtoTokens(given: LogtoOptions): TokenSource {
  const { domain, ...options } = checked('logtoTokens', given, 'domain audience');
  const issuer = `https://${hostOf('logtoTokens', 'domain', domain)}/oidc`;
  return signedTokens('logtoTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/jwks`,
    read: (claims) => ({ props: { organization: textClaim(claims, 'organization_id') } }),
  });
}
