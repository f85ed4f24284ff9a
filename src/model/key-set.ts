/**
 * Public keys as JWK sets (RFC 7517): validates those of others and picks the one that signed an assertion; of our own signing keys, tells which one
 * signs now, which are published, and when the next one is due. A key is published a day before it signs, so that caches have it, and until the
 * last token that it signed has expired. No cryptography here.
 */
import { fromBase64url } from '../lib/bytes.ts';
import type { Json, Seconds } from './store.ts';

/** A public key. */
export type Jwk = { readonly [member: string]: Json };

/** Public keys. */
export type JwkSet = { readonly keys: readonly Jwk[] };

const MAX_KEYS = 64;
/** Members that only private or symmetric keys have. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const KINDS: { readonly [alg: string]: readonly [kty: string, crv?: string] } = {
  ES256: ['EC', 'P-256'],
  ES384: ['EC', 'P-384'],
  EdDSA: ['OKP', 'Ed25519'],
  Ed25519: ['OKP', 'Ed25519'],
  RS256: ['RSA'],
  PS256: ['RSA'],
};

/** Validates a key set; null unless it is a list of objects without private members. */
export function keySetOf(value: unknown): JwkSet | null {
  const keys = typeof value === 'object' && value !== null ? (value as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS || !keys.every(isPublic)) return null;
  return { keys };
}

function isPublic(key: unknown): key is Jwk {
  return typeof key === 'object' && key !== null && !Array.isArray(key) && !SECRET_MEMBERS.some((name) => Object.hasOwn(key, name));
}

/** The one key for an algorithm and key id; null if none fits, or several do. */
export function pickKey({ keys }: JwkSet, alg: string, kid: string | undefined): Jwk | null {
  const fitting = keys.filter((key) => fits(key, alg) && (kid === undefined || key['kid'] === kid));
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

/** Whether anyone can sign under an RSA key: with an exponent of one, a text is its own signature. */
export function hasTrivialExponent({ kty, e }: { readonly [member: string]: unknown }): boolean {
  if (kty !== 'RSA') return false;
  const exponent = (typeof e === 'string' ? fromBase64url(e) : null) ?? new Uint8Array();
  return exponent.every((byte, at) => (at === exponent.length - 1 ? byte < 3 : byte === 0));
}

function fits(key: Jwk, alg: string): boolean {
  const [kty, crv] = KINDS[alg] ?? [];
  const { key_ops: ops, use = 'sig', alg: own = alg } = key;
  if (kty === undefined || key['kty'] !== kty || key['crv'] !== crv || hasTrivialExponent(key)) return false;
  return use === 'sig' && (own === alg || (alg === 'EdDSA' && own === 'Ed25519')) && (!Array.isArray(ops) || ops.includes('verify'));
}

/** Algorithms that access tokens are signed with. */
export type SigningAlg = 'ES256' | 'EdDSA' | 'RS256';

/** All of them. */
export const SIGNING_ALGS: readonly SigningAlg[] = ['ES256', 'EdDSA', 'RS256'];

/** A stored key. */
export type SigningKey = {
  readonly kid: string;
  readonly publicKey: Jwk;
  /** The private key sealed under the server's secret; empty if that secret was lost and the key given up. */
  readonly sealed: string;
  /** When it starts to sign, until a later key does. */
  readonly since: Seconds;
};

/** How long a key signs. */
export const SIGNS_FOR: Seconds = 90 * 86_400;
/** How long it is published before it signs. */
export const PUBLISHED_BEFORE: Seconds = 86_400;
/** For clock differences: a token that was signed at the last moment is valid for its whole lifetime. */
const MARGIN: Seconds = 600;

/** The key that signs now; null if there is none yet. */
export function signingKey<Key extends Pick<SigningKey, 'since'>>(keys: readonly Key[], now: Seconds): Key | null {
  return keys.filter(({ since }) => since <= now).reduce<Key | null>((last, key) => (last && last.since >= key.since ? last : key), null);
}

/** When a key that must be made now starts to sign; null if none is due. */
export function nextDue(keys: readonly SigningKey[], now: Seconds): Seconds | null {
  const signs = signingKey(keys, now);
  if (!signs) return now;
  // A key that starts later than that was made while a clock was far ahead.
  const isNextMade = keys.some(({ since }) => since > now && since <= now + PUBLISHED_BEFORE + MARGIN);
  if (isNextMade || now < signs.since + SIGNS_FOR - PUBLISHED_BEFORE) return null;
  return now + PUBLISHED_BEFORE;
}

/** Keys whose tokens may still be valid. @param life longest lifetime of an access token. */
export function published(keys: readonly SigningKey[], life: Seconds, now: Seconds): readonly SigningKey[] {
  const endOf = ({ since }: SigningKey): Seconds => Math.min(Infinity, ...keys.filter((key) => key.since > since).map((key) => key.since));
  return keys.filter((key) => endOf(key) + life + MARGIN > now);
}
