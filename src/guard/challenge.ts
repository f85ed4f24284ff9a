/**
 * Challenge: how a protected resource says no (RFC 6750 §3, RFC 9728 §5.1, MCP "Protected Resource Metadata Discovery").
 */
import { json, quoted } from '../lib/http.ts';
import { OAuthError } from '../model/error.ts';

/** What a challenge tells. */
export interface Challenge {
  /** Where the resource's metadata stands. */
  readonly metadataUrl: string;
  /** All scopes that this operation needs, at once. */
  readonly scope: readonly string[];
}

/** 401: no token was sent (no `error` then), or one that is not good. */
export function unauthorized(challenge: Challenge, sent: boolean): Response {
  const error = new OAuthError('invalid_token', 'token_refused');
  const body = sent ? { error: error.code, error_description: error.message } : { error_description: 'This server needs an access token.' };
  return json(body, 401, { 'www-authenticate': headerOf(challenge, sent ? error.code : null) });
}

/** 403: the token is good and lacks a scope; names every scope of the operation (RFC 6750 §3.1). */
export function insufficientScope(challenge: Challenge): Response {
  const error = new OAuthError('insufficient_scope', 'scope_missing');
  return json({ error: error.code, error_description: error.message, scope: challenge.scope.join(' ') }, 403, {
    'www-authenticate': headerOf(challenge, error.code),
  });
}

/** 503: the token could not be checked. Never 401, on which clients throw their tokens away. */
export function unavailable(): Response {
  const error = new OAuthError('temporarily_unavailable', 'verify_failed');
  return json({ error: error.code, error_description: error.message }, 503, { 'retry-after': '2' });
}

function headerOf({ metadataUrl, scope }: Challenge, error: string | null): string {
  const parameters = [
    error && `error=${quoted(error)}`,
    `resource_metadata=${quoted(metadataUrl)}`,
    scope.length > 0 && `scope=${quoted(scope.join(' '))}`,
  ];
  return `Bearer ${parameters.filter((one) => typeof one === 'string').join(', ')}`;
}
