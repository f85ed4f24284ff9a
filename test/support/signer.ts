/** Someone who signs JWTs: a client with a key of its own, or a foreign issuer. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Seconds } from '../../src/model/store.ts';
import { ISSUER } from './addresses.ts';

/** Claims, good or not; an undefined one is left out. */
export type AnyClaims = { readonly [claim: string]: unknown };

/** A key pair and what can be done with it. */
export interface Signer {
  readonly alg: string;
  readonly publicKey: JWK;
  readonly privateKey: JWK;
  /** Signs claims; the header may be changed, an undefined member is left out. */
  sign(claims: AnyClaims, header?: Record<string, unknown>): Promise<string>;
}

/** Makes one. */
export async function makeSigner(alg = 'ES256', kid = 'key-1'): Promise<Signer> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const [publicKey, privateKey] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]);
  const sign: Signer['sign'] = (claims, header = {}) => {
    const all = Object.entries({ alg, kid, ...header }).filter(([, value]) => value !== undefined);
    return new SignJWT({ ...claims }).setProtectedHeader(Object.fromEntries(all) as { alg: string }).sign(pair.privateKey);
  };
  return { alg, publicKey: { ...publicKey, kid }, privateKey: { ...privateKey, kid }, sign };
}

/** The claims of a client's assertion. */
export function clientClaims(clientId: string, now: Seconds, changes: AnyClaims = {}): AnyClaims {
  return { iss: clientId, sub: clientId, aud: ISSUER, iat: now, exp: now + 60, jti: crypto.randomUUID(), ...changes };
}

/** The two parameters that carry it. */
export function shown(assertion: string): { client_assertion_type: string; client_assertion: string } {
  return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion };
}
