/**
 * Supabase Auth as the authorization server (OAuth 2.1 server). Its audience is always `authenticated`, so the clients for this server must
 * be listed. Tokens of the project's own app have no client, and are refused.
 */
import { checked, hostOf, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link supabase}. */
export interface SupabaseOptions extends SourceOptions {
  /** `abcdefgh.supabase.co`, or your custom domain. The project needs asymmetric signing keys. */
  readonly domain: string;
  /** OAuth clients whose tokens are accepted; a function if they register themselves. */
  readonly clientIds: readonly string[] | ((clientId: string) => boolean);
}

/**
 * OAuth access tokens of a Supabase project. `props.role` is the Postgres role.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...supabaseTokens({ domain: 'abcdefgh.supabase.co', clientIds: ['abc'] }) });
 */
export function supabaseTokens(given: SupabaseOptions): TokenSource {
  const { domain, clientIds, ...options } = checked('supabaseTokens', given, 'domain clientIds:string[]|function');
  if (!clientIds?.length && typeof clientIds !== 'function')
    refuse(
      'supabaseTokens',
      'clientIds',
      'must list the OAuth clients whose tokens are for this server: all tokens of a project have the same audience',
    );
  const accepts = (id: string): boolean => (typeof clientIds === 'function' ? clientIds(id) === true : clientIds.includes(id));
  const issuer = `https://${hostOf('supabaseTokens', 'domain', domain)}/auth/v1`;
  return signedTokens('supabaseTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/.well-known/jwks.json`,
    audience: 'authenticated',
    types: ['jwt', 'at+jwt'],
    read: (claims) => {
      const clientId = textClaim(claims, 'client_id');
      return clientId !== undefined && accepts(clientId)
        ? { clientId, ...(claims['role'] === 'service_role' && { program: true }), props: { role: textClaim(claims, 'role') } }
        : null;
    },
  });
}
