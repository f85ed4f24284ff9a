/** Someone with a key who makes DPoP proofs, good ones and others. */
import type { JWK } from 'jose';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import type { Clock } from '../../src/testing/clock.ts';
import { type AnyClaims, makeSigner } from './signer.ts';

/** A key pair that proves itself. */
export interface Prover {
  /** A proof for a request; `claims` and `header` overlay what belongs there. */
  proof(method: string, url: string, more?: { token?: string; claims?: AnyClaims; header?: Record<string, unknown> }): Promise<string>;
  readonly publicKey: JWK;
  readonly privateKey: JWK;
}

/** Makes one. */
export async function makeProver(clock: Clock, alg = 'ES256'): Promise<Prover> {
  const { sign, publicKey, privateKey } = await makeSigner(alg);
  const { kid: _, ...jwk } = publicKey;
  return {
    publicKey: jwk,
    privateKey,
    async proof(htm, htu, { token, claims = {}, header = {} } = {}) {
      const ath = token && base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(token))));
      const all = { htm, htu, iat: clock.now(), jti: crypto.randomUUID(), ...(token ? { ath } : {}), ...claims };
      const said = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return sign(said, { kid: undefined, typ: 'dpop+jwt', jwk, ...header });
    },
  };
}
