/**
 * Signatures of JWTs, by Web Crypto: checks that of an assertion, and says how access tokens are signed. The text was parsed and its key chosen
 * before (`model/assertion`, `model/key-set`), so nothing else of a JWT library is needed here (docs/decisions/0016).
 */
import { fromBase64url, utf8 } from '../lib/bytes.ts';
import type { Assertion } from '../model/assertion.ts';
import type { Jwk } from '../model/key-set.ts';
import type { SigningAlg } from '../model/signing-key.ts';

/** What Web Crypto needs to make and use a key. */
interface Algorithm {
  readonly name: 'ECDSA' | 'Ed25519' | 'RSASSA-PKCS1-v1_5' | 'RSA-PSS';
  readonly hash?: string;
  readonly namedCurve?: string;
  readonly modulusLength?: number;
  readonly publicExponent?: Uint8Array<ArrayBuffer>;
  readonly saltLength?: number;
}

const MIN_RSA_BITS = 2048;
const rsa = { hash: 'SHA-256', modulusLength: MIN_RSA_BITS, publicExponent: Uint8Array.of(1, 0, 1) };

/** The algorithms of assertions, proofs and access tokens (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
export const ALGORITHMS: { readonly [alg in SigningAlg | 'ES384' | 'Ed25519' | 'PS256']: Algorithm } = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', ...rsa },
  PS256: { name: 'RSA-PSS', saltLength: 32, ...rsa },
};

/**
 * Whether the key signed the assertion with the algorithm that its header names. False for a key that cannot be used, and for an RSA key of less than
 * 2,048 bits (RFC 7518 §3.3).
 */
export async function isAssertionSignedWith({ text, alg }: Assertion, { kty, crv, x, y, n, e }: Jwk): Promise<boolean> {
  const end = text.lastIndexOf('.');
  const signature = fromBase64url(text.slice(end + 1));
  if (!signature) return false;
  const algorithm = ALGORITHMS[alg as keyof typeof ALGORITHMS];
  try {
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x, y, n, e } as JsonWebKey, algorithm, false, ['verify']);
    const { modulusLength = MIN_RSA_BITS } = key.algorithm as Algorithm;
    return modulusLength >= MIN_RSA_BITS && (await crypto.subtle.verify(algorithm, key, signature, utf8(text.slice(0, end))));
  } catch {
    return false; // a client's bad key or unknown algorithm is not an error of the server
  }
}
