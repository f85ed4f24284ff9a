/**
 * The token endpoint's response, for every grant type (RFC 6749 §5.1).
 */
import { isEveryRoute } from '../model/resource.ts';
import type { Seconds } from '../model/store.ts';

/** The issued tokens. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly scope: readonly string[];
  readonly resource: string;
  readonly expiresAt: Seconds;
  /** Thumbprint of the key that the access token is bound to. */
  readonly jkt?: string | undefined;
  /** Type of the token, if the request could have asked for several (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string;
}

/** The JSON body. It always contains the scope, which may be less than requested. */
export function tokenAnswer(
  { accessToken, refreshToken, scope, resource, expiresAt, issuedTokenType, jkt }: IssuedTokens,
  now: Seconds,
): Record<string, unknown> {
  return {
    access_token: accessToken,
    ...(issuedTokenType === undefined ? {} : { issued_token_type: issuedTokenType }),
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: Math.max(0, expiresAt - now),
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope: scope.join(' '),
    ...(isEveryRoute(resource) ? {} : { resource }),
  };
}
