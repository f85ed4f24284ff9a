/**
 * `proofs`: accepts DPoP-bound tokens (RFC 9449) of other authorization servers. Pass it to the guard together with the token source:
 * `guard({ resource, ...verifyJwt({ issuer }), checkProof: proofs({ store }) })`.
 */
import { checkTypes } from '../lib/check-options.ts';
import { compactVerify, importJWK, type JWK } from 'jose';
import { base64url, utf8 } from '../lib/bytes.ts';
import { type ProofCheck, PROOF_WINDOW, readProof } from '../model/dpop.ts';
import type { Store } from '../model/store.ts';
import { refuse, type SourceOptions } from './contract.ts';

/** Options of {@link proofs}. */
export interface ProofsOptions extends Pick<SourceOptions, 'now'> {
  /** Remembers used proofs for five minutes: a store that all processes of this server share, or `memoryStore()` for a single process. */
  readonly store: Pick<Store, 'atomic' | 'write'>;
}

/**
 * Checks DPoP proofs (RFC 9449), for the option `checkProof` of a guard. A proof is good for one request within five minutes.
 *
 * @throws {TypeError} at start-up, naming the option and the fix.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...verifyJwt({ issuer: 'https://id.example' }), checkProof: proofs({ store: memoryStore() }) });
 */
export function proofs(options: ProofsOptions): ProofCheck {
  checkTypes('proofs', options ?? null, 'store now:function');
  const { store, now = () => Math.floor(Date.now() / 1000) } = options;
  if (typeof store?.write !== 'function') refuse('proofs', 'store', 'must be a store, such as sqliteStore(path) or memoryStore()');
  if (!store.atomic)
    refuse('proofs', 'store', 'cannot tell a first use from a second (Cloudflare KV); give one with conditional writes, such as D1');
  return async (request, target) => {
    const proof = await readProof(request, target, { hash, isSigned, now: now() });
    if (typeof proof !== 'string') {
      const key = await hash(`proof\n${JSON.stringify([proof.jkt, proof.id])}`);
      const until = Math.ceil(proof.issuedAt) + PROOF_WINDOW + 1;
      if ((await store.write(`replay:${key}`, { v: 1 }, 'absent', { until })) !== null) return null;
    }
    return { code: 'invalid_dpop_proof', headers: {}, reason: `proof_${typeof proof === 'string' ? proof : 'replayed'}` };
  };
}

async function hash(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))));
}

/** False for a key that cannot be used: it comes from the client. */
const isSigned: Parameters<typeof readProof>[2]['isSigned'] = async ({ text, alg }, key) => {
  try {
    await compactVerify(text, await importJWK(key as JWK, alg), { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
};
