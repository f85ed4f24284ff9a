/**
 * Checks what others sign: the signature of an assertion, and DPoP proofs (RFC 9449 §4.3) with their request, time, nonce, and single use across processes.
 * Loaded when the first of them arrives: most servers never see one, and the library is larger than the rest of the token endpoint.
 */
import { base64url, equalTexts } from '../lib/bytes.ts';
import { claimedProof, PROOF_WINDOW, type ProofProblem, type ProofTarget } from '../model/dpop.ts';
import { OAuthError } from '../model/error.ts';
import { grantIdOf, placeOf } from '../model/token.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { requireKeyring } from './records/secrets.ts';
import { singleUse } from './records/one-time.ts';
import { compactVerify, type JWK } from 'jose';
import type { Assertion } from '../model/assertion.ts';
import type { Jwk } from '../model/key-set.ts';

/** How long a nonce is issued; it is accepted for twice as long. */
const NONCE_SPAN: Seconds = 150;

/** The DPoP proof of a request. */
export interface PresentedProof {
  /** Thumbprint claimed by the proof. Trust it only after {@link PresentedProof.prove} has resolved. */
  readonly jkt: string;
  /** Checks the rest of the proof and uses it up; a second call does nothing. @throws {OAuthError} `invalid_dpop_proof`, or `use_dpop_nonce` with a nonce. */
  prove(): Promise<void>;
  /** Makes the proof usable again if the request failed through no fault of the client. */
  giveBack(): Promise<void>;
}

/**
 * Parses the proof of a request without checking its signature or storing anything: those are expensive and come after the caller is
 * authenticated and authorized.
 *
 * @throws {OAuthError} `invalid_dpop_proof` if it is malformed or for another request.
 */
export async function presentedProof(as: AuthServer, request: Request, target: ProofTarget): Promise<PresentedProof> {
  const proof = await claimedProof(request, target, { hash: async (text) => as.secrets.hash(text), now: as.now() });
  if (typeof proof === 'string') throw refused(proof);
  // A proof for a token contains its hash, so every use of it comes with that very token, which names one place.
  const grantId = target.token === undefined ? null : grantIdOf('access', target.token);
  const end = Math.ceil(proof.issuedAt) + PROOF_WINDOW;
  const once = await singleUse(as, ['dpop', proof.jkt], proof.id, end, grantId === null ? null : placeOf(grantId));
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

/** Checks a proof for a guard, which writes its own error response; null if it is valid. */
export async function findProofProblem(as: AuthServer, request: Request, target: ProofTarget): Promise<ProofProblem | null> {
  try {
    await (await presentedProof(as, request, target)).prove();
    return null;
  } catch (error) {
    if (!(error instanceof OAuthError) || (error.code !== 'invalid_dpop_proof' && error.code !== 'use_dpop_nonce')) throw error;
    return { code: error.code, headers: error.headers, reason: error.reason };
  }
}

/** A nonce for the next proofs. Derived from the time and the server's secret, so that nothing is stored and every process knows it. */
export async function freshNonce(as: AuthServer): Promise<string> {
  const [key] = await nonceKeys(as);
  return nonceOf(as, key ?? '', Math.floor(as.now() / NONCE_SPAN));
}

async function isNonce(as: AuthServer, nonce: unknown): Promise<boolean> {
  if (typeof nonce !== 'string') return false;
  const span = Math.floor(as.now() / NONCE_SPAN);
  const keys = await nonceKeys(as);
  const expected = await Promise.all(keys.flatMap((key) => [nonceOf(as, key, span), nonceOf(as, key, span - 1)]));
  return expected.some((one) => equalTexts(one, nonce));
}

async function nonceKeys(as: AuthServer): Promise<readonly string[]> {
  return (await requireKeyring(as.keyring, '`dpopNonces`').keysFor('dpop nonce')).map((key) => base64url(key));
}

async function nonceOf(as: AuthServer, key: string, span: number): Promise<string> {
  return as.secrets.hash(`dpop nonce\n${key}\n${span}`);
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', `proof_${reason}`);
}

/** Whether the key signed the assertion with the algorithm that its header names. False for a key that cannot be used. */
export async function isAssertionSignedWith({ text, alg }: Assertion, { kty, crv, x, y, n, e }: Jwk): Promise<boolean> {
  try {
    await compactVerify(text, { kty, crv, x, y, n, e } as JWK, { algorithms: [alg] }); // for what else it may be used was judged before (`pickKey`)
    return true;
  } catch {
    return false; // the library throws many kinds of errors; a client's bad key is not an error of the server
  }
}
