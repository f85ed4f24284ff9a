/**
 * Own: which tokens belong to a source, told by what stands in front of them or by the issuer that they name. Nothing here is verified;
 * it only decides to whom a token is shown.
 */
import type { OwnTokens } from '../guard/token-source.ts';
import { fromBase64url } from '../lib/base64url.ts';
import { fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import type { Claims } from './contract.ts';

const MAX_DEPTH = 16;
const MAX_LENGTH = 8192;

/** Whether a token is one of these. A prefix is final, a signed token belongs to its issuer, and any other is opaque. */
export function isOwn({ prefix, issuers = [], opaque = false }: OwnTokens, token: string): boolean {
  if (prefix !== undefined && token.startsWith(prefix)) return true;
  const signed = signedClaims(token);
  if (signed) return typeof issuers === 'function' ? issuers(signed) : issuers.some((one) => one === signed['iss']);
  return opaque && prefix === undefined;
}

/** The claims of what looks like a signed token, not verified; null for any other token. */
export function signedClaims(token: string): Claims | null {
  const parts = token.length <= MAX_LENGTH ? token.split('.') : [];
  const claims = parts.length === 3 ? claimsIn(parts[1] ?? '') : {};
  return Object.keys(claims).length === 0 ? null : claims;
}

/** The claims in a payload; empty where it is none. */
export function claimsIn(payload: string): Claims {
  const bytes = fromBase64url(payload);
  try {
    const claims = bytes && parseJson(fromUtf8(bytes), MAX_DEPTH);
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : {};
  } catch {
    return {}; // not UTF-8, so no JSON, so no signed token
  }
}
