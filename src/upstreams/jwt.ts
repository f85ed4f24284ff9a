/** Reads JWT payloads without verification: before it, or if TLS to the token endpoint is the proof (OpenID Connect Core §3.1.3.7, 6). */
import { base64url, fromBase64url, fromUtf8, utf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { type Body, bodyOf, UpstreamError } from './contract.ts';

const MAX_DEPTH = 16;

/** The unverified claims of a JWT. @throws {UpstreamError} if it is not one. */
export function unverifiedClaims(token: unknown): Body {
  return partOf(token, 1);
}

/** The unverified header of a JWT. @throws {UpstreamError} if it is not one. */
export function unverifiedHeader(token: unknown): Body {
  return partOf(token, 0);
}

/** The unverified claims of a text that looks like a signed JWT; undefined for any other. */
export function claimsIn(text: string): Body | undefined {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? unverifiedClaims(text) : undefined;
}

/**
 * An ID token with its claims in the types that the specification gives them: some sites write times as text, the subject as a number, or
 * `null`. Only to judge the claims: the signature is that of the original.
 */
export function withTypedClaims(token: string): string {
  const [header, , signature] = token.split('.');
  const claims: Record<string, unknown> | undefined = claimsIn(token);
  if (!claims) return token;
  for (const name of ['exp', 'iat', 'nbf', 'auth_time']) claims[name] = timeOf(claims[name]);
  claims['iat'] ??= 0; // OpenID Connect Core §2 requires it, and nothing here depends on it
  if (Number.isSafeInteger(claims['sub'])) claims['sub'] = String(claims['sub']);
  if (claims['azp'] === null || claims['azp'] === '') delete claims['azp'];
  return [header, base64url(utf8(JSON.stringify(claims))), signature].join('.');
}

function timeOf(value: unknown): unknown {
  const time = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return time === null || (typeof time === 'number' && time < 0) ? undefined : time;
}

function partOf(token: unknown, part: 0 | 1): Body {
  let claims: unknown;
  try {
    const bytes = fromBase64url(String(token).split('.')[part] ?? '');
    claims = bytes && parseJson(fromUtf8(bytes), MAX_DEPTH);
  } catch {
    // not UTF-8, so not JSON
  }
  if (typeof claims !== 'object' || claims === null) throw new UpstreamError('broken', 'jwt_malformed');
  return bodyOf(claims);
}
