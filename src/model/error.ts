/**
 * The one error class of the protocol: a public text that helps an honest client without helping an attacker, and a private reason for the
 * operator. Rendered in three places only: JSON (`server`), redirect (`model/pending-authorization`), challenge (`guard/answers`).
 */

/** Error codes on the wire (RFC 6749 §5.2, 6750 §3.1, 7591 §3.2.2, 8707 §2, 9449 §5, §8, 8628 §3.5, OpenID Connect Core §3.1.2.6). */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'access_denied'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token';

/** Codes that a guard answers with. */
export type GuardErrorCode = 'invalid_token' | 'insufficient_scope' | 'temporarily_unavailable' | 'invalid_dpop_proof' | 'use_dpop_nonce';

/** Their texts, apart from the others: a guard without a server holds these alone. */
export const GUARD_TEXTS: { readonly [code in GuardErrorCode]: string } = {
  invalid_token: 'The access token is missing, expired, revoked, or not for this resource.',
  insufficient_scope: 'The access token lacks a scope that this operation needs.',
  temporarily_unavailable: 'The server cannot answer right now. Try again shortly.',
  invalid_dpop_proof: 'The DPoP proof is missing, malformed, used before, or not for this request.',
  use_dpop_nonce: 'The DPoP proof must contain the nonce of this response.',
};

const TEXTS: { readonly [code in Exclude<ErrorCode, GuardErrorCode>]: string } = {
  invalid_request: 'The request is missing a parameter, repeats one, or has one with a wrong value.',
  invalid_client: 'The client is unknown or did not authenticate as it registered.',
  invalid_grant: 'The code or refresh token is not valid for this request. Start the authorization again.',
  invalid_scope: 'The scope is unknown, malformed, or wider than what was granted.',
  invalid_target: 'The resource is not one that this server issues tokens for.',
  unauthorized_client: 'The client is not registered for this grant type.',
  unsupported_grant_type: 'This grant type is not supported.',
  unsupported_response_type: 'Only the response type "code" is supported.',
  unsupported_token_type: 'This kind of token cannot be revoked here.',
  request_not_supported: 'Request objects are not supported.',
  request_uri_not_supported: 'Request URIs are not supported.',
  access_denied: 'The user or the server denied the request.',
  login_required: 'No user is signed in, and the request does not allow a page to be shown.',
  consent_required: 'The user has to be asked, and the request does not allow a page to be shown.',
  interaction_required: 'The user has to choose, and the request does not allow a page to be shown.',
  server_error: 'The server met an unexpected condition.',
  invalid_redirect_uri: 'A redirect URI must be https, or http on localhost, 127.0.0.1 or [::1], without fragment or user name.',
  authorization_pending: 'The user has not decided yet. Ask again after the interval.',
  slow_down: 'The device polls too often. Wait five seconds longer between two requests.',
  expired_token: 'The device code has expired. Start again with a new one.',
  invalid_client_metadata: 'A value of the client metadata is not acceptable.',
};

/** The public text of a code. */
export function textOf(code: ErrorCode): string {
  return code in GUARD_TEXTS ? GUARD_TEXTS[code as GuardErrorCode] : TEXTS[code as keyof typeof TEXTS];
}

/** Optional details of an error. */
export interface ErrorDetails {
  /** HTTP status if it is not the default of the code. */
  readonly status?: number;
  /** A more helpful public text; must not contain input. */
  readonly hint?: string;
  /** Extra response headers (`Retry-After`, `WWW-Authenticate`). */
  readonly headers?: { readonly [name: string]: string };
  /** Scopes in the challenge of an `insufficient_scope`. */
  readonly scope?: readonly string[];
  readonly cause?: unknown;
}

/**
 * An OAuth error response (RFC 6749 §5.2). The code is sent to the client, the reason only to the `on` listener.
 *
 * @example
 * throw new OAuthError('invalid_grant', 'customer_left', { hint: 'This customer has ended the contract.' });
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: ErrorCode;
  /** Why, in one snake_case word, for the `on` listener; never on the wire. */
  readonly reason: string;
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly scope?: readonly string[];

  /** @param code goes on the wire. @param reason goes to the `on` listener only. */
  constructor(code: ErrorCode, reason: string, details: ErrorDetails = {}) {
    if (typeof reason !== 'string')
      throw new TypeError(
        'OAuthError takes the code and a reason, such as new OAuthError("invalid_grant", "customer_left"), and then { status, hint, headers }.',
      );
    super(details.hint ?? textOf(code), details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.reason = reason;
    this.status = details.status ?? STATUS[code] ?? 400;
    this.headers = details.headers ?? {};
    if (details.scope !== undefined) this.scope = details.scope;
  }
}

const STATUS: { readonly [code in ErrorCode]?: number } = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  server_error: 500,
  temporarily_unavailable: 503,
};

/** Whether an error is the server's own failure, so that the same request may succeed later. */
export function isOutage(error: unknown): error is OAuthError {
  return error instanceof OAuthError && error.code === 'temporarily_unavailable';
}
