/**
 * Caller: who asks something of the token endpoint and its likes, as `authenticate.ts` found out; and the refusal of whoever is not.
 */
import type { ShownKey } from '../core/dpop.ts';
import { HostDown } from '../lib/host-down.ts';
import type { Client, ClientAuthMethod } from '../model/client.ts';
import { isOutage, OAuthError } from '../model/error.ts';

/** Who calls, as far as it is known before the grant is read. */
export type Caller = (
  | { readonly kind: 'public'; readonly clientId: string }
  | { readonly kind: 'confidential'; readonly clientId: string; readonly client: Client }
  | { readonly kind: 'absent'; readonly clientId: '' }
) & {
  /** The key that the request shows a proof of, if it shows one. */
  readonly key?: ShownKey;
  /** Makes what the client proved itself with good again. */
  readonly giveBack?: () => Promise<void>;
};

/**
 * Runs what a caller asks for. Where it fails through no fault of theirs, the proofs that it used up are good again, for the retry
 * that a 503 asks for.
 */
export async function orGiveBack<T>({ key, giveBack }: Pick<Caller, 'key' | 'giveBack'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOutage(error)) await Promise.all([key?.giveBack(), giveBack?.()]);
    throw error;
  }
}

/** The key that a request shows. @throws {OAuthError} where its client, or the grant, wants to be held to one and it shows none. */
export function keyOf(caller: Caller, isBound: boolean | undefined = false): ShownKey | undefined {
  const isHeld = isBound || (caller.kind === 'confidential' && caller.client.dpopBound);
  if (isHeld && caller.key === undefined) throw new OAuthError('invalid_dpop_proof', 'proof_missing');
  return caller.key;
}

/** Somebody who names no client: only for what needs none. */
export const ABSENT: Caller = { kind: 'absent', clientId: '' };

/** The answer to every failed authentication. */
export function failed(method: ClientAuthMethod, reason: string): OAuthError {
  const headers = method === 'client_secret_basic' ? { 'www-authenticate': 'Basic realm="token endpoint", charset="UTF-8"' } : {};
  return new OAuthError('invalid_client', reason, reason === 'assertion_audience' ? { headers, hint: WRONG_AUDIENCE } : { headers });
}

/** The most common mistake of honest clients, told to all: it is about what they sent, and tells nothing of what is stored. */
const WRONG_AUDIENCE =
  'The aud of a client assertion must be the issuer of this server, as its metadata names it, and nothing else; not the token endpoint.';

/** What a program hears of a refusal: where the host of its document is down, to try again, or it would drop its tokens. */
export function orUnavailable(error: unknown): unknown {
  if (!(error instanceof OAuthError) || !(error.cause instanceof HostDown)) return error;
  const hint = 'The document of this client cannot be read right now. Try again shortly.';
  return new OAuthError('temporarily_unavailable', error.reason, { hint, headers: { 'retry-after': '30' }, cause: error.cause });
}
