/**
 * Assertions: signed JWTs that authenticate a client, or by which another issuer names a user (RFC 7523). Parses them and checks their
 * times; `core/assertion-signature` checks the signature, `core/records/one-time` prevents replay.
 */
import { fromBase64url, fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { ASSERTION_ALGS } from './client.ts';
import type { Seconds } from './store.ts';

/** Claims of a JWT, as received. */
export type Claims = { readonly [name: string]: unknown };

/** A well-formed JWT; nothing in it is verified yet. */
export interface Assertion {
  readonly text: string;
  readonly alg: string;
  readonly kid: string | undefined;
  /** Lower case, without `application/`. */
  readonly typ: string | undefined;
  /** A key in the header. It proves possession of that key and nothing else (RFC 9449 §4.2). */
  readonly jwk: unknown;
  readonly claims: Claims;
}

/** Allowed clock skew. */
export const SKEW: Seconds = 30;
/** Longest remaining lifetime of an assertion, which replay records must outlast. */
export const MAX_ASSERTION_LIFE: Seconds = 3600;

const MAX_LENGTH = 16_384;
const MAX_ID_LENGTH = 512;
const MAX_DEPTH = 16;

/**
 * Parses a JWT: three parts of strict base64url, strict JSON, an accepted algorithm, and no extension that changes what is signed. A key in
 * the header is not trusted (RFC 8725 §3.10). Null for anything else.
 */
export function parseAssertion(text: string, algs: readonly string[] = ASSERTION_ALGS): Assertion | null {
  if (text.length > MAX_LENGTH) return null;
  const parts = text.split('.');
  const header = objectIn(parts[0]);
  const claims = objectIn(parts[1]);
  if (parts.length !== 3 || !header || !claims || !bytesIn(parts[2])) return null;
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !algs.includes(alg)) return null;
  if (['crit', 'b64', 'zip'].some((name) => Object.hasOwn(header, name))) return null;
  if ((kid !== undefined && typeof kid !== 'string') || (typ !== undefined && typeof typ !== 'string')) return null;
  return { text, alg, kid, typ: typ?.toLowerCase().replace(/^application\//, ''), jwk: header['jwk'], claims };
}

/** The bytes of a part; null if it is not base64url. */
function bytesIn(part: string | undefined): Uint8Array | null {
  return part ? fromBase64url(part) : null;
}

function objectIn(part: string | undefined): Claims | null {
  const bytes = bytesIn(part);
  const value = bytes && parseJson(textOf(bytes), MAX_DEPTH);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return ''; // not UTF-8, so not JSON
  }
}

/** The problem with an assertion's times as one word, or null. `exp` is required, and must not be far in the future. */
export function timeProblem({ exp, iat, nbf }: Claims, now: Seconds, skew: Seconds = SKEW): string | null {
  if (!isTime(exp)) return 'exp_missing';
  if (exp + skew <= now) return 'expired';
  if (exp > now + MAX_ASSERTION_LIFE + skew) return 'exp_far';
  for (const start of [iat, nbf]) {
    if (start !== undefined && !isTime(start)) return 'time_malformed';
    if (start !== undefined && start > now + skew) return 'not_yet';
  }
  return null;
}

/** From when on an assertion can no longer be presented. */
export function endOf({ exp }: Claims, skew: Seconds = SKEW): Seconds {
  return Math.ceil(Number(exp)) + skew;
}

function isTime(value: unknown): value is Seconds {
  return typeof value === 'number' && value > 0 && value < 1e11;
}

/**
 * Whether this issuer is the only audience of an assertion (RFC 7523bis §3). A trailing slash is ignored, because some clients pass every
 * URL through a parser that adds it.
 */
export function isFor({ aud }: Claims, issuer: string): boolean {
  const one: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  return one === issuer || one === `${issuer}/`;
}

/** A string claim of acceptable length, or null. */
export function textClaim(claims: Claims, name: string): string | null {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH ? value : null;
}
