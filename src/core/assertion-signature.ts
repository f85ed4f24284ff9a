/**
 * Signature: checks that of an assertion. Loaded when the first one comes: most servers never see any, and the library is larger
 * than everything else the token endpoint needs.
 */
import { compactVerify, importJWK, type JWK } from 'jose';
import type { Assertion } from '../model/assertion.ts';
import type { Jwk } from '../model/key-set.ts';

/** Whether the assertion was signed with the key, by the algorithm its header names. A key that cannot be used signs nothing. */
export async function isAssertionSignedWith({ text, alg }: Assertion, key: Jwk): Promise<boolean> {
  try {
    const imported = await importJWK(key as JWK, alg);
    await compactVerify(text, imported, { algorithms: [alg] });
    return true;
  } catch {
    return false; // the library says in many ways that it does not fit; a stranger's key is no fault of ours
  }
}
