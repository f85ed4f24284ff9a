/**
 * Change: runs a move of a grant for whoever calls the token endpoint.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import type { Grant } from '../model/grant.ts';
import type { SlowTransition, Verdict } from '../model/transition.ts';

/**
 * Runs the move.
 *
 * @throws {OAuthError} what the move refuses with; `invalid_client` for a confidential client that showed no secret.
 */
export function change<T>(as: AuthServer, caller: Caller, grantId: string, move: SlowTransition<T>): Promise<T> {
  return as.records.changeGrant(grantId, (grant) => onlyFor(caller, grant) ?? move(grant));
}

/**
 * A confidential client's grant is not for somebody who only knows its id; the grant tells which it is (docs/decisions/0003). Nor is
 * that of a client without its key that wanted to be held to one.
 */
function onlyFor(caller: Caller, grant: Grant): Verdict<never> | null {
  if (grant.dpopBound && caller.jkt === undefined && grant.clientId === caller.clientId)
    return { error: new OAuthError('invalid_dpop_proof', 'proof_missing') };
  return grant.clientAuth === 'confidential' && caller.kind === 'public' && grant.clientId === caller.clientId
    ? { error: new OAuthError('invalid_client', 'secret_missing') }
    : null;
}
