/**
 * Clerk as the authorization server, with OAuth access tokens as JWTs (a setting in its dashboard). They have no `aud`, so the OAuth
 * applications for this server must be listed.
 */
import { checked, hostOf, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link clerk}. */
export interface ClerkOptions extends SourceOptions {
  /** Host of the Frontend API: `clerk.acme.example`, or `verb-noun-12.clerk.accounts.dev`. */
  readonly domain: string;
  /** OAuth applications whose tokens are accepted; a function if they register themselves. */
  readonly clientIds: readonly string[] | ((clientId: string) => boolean);
}

/**
 * OAuth access tokens of Clerk. Session tokens, which have no client, are refused.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...clerkTokens({ domain: 'clerk.acme.example', clientIds: ['abc'] }) });
 */
export function clerkTokens(given: ClerkOptions): TokenSource {
  const { domain, clientIds, ...options } = checked('clerkTokens', given, 'domain clientIds:string[]|function');
  if (!clientIds?.length && typeof clientIds !== 'function')
    refuse(
      'clerkTokens',
      'clientIds',
      'must list the OAuth applications whose tokens are for this server: tokens of Clerk have no audience',
    );
  const accepts = (id: string): boolean => (typeof clientIds === 'function' ? clientIds(id) === true : clientIds.includes(id));
  const issuer = `https://${hostOf('clerkTokens', 'domain', domain)}`;
  return signedTokens('clerkTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/.well-known/jwks.json`,
    types: ['at+jwt', 'jwt'],
    withoutAudience: (claims) => typeof claims['client_id'] === 'string' && accepts(claims['client_id']),
    read: (claims) => (textClaim(claims, 'sub')?.startsWith('mch_') ? { program: true } : {}), // a machine
  });
}
