/**
 * Change: runs a move of a grant for the caller of the token endpoint, on the grant as its client is registered now.
 */
import { failed, keyOf, type Caller } from '../clients/caller.ts';
import { findClient } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { Grant } from '../model/grant.ts';
import type { SlowTransition, Verdict } from '../model/grant-transitions.ts';

/**
 * Runs the move. Only where it succeeds is a proof of a key checked and used up: nothing dear is done for a stranger, nor is a proof
 * asked for before reuse is noticed.
 *
 * @throws {OAuthError} what the move refuses with; `invalid_client` for a client that is no more, or showed no secret.
 */
export function changeGrant<T>(as: AuthServer, caller: Caller, grantId: string, move: SlowTransition<T>): Promise<T> {
  return as.records.changeGrant(grantId, async (kept): Promise<Verdict<T>> => {
    const grant = kept.clientId === caller.clientId ? await asRegistered(as, caller, kept) : kept; // the move refuses another's
    const verdict = await move(grant);
    if ('error' in verdict) return verdict;
    const configured = as.settings.clients.get(grant.clientId)?.client;
    await keyOf(caller, (configured ?? grant).dpopBound)?.prove();
    return verdict;
  });
}

/**
 * The grant, as its client is registered now. A grant remembers whether its client has a secret, so that a public client's row is not
 * read (docs/decisions/0001); it is read where the grant says that there is one to show, or that the client was one of the options.
 */
async function asRegistered(as: AuthServer, { kind, clientId }: Caller, grant: Grant): Promise<Grant> {
  if (kind === 'public' && (grant.clientAuth === 'confidential' || (grant.configured && !as.settings.clients.has(clientId)))) {
    const client = await findClient(as, clientId);
    if (client?.authMethod !== 'none') throw failed('none', client ? 'secret_missing' : 'client_unknown');
  }
  const clientAuth = kind === 'public' ? 'public' : 'confidential';
  return clientAuth === grant.clientAuth ? grant : { ...grant, clientAuth };
}
