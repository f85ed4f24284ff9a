/**
 * DPoP proofs (RFC 9449 §4.3): signature, request, time, nonce, and that each counts once, in any number of processes. Loaded when the
 * first one comes.
 */
import { base64url } from '../lib/base64url.ts';
import { equalTexts } from '../lib/bytes.ts';
import { PROOF_WINDOW, type ProofProblem, type ProofTarget, readProof } from '../model/dpop.ts';
import { OAuthError } from '../model/error.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { neededKeyring } from './needed-keyring.ts';
import { spendOnce } from './replay.ts';
import { isSignedWith } from './signature.ts';

/** How long a nonce is given out; it counts for as long again. */
const NONCE_SPAN: Seconds = 150;

/**
 * Checks the proof of a request, and uses it up.
 *
 * @returns the thumbprint of the key that it proves.
 * @throws {OAuthError} `invalid_dpop_proof`, or `use_dpop_nonce` with a nonce.
 */
export async function checkProof(as: AuthServer, request: Request, target: ProofTarget): Promise<string> {
  const proof = await readProof(request, target, { hash: async (text) => as.keys.hash(text), isSigned: isSignedWith, now: as.now() });
  if (typeof proof === 'string') throw refused(proof);
  if (as.settings.dpopNonces && !(await isNonce(as, proof.assertion.claims['nonce'])))
    throw new OAuthError('use_dpop_nonce', 'proof_nonce', { headers: { 'dpop-nonce': await freshNonce(as) } });
  const until = Math.ceil(proof.issuedAt) + PROOF_WINDOW;
  if (!(await spendOnce(as, ['dpop', proof.jkt], proof.id, until))) throw refused('replayed');
  return proof.jkt;
}

/** The same for a guard, which answers in its own way. */
export async function findProblem(as: AuthServer, request: Request, target: ProofTarget): Promise<ProofProblem | null> {
  try {
    await checkProof(as, request, target);
    return null;
  } catch (error) {
    if (!(error instanceof OAuthError) || (error.code !== 'invalid_dpop_proof' && error.code !== 'use_dpop_nonce')) throw error;
    as.emit({ kind: 'request.refused', endpoint: 'guard', code: error.code, reason: error.reason });
    return { code: error.code, headers: error.headers };
  }
}

/** A nonce for the next proofs: worked out of the time and the server's secret, so nothing is kept, and every process knows it. */
export async function freshNonce(as: AuthServer): Promise<string> {
  const [key] = await noncesKeys(as);
  return nonceOf(as, key ?? '', Math.floor(as.now() / NONCE_SPAN));
}

async function isNonce(as: AuthServer, nonce: unknown): Promise<boolean> {
  if (typeof nonce !== 'string') return false;
  const span = Math.floor(as.now() / NONCE_SPAN);
  const keys = await noncesKeys(as);
  const good = await Promise.all(keys.flatMap((key) => [nonceOf(as, key, span), nonceOf(as, key, span - 1)]));
  return good.some((one) => equalTexts(one, nonce));
}

async function noncesKeys(as: AuthServer): Promise<readonly string[]> {
  return (await neededKeyring(as.keyring, '`dpopNonces`').keysFor('dpop nonce')).map((key) => base64url(key));
}

function nonceOf(as: AuthServer, key: string, span: number): Promise<string> {
  return as.keys.hash(`dpop nonce\n${key}\n${span}`);
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', `proof_${reason}`);
}
