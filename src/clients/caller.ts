/**
 * The caller of the token endpoint and similar endpoints, and the errors of its authentication.
 */
import type { PresentedProof } from '../core/signatures.ts';
import { HostDown } from '../lib/http.ts';
import type { Client, ClientAuthMethod } from '../model/client.ts';
import { isOutage, OAuthError } from '../model/error.ts';

/** The caller, as far as it is known before the grant is read. */
export type Caller = (
  | { readonly kind: 'public'; readonly clientId: string }
  | { readonly kind: 'confidential'; readonly clientId: string; readonly client: Client }
  | { readonly kind: 'absent'; readonly clientId: '' }
) & {
  /** The request's DPoP proof, if there is one. */
  readonly key?: PresentedProof;
  /** Makes the client's assertion usable again. */
  readonly giveBack?: () => Promise<void>;
};

/**
 * Runs a caller's request. If it fails with a 503, the proofs that it used become usable again, for the retry that the 503 asks for.
 */
export async function withGiveBack<T>({ key, giveBack }: Pick<Caller, 'key' | 'giveBack'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOutage(error)) await Promise.all([key?.giveBack(), giveBack?.()]);
    throw error;
  }
}

/** The request's DPoP proof. @throws {OAuthError} if its client or the grant requires one and it is missing. */
export function keyOf(caller: Caller, isBound: boolean | undefined = false): PresentedProof | undefined {
  const isRequired = isBound || (caller.kind === 'confidential' && caller.client.dpopBound);
  if (isRequired && caller.key === undefined) throw new OAuthError('invalid_dpop_proof', 'proof_missing');
  return caller.key;
}

/** A caller that names no client: only for requests that need none. */
export const NO_CLIENT: Caller = { kind: 'absent', clientId: '' };

/** The error for every failed authentication. */
export function failed(method: ClientAuthMethod, reason: string): OAuthError {
  const headers = method === 'client_secret_basic' ? { 'www-authenticate': 'Basic realm="token endpoint", charset="UTF-8"' } : {};
  return new OAuthError('invalid_client', reason, reason === 'assertion_audience' ? { headers, hint: WRONG_AUDIENCE } : { headers });
}

/** Explains the most common mistake of honest clients. Safe to reveal: it is about what they sent, not about what is stored. */
const WRONG_AUDIENCE =
  'The aud of a client assertion must be the issuer of this server, as its metadata names it, and nothing else; not the token endpoint.';

/** The error for a program: 503 if the host of its metadata document is down, because it would drop its tokens at `invalid_client`. */
export function orUnavailable(error: unknown): unknown {
  if (!(error instanceof OAuthError) || !(error.cause instanceof HostDown)) return error;
  const hint = 'The document of this client cannot be read right now. Try again shortly.';
  return new OAuthError('temporarily_unavailable', error.reason, { hint, headers: { 'retry-after': '30' }, cause: error.cause });
}
