/**
 * The error classes of `@cloudflare/workers-oauth-provider`, under its names and in its shapes.
 */
import { answerTo, checkRedirectUri, type ValidRedirect } from '../model/redirect.ts';
import { OAuthError as CoreError } from '../model/error.ts';

/** Why, for logs: never sent. */
export interface OAuthErrorInternal {
  category: string;
  reason: string;
  detail?: unknown;
}

/** Details of an {@link OAuthError}. */
export interface OAuthErrorOptions {
  /** Sent as `error_description`. */
  description: string;
  /** HTTP status; 400 by default. */
  statusCode?: number;
  headers?: Record<string, string>;
  internal?: OAuthErrorInternal;
  /** Scopes in the challenge of an `insufficient_scope`. */
  requiredScopes?: string[];
}

/** Throw it in a callback to choose the error response. `invalid_grant` in `tokenExchangeCallback` ends the grant. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: string;
  readonly options: OAuthErrorOptions & { statusCode: number };
  readonly description: string;
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly requiredScopes?: string[];

  constructor(code: string, options: OAuthErrorOptions) {
    super(options.description);
    this.code = code;
    this.options = { statusCode: 400, ...options };
    this.description = options.description;
    this.statusCode = this.options.statusCode;
    if (options.headers) this.headers = options.headers;
    if (options.requiredScopes) this.requiredScopes = options.requiredScopes;
  }
}

/** Error codes of the token endpoint and of protected resources. */
export type OAuthTokenErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'invalid_target'
  | 'server_error'
  | 'temporarily_unavailable';

/** Details of an {@link ExternalTokenError}. */
export interface ExternalTokenErrorOptions {
  description: string;
  statusCode: number;
  headers?: Record<string, string>;
  requiredScopes?: string[];
}

/** Throw it in `resolveExternalToken` to choose the response. */
export class ExternalTokenError extends Error {
  override readonly name = 'ExternalTokenError';
  readonly code: OAuthTokenErrorCode;
  readonly description: string;
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly requiredScopes?: string[];

  constructor(code: OAuthTokenErrorCode, { description, statusCode, headers, requiredScopes }: ExternalTokenErrorOptions) {
    super(description);
    this.code = code;
    this.description = description;
    this.statusCode = statusCode;
    if (headers) this.headers = headers;
    if (requiredScopes) this.requiredScopes = requiredScopes;
  }
}

/** The same error for the core, which sends its text, status, headers and challenge. */
export function coreErrorOf({
  code,
  description,
  statusCode: status,
  headers,
  requiredScopes: scope,
}: OAuthError | ExternalTokenError): CoreError {
  const lower = headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const details = { hint: description, status, ...(lower ? { headers: lower } : {}), ...(scope ? { scope } : {}) };
  return new CoreError(code as CoreError['code'], 'application', details);
}

/** Error codes of an authorization request. */
export type AuthorizationErrorCode =
  | 'invalid_request'
  | 'invalid_target'
  | 'unauthorized_client'
  | 'access_denied'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'server_error'
  | 'temporarily_unavailable';

/** Details of an {@link AuthorizationError}. */
export interface AuthorizationErrorOptions {
  description: string;
  /** A verified redirect URI; without it the error belongs on a page. */
  redirectUri?: string;
  state?: string;
  issuer?: string;
  /** Where the error is sent, if that is known already. */
  redirectTo?: string;
}

/** An authorization request that cannot go on. Send the browser to `redirectTo` if it is set; else show the description. */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError';
  readonly code: AuthorizationErrorCode;
  readonly description: string;
  readonly redirectUri?: string;
  readonly state?: string;
  readonly issuer?: string;
  readonly redirectTo?: string;

  constructor(code: AuthorizationErrorCode, { description, redirectUri, state, issuer, redirectTo }: AuthorizationErrorOptions) {
    super(description);
    this.code = code;
    this.description = description;
    if (redirectUri !== undefined) this.redirectUri = redirectUri;
    if (state !== undefined) this.state = state;
    if (issuer !== undefined) this.issuer = issuer;
    const to =
      redirectTo ??
      (redirectUri === undefined
        ? undefined
        : authorizationErrorRedirect(
            { redirectUri, ...(state === undefined ? {} : { state }), ...(issuer === undefined ? {} : { issuer }) },
            code,
            description,
          ));
    if (to !== undefined) this.redirectTo = to;
  }
}

/** The metadata document of a client cannot be read or used. */
export class CimdFetchError extends Error {
  override readonly name = 'CimdFetchError';
  readonly reason = 'metadata_resolution_failed' as const;
  readonly metadataUrl: string;
  readonly detail: string;

  constructor(metadataUrl: string, cause: unknown) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    super(`The client metadata document at ${metadataUrl} cannot be used: ${detail}`, { cause });
    this.metadataUrl = metadataUrl;
    this.detail = detail;
  }
}

/** Where to send the browser with an error (RFC 6749 §4.1.2.1, RFC 9207 §2). @throws {AuthorizationError} for a redirect URI to which nothing can be sent. */
export function authorizationErrorRedirect(
  request: { redirectUri: string; state?: string; issuer?: string },
  code: AuthorizationErrorCode,
  description?: string,
): string {
  try {
    checkRedirectUri(request.redirectUri);
  } catch (error) {
    throw new AuthorizationError('invalid_request', { description: error instanceof Error ? error.message : String(error) });
  }
  return answerTo(request.redirectUri as ValidRedirect, {
    error: code,
    error_description: description?.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '').slice(0, 500) || undefined,
    state: request.state || undefined,
    iss: request.issuer,
  });
}

/** Grant types, as `tokenExchangeCallback` gets them. */
export const GrantType = {
  AUTHORIZATION_CODE: 'authorization_code',
  REFRESH_TOKEN: 'refresh_token',
  TOKEN_EXCHANGE: 'urn:ietf:params:oauth:grant-type:token-exchange',
  JWT_BEARER: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
} as const;
/** One of them. */
export type GrantType = (typeof GrantType)[keyof typeof GrantType];
/** Its members as types, as of the `enum` there. */
export declare namespace GrantType {
  type AUTHORIZATION_CODE = 'authorization_code';
  type REFRESH_TOKEN = 'refresh_token';
  type TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
  type JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
}
