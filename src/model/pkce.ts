/**
 * PKCE (RFC 7636): proves that the client redeeming a code is the one that requested it. S256 only, because `plain` reveals the verifier to
 * anyone who sees the request. Pure: no storage, no clock.
 */
import { fromBase64url } from '../lib/bytes.ts';
import { OAuthError } from './error.ts';

const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/**
 * Checks the two parameters of an authorization request and returns the challenge.
 *
 * @throws {OAuthError} `invalid_request` if the challenge is missing or malformed, or the method is not S256.
 * @see RFC 7636 §4.3, OAuth 2.1 §4.1.1
 */
export function checkChallenge(challenge: string | undefined, method: string | undefined): string {
  if (challenge === undefined) throw new OAuthError('invalid_request', 'challenge_missing', { hint: 'Send code_challenge (PKCE).' });
  if (method !== 'S256') throw new OAuthError('invalid_request', 'challenge_method', { hint: 'Send code_challenge_method=S256.' });
  if (!CHALLENGE.test(challenge))
    throw new OAuthError('invalid_request', 'challenge_malformed', { hint: 'code_challenge must be 43 base64url characters.' });
  return challenge;
}

/**
 * Checks the format of a verifier before anything is hashed.
 *
 * @throws {OAuthError} `invalid_grant` if it is missing or not 43–128 characters of the unreserved set.
 * @see RFC 7636 §4.1
 */
export function checkVerifier(verifier: string | undefined): string {
  if (verifier === undefined) throw new OAuthError('invalid_grant', 'verifier_missing');
  if (!VERIFIER.test(verifier)) throw new OAuthError('invalid_grant', 'verifier_malformed');
  return verifier;
}

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/**
 * A code that a terminal and a page both show, so that a person sees that they belong together: `WDJB-MJHT`. It follows from the challenge and proves
 * nothing by itself. Letters without vowels, as RFC 8628 §6.1 advises.
 */
export function compareCode(challenge: string): string {
  const letters = Array.from((fromBase64url(challenge) ?? new Uint8Array(8)).subarray(0, 8), (byte) => LETTERS[byte % LETTERS.length]);
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`;
}
