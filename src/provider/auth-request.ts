/**
 * Auth request: an authorization request and its error, for applications that render their own pages.
 */
import { answerTo, checkRedirectUri, type ValidRedirect } from '../model/redirect.ts';
import { isLoopbackRedirect } from '../lib/url.ts';
import { OAuthError, textOf } from '../model/error.ts';
import type { RequestedScope } from '../model/scope.ts';

/** An authorization request that passed every check. */
export interface AuthRequest extends RequestedScope {
  readonly responseType: 'code';
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly codeChallenge: string;
  readonly codeChallengeMethod: 'S256';
  readonly resource: string;
  /** Thumbprint of the key that the code will be bound to. */
  readonly dpopJkt?: string;
  readonly issuer: string;
  /** The pages that the client asks for (OpenID Connect Core §3.1.2.1): `login`, `consent`, `select_account`, or only `none`. */
  readonly prompt?: readonly string[];
  /** True for clients that the operator entered. All others registered themselves: an error must not redirect the browser to them. */
  readonly clientIsKnown?: true;
}

/**
 * An invalid authorization request: an error to show on your page, or to send to the client if `redirectTo` is set (RFC 6749 §4.1.2.1).
 *
 * @example
 * try {
 *   await env.OAUTH_PROVIDER.parseAuthRequest(new Request('https://mcp.example/authorize'));
 * } catch (error) {
 *   if (!(error instanceof AuthorizationError)) throw error;
 *   if (error.redirectTo) Response.redirect(error.redirectTo, 303);
 *   else new Response(error.message, { status: 400 });
 * }
 */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError';
  readonly code: string;
  /** The URL that sends the error to the client; absent if no redirect URI is verified, and the error belongs on a page. */
  readonly redirectTo?: string;
  /**
   * The same for a client that registered itself, as a link on your page: "Back to" and its host. Never redirect there: the user has
   * not seen a page yet, and anyone can register a client (RFC 9700 §4.11.2).
   */
  readonly backTo?: string;
  constructor(code: string, message: string, { redirectTo, backTo }: { readonly redirectTo?: string; readonly backTo?: string } = {}) {
    super(message);
    this.code = code;
    if (redirectTo !== undefined) this.redirectTo = redirectTo;
    if (backTo !== undefined) this.backTo = backTo;
  }
}

/**
 * Makes the URL that sends an error to the client, with its exact `state` and our `iss` (RFC 6749 §4.1.2.1, RFC 9207 §2).
 *
 * @param request from a helper, which has checked its redirect URI. Never build one from a form.
 * @param code `access_denied`, `login_required`, `temporarily_unavailable` …
 * @param description for the client's developer; characters outside printable ASCII are removed.
 * @throws {AuthorizationError} if nothing may be sent to the redirect URI; for `login_required` to a client that registered itself,
 * with `backTo` for a link, because the user has not seen a page.
 * @example
 * const { request, headers } = await env.OAUTH_PROVIDER.denyConsent(new Request('https://mcp.example/consent', { method: 'POST' }), 'handle');
 * headers.set('location', authorizationErrorRedirect(request, 'access_denied', 'The user denied the request.'));
 */
export function authorizationErrorRedirect(request: AuthRequest, code: string, description?: string): string {
  try {
    checkRedirectUri(request.redirectUri);
  } catch (error) {
    if (error instanceof OAuthError) throw new AuthorizationError(error.code, error.message);
    throw error;
  }
  const text = description?.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '').slice(0, 500);
  const location = answerTo(request.redirectUri as ValidRedirect, {
    error: code,
    error_description: text || undefined,
    state: request.state || undefined,
    iss: request.issuer,
  });
  if (code === 'login_required' && request.clientIsKnown !== true && !isLoopbackRedirect(request.redirectUri))
    throw new AuthorizationError(code, textOf(code), { backTo: location });
  return location;
}

/** Runs a helper; an `OAuthError` becomes an {@link AuthorizationError} with what an honest caller may know. */
export async function onPage<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (error) {
    throw error instanceof OAuthError && error.status < 500 ? new AuthorizationError(error.code, error.message) : error;
  }
}
