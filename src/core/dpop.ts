/**
 * DPoP proofs (RFC 9449 §4.3): signature, request, time, nonce, and that each counts once, in any number of processes. Loaded when the
 * first one comes.
 */
import { base64url } from '../lib/base64url.ts';
import { equalTexts } from '../lib/bytes.ts';
import { claimedProof, PROOF_WINDOW, type ProofProblem, type ProofTarget } from '../model/dpop.ts';
import { OAuthError } from '../model/error.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { requireKeyring } from './records/require-keyring.ts';
import { onceOnly } from './records/single-use.ts';
import { isAssertionSignedWith } from './assertion-signature.ts';

/** How long a nonce is given out; it counts for as long again. */
const NONCE_SPAN: Seconds = 150;

/** A key that a request shows a proof of. */
export interface ShownKey {
  /** Thumbprint, as the proof has it. It counts only when {@link ShownKey.prove} has fulfilled. */
  readonly jkt: string;
  /** Checks the rest of the proof, and uses it up; again, it does nothing. @throws {OAuthError} `invalid_dpop_proof`, or `use_dpop_nonce` with a nonce. */
  prove(): Promise<void>;
  /** Makes the proof good again, where the request failed through no fault of the client. */
  giveBack(): Promise<void>;
}

/**
 * Reads the proof of a request without a signature being checked or anything being stored: that is dear, and comes when the caller
 * and their right are known.
 *
 * @throws {OAuthError} `invalid_dpop_proof` for one that is malformed or for another request.
 */
export async function shownKey(as: AuthServer, request: Request, target: ProofTarget): Promise<ShownKey> {
  const proof = await claimedProof(request, target, { hash: (text) => as.secrets.hash(text), now: as.now() });
  if (typeof proof === 'string') throw refused(proof);
  const once = await onceOnly(as, ['dpop', proof.jkt], proof.id, Math.ceil(proof.issuedAt) + PROOF_WINDOW);
  let isProven = false;
  return {
    jkt: proof.jkt,
    async prove() {
      if (isProven) return;
      if (as.settings.dpopNonces && !(await isNonce(as, proof.assertion.claims['nonce'])))
        throw new OAuthError('use_dpop_nonce', 'proof_nonce', { headers: { 'dpop-nonce': await freshNonce(as) } });
      if (!(await isAssertionSignedWith(proof.assertion, proof.key))) throw refused('signature');
      if (!(await once.spend())) throw refused('replayed');
      isProven = true;
    },
    giveBack: () => once.giveBack(),
  };
}

/** The same for a guard, which answers in its own way. */
export async function findProblem(as: AuthServer, request: Request, target: ProofTarget): Promise<ProofProblem | null> {
  try {
    await (await shownKey(as, request, target)).prove();
    return null;
  } catch (error) {
    if (!(error instanceof OAuthError) || (error.code !== 'invalid_dpop_proof' && error.code !== 'use_dpop_nonce')) throw error;
    return { code: error.code, headers: error.headers, reason: error.reason };
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
  return (await requireKeyring(as.keyring, '`dpopNonces`').keysFor('dpop nonce')).map((key) => base64url(key));
}

function nonceOf(as: AuthServer, key: string, span: number): Promise<string> {
  return as.secrets.hash(`dpop nonce\n${key}\n${span}`);
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', `proof_${reason}`);
}
