/** Signs the ID tokens of a fake provider with its own published key; can forge tokens too. */
import { base64url, utf8 } from '../lib/bytes.ts';

/** Modifies an ID token before it is signed, or replaces its signature. */
export type Forge = (token: { header: Record<string, unknown>; claims: Record<string, unknown> }) => void | { readonly signature: string };

/** A signer with one key. */
export interface FakeSigner {
  /** Its key, as in a key set. */
  readonly jwk: Record<string, unknown>;
  readonly sign: (claims: Record<string, unknown>, forge?: Forge | null) => Promise<string>;
}

/** Algorithms of fake providers. */
export type FakeAlgorithm = 'ES256' | 'RS256';

const KEYS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
} as const;

/** Makes a signer. */
export async function makeSigner(alg: FakeAlgorithm): Promise<FakeSigner> {
  const pair = (await crypto.subtle.generateKey(KEYS[alg], true, ['sign', 'verify'])) as CryptoKeyPair;
  const { key_ops: _ops, ext: _ext, ...publicKey } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return {
    jwk: { ...publicKey, kid: 'k1', use: 'sig', alg },
    async sign(claims, forge) {
      const token = { header: { alg, typ: 'JWT', kid: 'k1' } as Record<string, unknown>, claims };
      const forged = forge?.(token);
      const text = [token.header, token.claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
      const signature = await crypto.subtle.sign({ ...KEYS[alg], hash: 'SHA-256' }, pair.privateKey, utf8(text));
      return `${text}.${forged ? forged.signature : base64url(new Uint8Array(signature))}`;
    },
  };
}
