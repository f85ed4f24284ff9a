/**
 * Assertion: a signed JWT that somebody else made, by which a client proves who it is or a foreign issuer says who a user is
 * (RFC 7523). Here stand its form and its times; the signature is checked in `core/assertion-signature`, single use in `core/records/single-use`.
 */
import { fromBase64url } from '../lib/base64url.ts';
import { fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { ASSERTION_ALGS } from './client.ts';
import type { Seconds } from './store.ts';

/** Members of a JWT's payload, as they came. */
export type Claims = { readonly [name: string]: unknown };

/** A JWT that has the right form; nothing of it is verified yet. */
export interface Assertion {
  readonly text: string;
  readonly alg: string;
  readonly kid: string | undefined;
  /** Lower case, without `application/`. */
  readonly typ: string | undefined;
  /** A key in the header: who speaks by it proves that they have it, and nothing else (RFC 9449 §4.2). */
  readonly jwk: unknown;
  readonly claims: Claims;
}

/** How far clocks may be apart. */
export const SKEW: Seconds = 30;
/** The longest an assertion may still live: what replay records must outlast. */
export const MAX_ASSERTION_LIFE: Seconds = 3600;

const MAX_LENGTH = 16_384;
const MAX_ID_LENGTH = 512;
const MAX_DEPTH = 16;

/**
 * Takes a JWT apart: three parts of strict base64url, strict JSON, an algorithm that is taken, no extension that changes what is
 * signed. Keys in the header count for nothing (RFC 8725 §3.10). Null for all else.
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

/** The bytes of a part; null for none. */
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

/** What is wrong with the times of an assertion, in one word; null if nothing is. `exp` must be there, and not be far. */
export function timeProblem({ exp, iat, nbf }: Claims, now: Seconds): string | null {
  if (!isTime(exp)) return 'exp_missing';
  if (exp + SKEW <= now) return 'expired';
  if (exp > now + MAX_ASSERTION_LIFE + SKEW) return 'exp_far';
  for (const start of [iat, nbf]) {
    if (start !== undefined && !isTime(start)) return 'time_malformed';
    if (start !== undefined && start > now + SKEW) return 'not_yet';
  }
  return null;
}

/** When nobody can present the assertion any more. */
export function endOf({ exp }: Claims): Seconds {
  return Math.ceil(Number(exp)) + SKEW;
}

function isTime(value: unknown): value is Seconds {
  return typeof value === 'number' && value > 0 && value < 1e11;
}

/**
 * Whether an assertion is for this issuer and for nobody else (RFC 7523bis §3). The origin with a slash is the same one: some
 * clients send every URL through a parser that adds it.
 */
export function isFor({ aud }: Claims, issuer: string): boolean {
  const one: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  return one === issuer || one === `${issuer}/`;
}

/** A claim that is a text of some length, or null. */
export function textClaim(claims: Claims, name: string): string | null {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH ? value : null;
}
