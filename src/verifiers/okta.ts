/**
 * Okta as the authorization server: a custom one (also "default"), because the org server's tokens are for Okta only. The client is in `cid`,
 * scopes in `scp`, the user name in `sub` and the stable id in `uid`.
 */
import { checked, hostOf, listClaim, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link okta}. */
export interface OktaOptions extends SourceOptions {
  /** `acme.okta.com`, or your custom domain. */
  readonly domain: string;
  /** Id of the custom authorization server; `default` by default. */
  readonly authorizationServer?: string | undefined;
  /** As configured at the authorization server (`api://default`); the guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of Okta. `props.permissions` are the groups, if the server adds a claim `groups`.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...oktaTokens({ domain: 'acme.okta.com', audience: 'api://default' }) });
 */
export function oktaTokens(given: OktaOptions): TokenSource {
  const {
    domain,
    authorizationServer = 'default',
    ...options
  } = checked('oktaTokens', given, 'domain authorizationServer:string audience');
  if (!/^\w+$/.test(authorizationServer))
    refuse('oktaTokens', 'authorizationServer', 'must be the id of a custom authorization server, such as "default"');
  const issuer = `https://${hostOf('oktaTokens', 'domain', domain)}/oauth2/${authorizationServer}`;
  return signedTokens('oktaTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/v1/keys`,
    algorithms: ['RS256'],
    types: ['at+jwt', 'okta-internal-at+jwt', 'jwt'],
    read: (claims) => {
      const clientId = textClaim(claims, 'cid');
      if (clientId === undefined) return null; // an ID token has none
      return {
        userId: textClaim(claims, 'uid') ?? textClaim(claims, 'sub'),
        clientId,
        scope: listClaim(claims, 'scp'),
        permissions: listClaim(claims, 'groups'),
        program: claims['uid'] === undefined || claims['sub'] === clientId, // only users have a uid
      };
    },
  });
}
