/**
 * Parses the token that a request presents, and its scheme. Verifies nothing.
 */
import type { Scheme } from './challenge.ts';

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
