/**
 * Verifies the signature of an assertion. Loaded when the first assertion arrives: most servers never see one, and the library is larger
 * than the rest of the token endpoint.
 */
import { compactVerify, importJWK, type JWK } from 'jose';
import type { Assertion } from '../model/assertion.ts';
import type { Jwk } from '../model/key-set.ts';

/** Whether the key signed the assertion with the algorithm that its header names. False for a key that cannot be used. */
export async function isAssertionSignedWith({ text, alg }: Assertion, key: Jwk): Promise<boolean> {
  try {
    const imported = await importJWK(key as JWK, alg);
    await compactVerify(text, imported, { algorithms: [alg] });
    return true;
  } catch {
    return false; // the library throws many kinds of errors; a client's bad key is not an error of the server
  }
}
