/**
 * Runs a grant transition for the caller of the token endpoint, with the client's current registration.
 */
import { failed, keyOf, type Caller } from '../clients/caller.ts';
import { findClient } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { Grant } from '../model/grant.ts';
import type { SlowTransition, Verdict } from '../model/grant-transitions.ts';
import type { Stored } from '../model/store.ts';

/**
 * Runs the transition, and only if it succeeds checks and uses up the DPoP proof: an unauthorized caller causes no expensive work, and
 * reuse is detected before a proof is asked for.
 *
 * @param known the record as it was just read; saves the first read.
 * @throws {OAuthError} what the transition refuses with; `invalid_client` if the client no longer exists, or did not authenticate.
 */
export function changeGrant<T>(
  as: AuthServer,
  caller: Caller,
  grantId: string,
  transition: SlowTransition<T>,
  known?: Stored | null,
): Promise<T> {
  const change: SlowTransition<T> = async (stored): Promise<Verdict<T>> => {
    const grant = stored.clientId === caller.clientId ? await asRegistered(as, caller, stored) : stored; // the transition refuses another client
    const verdict = await transition(grant);
    if ('error' in verdict) return verdict;
    const configured = as.settings.clients.get(grant.clientId)?.client;
    await keyOf(caller, (configured ?? grant).dpopBound)?.prove();
    return verdict;
  };
  return as.records.changeGrant(grantId, change, known === undefined ? {} : { known });
}

/**
 * The grant with its client's current authentication. A grant remembers whether its client has a secret, so that a public client's record
 * is not read (docs/decisions/0001); it is read if the grant says that the client must authenticate, or was one of the `clients` option.
 */
async function asRegistered(as: AuthServer, { kind, clientId }: Caller, grant: Grant): Promise<Grant> {
  if (kind === 'public' && (grant.clientAuth === 'confidential' || (grant.configured && !as.settings.clients.has(clientId)))) {
    const client = await findClient(as, clientId);
    if (client?.authMethod !== 'none') throw failed('none', client ? 'secret_missing' : 'client_unknown');
  }
  const clientAuth = kind === 'public' ? 'public' : 'confidential';
  return clientAuth === grant.clientAuth ? grant : { ...grant, clientAuth };
}
