/**
 * Verifies the signature of an assertion. Loaded when the first assertion arrives: most servers never see one, and the library is larger
 * than the rest of the token endpoint.
 */
import { compactVerify, type JWK } from 'jose';
import type { Assertion } from '../model/assertion.ts';
import type { Jwk } from '../model/key-set.ts';

/** Whether the key signed the assertion with the algorithm that its header names. False for a key that cannot be used. */
export async function isAssertionSignedWith({ text, alg }: Assertion, { kty, crv, x, y, n, e }: Jwk): Promise<boolean> {
  try {
    await compactVerify(text, { kty, crv, x, y, n, e } as JWK, { algorithms: [alg] }); // for what else it may be used was judged before (`pickKey`)
    return true;
  } catch {
    return false; // the library throws many kinds of errors; a client's bad key is not an error of the server
  }
}
