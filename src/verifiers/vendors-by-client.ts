/**
 * Vendors whose access tokens need not name the MCP server: Clerk, Amazon Cognito and Supabase Auth. The OAuth clients for this server are listed
 * instead.
 */
import { checked, type Claims, hostOf, listClaim, refuse, type SourceOptions, textClaim, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link clerkTokens}. */
export interface ClerkOptions extends SourceOptions {
  /** Host of the Frontend API: `clerk.acme.example`, or `verb-noun-12.clerk.accounts.dev`. */
  readonly domain: string;
  /** OAuth applications whose tokens are accepted; a function if they register themselves. */
  readonly clientIds: readonly string[] | ((clientId: string) => boolean);
}

/**
 * OAuth access tokens of Clerk, as JWTs (a setting in its dashboard), which have no `aud`. Session tokens, which have no client, are refused.
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

/** Options of {@link cognitoTokens}. */
export interface CognitoOptions extends SourceOptions {
  /** `eu-central-1_AbCdEf123`. */
  readonly userPoolId: string;
  /** App clients whose tokens are accepted without `aud`. None by default, so that every token must name this resource. */
  readonly clientIds?: readonly string[] | undefined;
  /** Values of `aud` that are accepted. Default: the guarded resource. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of a Cognito user pool. `props.permissions` are the groups. They have `aud` only if the client requested a resource (resource
 * binding, on the Essentials plan); without it, the client's id is all that can be checked.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...cognitoTokens({ userPoolId: 'eu-central-1_AbCdEf123' }) });
 */
export function cognitoTokens(given: CognitoOptions): TokenSource {
  const { userPoolId, clientIds = [], ...options } = checked('cognitoTokens', given, 'userPoolId clientIds:string[] audience');
  const region = /^([a-z]{2}(?:-[a-z]+)+-\d)_\w+$/.exec(userPoolId ?? '')?.[1];
  if (region === undefined) refuse('cognitoTokens', 'userPoolId', 'must be the id of the pool, such as "eu-central-1_AbCdEf123"');
  return signedTokens('cognitoTokens', {
    ...options,
    issuer: `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`,
    jwksUri: `https://cognito-idp.${region}.amazonaws.com/${userPoolId}/.well-known/jwks.json`,
    algorithms: ['RS256'],
    types: ['jwt', 'at+jwt', ''], // Cognito sets no type
    ...(clientIds.length > 0 && { withoutAudience: (claims: Claims) => clientIds.includes(String(claims['client_id'])) }),
    read: (claims) => (claims['token_use'] === 'access' ? { permissions: listClaim(claims, 'cognito:groups') } : null),
  });
}

/** Options of {@link supabaseTokens}. */
export interface SupabaseOptions extends SourceOptions {
  /** `abcdefgh.supabase.co`, or your custom domain. The project needs asymmetric signing keys. */
  readonly domain: string;
  /** OAuth clients whose tokens are accepted; a function if they register themselves. */
  readonly clientIds: readonly string[] | ((clientId: string) => boolean);
}

/**
 * OAuth access tokens of a Supabase project (OAuth 2.1 server), whose audience is always `authenticated`. `props.role` is the Postgres role. Tokens of
 * the project's own app have no client, and are refused.
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
