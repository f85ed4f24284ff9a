/**
 * Decides which source a token belongs to, by its prefix or its issuer. Nothing is verified here.
 */
import type { OwnTokens } from '../guard/token-source.ts';
import { fromBase64url, fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import type { Claims } from './contract.ts';

const MAX_DEPTH = 16;
const MAX_LENGTH = 8192;

/** Whether a token belongs to a source: first by prefix, a signed one by its issuer; any other is opaque. */
export function isOwn({ prefix, issuers = [], opaque = false }: OwnTokens, token: string): boolean {
  if (prefix !== undefined && token.startsWith(prefix)) return true;
  const signed = signedClaims(token);
  if (signed) return typeof issuers === 'function' ? issuers(signed) : issuers.some((one) => one === signed['iss']);
  return opaque && prefix === undefined;
}

/** The unverified claims of a token that looks signed; null for any other. */
export function signedClaims(token: string): Claims | null {
  const parts = token.length <= MAX_LENGTH ? token.split('.') : [];
  const claims = parts.length === 3 ? claimsIn(parts[1] ?? '') : {};
  return Object.keys(claims).length === 0 ? null : claims;
}

/** The claims in a payload; empty if it is invalid. */
export function claimsIn(payload: string): Claims {
  const bytes = fromBase64url(payload);
  try {
    const claims = bytes && parseJson(fromUtf8(bytes), MAX_DEPTH);
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : {};
  } catch {
    return {}; // not UTF-8, so not JSON
  }
}
