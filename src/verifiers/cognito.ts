/**
 * Amazon Cognito as the authorization server. Its access tokens have `aud` only if the client requested a resource (resource binding, on the
 * Essentials plan); without it, the client's id is all that can be checked, and must be listed.
 */
import { checked, listClaim, refuse, type Claims, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link cognito}. */
export interface CognitoOptions extends SourceOptions {
  /** `eu-central-1_AbCdEf123`. */
  readonly userPoolId: string;
  /** App clients whose tokens are accepted without `aud`. None by default, so that every token must name this resource. */
  readonly clientIds?: readonly string[] | undefined;
  /** Values of `aud` that are accepted. Default: the guarded resource. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of a Cognito user pool. `props.permissions` are the groups.
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
