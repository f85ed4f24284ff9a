/** Explains to the operator why a signed token was refused: what was expected, and what the token says. */
import { errors, type JWTPayload } from 'jose';
import { forLog } from '../lib/shown.ts';
import type { Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import { mismatch } from './contract.ts';

/** What was expected of a token. */
export interface Expected {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  readonly now: Seconds;
  /** Members of the unverified header, for the report only. */
  readonly header: { readonly alg?: unknown; readonly kid?: unknown };
}

/** Reports the error of `jose`. */
export function tellJoseError(error: unknown, { issuer, algorithms, now, header }: Expected, tell: Tell): void {
  if (error instanceof errors.JWTExpired) return tell('token_expired', mismatch('exp after', now, error.payload.exp));
  if (error instanceof errors.JWTClaimValidationFailed) return tellClaim(error.claim, error.payload, { issuer, now }, tell);
  if (error instanceof errors.JOSEAlgNotAllowed) return tell('algorithm_not_allowed', mismatch('alg', algorithms.join(' '), header.alg));
  if (error instanceof errors.JWKSNoMatchingKey) return tell('key_unknown', `the issuer publishes no key ${forLog(header.kid)}`);
  if (error instanceof errors.JWKSMultipleMatchingKeys) return tell('key_ambiguous', 'the token names no `kid`, and several keys would do');
  if (error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed)) return tell('token_malformed');
  return tell('signature_wrong', `no key of ${forLog(issuer)} signed the token`);
}

function tellClaim(claim: string, payload: JWTPayload, { issuer, now }: Pick<Expected, 'issuer' | 'now'>, tell: Tell): void {
  const value = payload[claim];
  if (value === undefined) return tell('claim_missing', `the token has no ${forLog(claim)}`);
  if (claim === 'iss') return tell('issuer_wrong', mismatch('iss', issuer, value));
  if (claim === 'nbf') return tell('token_not_yet_valid', mismatch('nbf before', now, value));
  return tell('claim_malformed', `the token's ${forLog(claim)} is ${forLog(value)}`);
}
