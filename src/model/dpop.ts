/**
 * DPoP (RFC 9449): parses proofs of possession and checks them against their request. Nonce and single use need storage: see `core/signatures`
 * and `verifiers/proofs`.
 */
import { equalTexts } from '../lib/bytes.ts';
import { parseAssertion, textClaim, type Assertion, type Claims } from './assertion.ts';
import { DPOP_ALGS } from './client.ts';
import type { ErrorCode } from './error.ts';
import { type Jwk, keySetOf, pickKey } from './key-set.ts';
import type { Seconds } from './store.ts';

/** Largest difference between the time of a proof and ours, in both directions. */
export const PROOF_WINDOW: Seconds = 300;

/** What a proof must match. */
export interface ProofTarget {
  /** The URL that was called, as it is known outside. */
  readonly url: string;
  /** The access token of the request. */
  readonly token?: string;
  /** Thumbprint of the required key. */
  readonly jkt?: string;
}

/** Why a proof is not valid, and the headers of the answer. */
export interface ProofProblem {
  readonly code: Extract<ErrorCode, 'invalid_dpop_proof' | 'use_dpop_nonce'>;
  readonly headers: { readonly [name: string]: string };
  /** The problem in one snake_case word; not for the wire. */
  readonly reason?: string;
}

/** Checks the proof of a request; null if it is valid. */
export type ProofCheck = (request: Request, target: ProofTarget) => Promise<ProofProblem | null>;

/** A well-formed proof. */
export interface Proof {
  readonly assertion: Assertion;
  readonly key: Jwk;
  readonly id: string;
  readonly issuedAt: Seconds;
}

/** Parses the only proof of a header; otherwise the problem in one word. A private key, or one of another algorithm, is a problem. */
export function parseProof(header: string | null): Proof | string {
  if (header === null) return 'missing';
  if (header.includes(',')) return 'several';
  const assertion = parseAssertion(header, DPOP_ALGS);
  if (!assertion) return 'malformed';
  if (assertion.typ !== 'dpop+jwt') return 'type';
  const set = keySetOf({ keys: [assertion.jwk] });
  const key = set && pickKey(set, assertion.alg, undefined);
  if (!key) return 'key_unusable';
  if (isExpensive(key)) return 'key_too_large';
  const [id, issuedAt] = [textClaim(assertion.claims, 'jti'), assertion.claims['iat']];
  if (id === null) return 'without_jti';
  return typeof issuedAt === 'number' ? { assertion, key, id, issuedAt } : 'without_iat';
}

/** Keys that make verification expensive: RSA of more than 4,096 bits, or with a large exponent. */
function isExpensive({ kty, n, e }: Jwk): boolean {
  return (
    kty === 'RSA' &&
    [
      [n, 683],
      [e, 6],
    ].some(([part, most]) => typeof part !== 'string' || part.length > Number(most))
  );
}

/** Why a proof does not match the request or the time; null if it does. @param tokenHash SHA-256 of the access token, base64url. */
export function requestProblem(
  { assertion, issuedAt }: Proof,
  method: string,
  { url }: ProofTarget,
  tokenHash: string | undefined,
  now: Seconds,
): string | null {
  const { claims } = assertion;
  if (claims['htm'] !== method) return 'another_method';
  if (!isSameUrl(textOf(claims, 'htu'), url)) return 'another_url';
  if (tokenHash !== undefined && claims['ath'] !== tokenHash) return 'another_token';
  if (issuedAt - now > PROOF_WINDOW) return 'not_yet';
  return now - issuedAt > PROOF_WINDOW ? 'expired' : null;
}

/** Functions that the check uses. */
export interface ProofTools {
  /** SHA-256, base64url. */
  readonly hash: (text: string) => Promise<string>;
  readonly isSigned: (assertion: Assertion, key: Jwk) => Promise<boolean>;
  readonly now: Seconds;
}

/** A proof with the thumbprint of its key. */
export type NamedProof = Proof & { readonly jkt: string };

/** Checks the proof of a request, except for nonce and single use. @returns the proof, or the problem in one word. */
export async function readProof(request: Request, target: ProofTarget, tools: ProofTools): Promise<NamedProof | string> {
  const proof = await claimedProof(request, target, tools);
  if (typeof proof === 'string') return proof;
  return (await tools.isSigned(proof.assertion, proof.key)) ? proof : 'signature';
}

/** The same without the signature: cheap checks come before the caller is authenticated, expensive ones after. */
export async function claimedProof(
  request: Request,
  target: ProofTarget,
  { hash, now }: Pick<ProofTools, 'hash' | 'now'>,
): Promise<NamedProof | string> {
  const proof = parseProof(request.headers.get('dpop'));
  if (typeof proof === 'string') return proof;
  const tokenHash = target.token === undefined ? undefined : await hash(target.token);
  const problem = requestProblem(proof, request.method, target, tokenHash, now);
  if (problem !== null) return problem;
  const jkt = await hash(thumbprintText(proof.key));
  if (target.jkt !== undefined && !equalTexts(target.jkt, jkt)) return 'another_key';
  return { ...proof, jkt };
}

/** The members of each kind of key in its thumbprint, in order. */
const THUMBPRINTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
]);

/** The text whose SHA-256 is the thumbprint of a public key (RFC 7638 §3). */
export function thumbprintText(key: Jwk): string {
  const { kty } = key;
  const names = (typeof kty === 'string' && THUMBPRINTED.get(kty)) || [];
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, key[name]])));
}

function textOf(claims: Claims, name: string): string {
  const value = claims[name];
  return typeof value === 'string' && value.length <= 2048 ? value : '';
}

/** Compares parsed URLs without query and fragment (RFC 9449 §4.3). */
function isSameUrl(one: string, other: string): boolean {
  if (!URL.canParse(one)) return false;
  const bare = ({ origin, pathname }: URL): string => origin + pathname;
  return bare(new URL(one)) === bare(new URL(other));
}
