/** Reads JWT payloads without verification: before it, or if TLS to the token endpoint is the proof (OpenID Connect Core §3.1.3.7, 6). */
import { fromBase64url, fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { type Body, bodyOf, UpstreamError } from './contract.ts';

const MAX_DEPTH = 16;

/** The unverified claims of a JWT. @throws {UpstreamError} if it is not one. */
export function unverifiedClaims(token: unknown): Body {
  let claims: unknown;
  try {
    const bytes = fromBase64url(String(token).split('.')[1] ?? '');
    claims = bytes && parseJson(fromUtf8(bytes), MAX_DEPTH);
  } catch {
    // not UTF-8, so not JSON
  }
  if (typeof claims !== 'object' || claims === null) throw new UpstreamError('broken', 'jwt_malformed');
  return bodyOf(claims);
}
