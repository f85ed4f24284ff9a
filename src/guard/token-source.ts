/**
 * The token of a request, and who verifies it. `guard({ resource, ...auth0({ domain }) })`: a token source is the issuers whose tokens a guard
 * accepts, and their verifier; `portcullis/verifiers` makes them for other authorization servers. Nothing is verified here.
 */
import type { Checked, Tell } from '../model/access.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Scheme } from './answers.ts';

const BEARER = /^(bearer|dpop)[ \t]+([\x21-\x7e]+)[ \t]*$/i;
const BEARER_LENGTH = 'bearer'.length;
const MAX_TOKEN_LENGTH = 8192;

/** What a request shows of a token. */
export interface PresentedToken {
  readonly token: string | undefined;
  /** Whether a token was sent at all: the challenge then says what was wrong with it. */
  readonly sent: boolean;
  readonly scheme: Scheme;
}

/** The token of an `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1). Tokens of other servers may contain any visible character. */
export function bearerOf(request: Request): PresentedToken {
  const header = request.headers.get('authorization');
  if (header === null) return { token: undefined, sent: false, scheme: 'Bearer' };
  const [, bearer = '', token] = (header.length <= MAX_TOKEN_LENGTH && BEARER.exec(header)) || [];
  if (bearer.length === BEARER_LENGTH) return { token, sent: true, scheme: 'Bearer' };
  return { token, sent: /^(?:bearer|dpop)\b/i.test(header), scheme: /^dpop/i.test(header) ? 'DPoP' : 'Bearer' };
}

/** A token from another header. */
export function given(token: string | null): PresentedToken {
  return {
    token: token !== null && token !== '' && token.length <= MAX_TOKEN_LENGTH ? token : undefined,
    sent: token !== null,
    scheme: 'Bearer',
  };
}

/**
 * Verifies a token for a resource; null if it is invalid there. Rejects if it cannot be checked.
 *
 * @param tell called with the reason for a null, for the operator. @param call the call that presents the token.
 * @throws {OAuthError} to choose the response: with a status below 500, its code, text and headers are sent, with a challenge.
 */
export type Verifier = (token: string, resource: string, tell?: Tell, call?: VerifiedCall) => Awaitable<Checked | null>;

/** The call that presents a token. */
export interface VerifiedCall {
  /** Method, URL and headers. The body is left to the handler. */
  readonly request: Request;
  /** The environment of the Worker, or what `serve` was given. */
  readonly env: unknown;
}

/** The call of a request, which is copied without its body when it is first needed. */
export function callOf(asked: Request, env: unknown): VerifiedCall {
  return new GuardedCall(asked, env);
}

/** A class: V8 keeps the accessors of an object literal, with all that they refer to, until its next full collection. */
class GuardedCall implements VerifiedCall {
  readonly env: unknown;
  readonly #asked: Request;

  constructor(asked: Request, env: unknown) {
    this.env = env;
    this.#asked = asked;
  }

  get request(): Request {
    const { url, method, headers } = this.#asked;
    return new Request(url, { method, headers });
  }
}

/** Which tokens belong to a source. No other source gets them. */
export interface OwnTokens {
  /** The prefix of its tokens. A token with this prefix belongs to the source, whatever its content. */
  readonly prefix?: string | undefined;
  /** Values of `iss` in signed tokens, or a function that recognizes one in claims that are not verified yet. */
  readonly issuers?: readonly string[] | ((claims: { readonly [claim: string]: unknown }) => boolean);
  /** Whether its tokens may also be opaque: neither signed nor marked by a prefix. */
  readonly opaque?: boolean;
}

/** A verifier with the issuers of its tokens. */
export interface TokenSource {
  /** Issuers as in their own metadata, for the protected resource metadata. */
  readonly authorizationServers: readonly string[];
  readonly verify: Verifier;
  /** Which tokens it gets; needed for `anyOf`. */
  readonly own?: readonly OwnTokens[];
  /**
   * The value that its tokens name in place of the guarded resource, with the issuer: a client, a project. Such a token is valid at every
   * resource that the source guards, so it may guard only one.
   */
  readonly fixedAudience?: readonly string[];
}
