/**
 * JWK sets (RFC 7517): validates public keys, and picks the one that signed an assertion. No cryptography here.
 */
import { fromBase64url } from '../lib/bytes.ts';
import type { Json } from './store.ts';

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
