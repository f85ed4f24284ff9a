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
  /** What the client says of pages (OpenID Connect Core §3.1.2.1): `login`, `consent`, `select_account`, or `none` alone. */
  readonly prompt?: readonly string[];
  /** Set for clients that the operator entered: all others registered themselves, and an error must not redirect the browser there. */
  readonly clientIsKnown?: true;
}

/** An error to show, or to send to the client where `redirectTo` is given. */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError';
  readonly code: string;
  /** The URL that sends the error to the client; absent if no redirect URI is verified, and the error belongs on a page. */
  readonly redirectTo?: string;
  /**
   * The same for a client that registered itself: the address of a link on your page, "Back to" its host. Never redirect there: no
   * person has seen a page yet, and anyone can register a client (RFC 9700 §4.11.2).
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
 * Where to send the browser to tell the client of an error, with its exact `state` and our `iss` (RFC 6749 §4.1.2.1, RFC 9207 §2).
 *
 * @param request one that a helper gave: its redirect URI was found registered. Never one put together from a form.
 * @param code `access_denied`, `login_required`, `temporarily_unavailable` …
 * @param description plain ASCII for the client's developer; what may not stand there is left out.
 * @throws {AuthorizationError} if nothing can be sent to the redirect URI; and for `login_required` to a client that
 * registered itself, with `backTo` for a link: no person has seen a page.
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

/** Runs a verb of the helpers: what an honest caller may know comes as an {@link AuthorizationError}. */
export async function onPage<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (error) {
    throw error instanceof OAuthError && error.status < 500 ? new AuthorizationError(error.code, error.message) : error;
  }
}
