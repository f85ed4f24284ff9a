/**
 * Changes a grant for the caller of the token endpoint: where the record is, in one call, if the store can run our code (`core/grant-attempt`); else by a
 * transition between a read and a write, with the client's current registration.
 */
import { type Caller, failed, keyOf } from '../clients/caller.ts';
import { findClient } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { attemptGrant, type GrantAttempt } from '../core/grant-attempt.ts';
import type { MintedTokens } from '../core/records/secrets.ts';
import type { Redemption, Rotation, SlowTransition, Verdict } from '../model/grant-transitions.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import { isRedirect } from '../model/login.ts';
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

/** What came of an attempt: the grant with new tokens, or what was read instead, if anything. */
export interface Tried {
  readonly issued?: { readonly grant: Grant; readonly access: GrantAccess };
  readonly known?: Stored | null;
}

/** What a request presents. */
type Presented = { readonly kind: 'redeem'; readonly proof: Redemption } | { readonly kind: 'rotate'; readonly proof: Rotation };

/** Tries to issue tokens where the grant is. */
export async function tryThere(
  as: AuthServer,
  caller: Caller,
  grantId: string,
  { kind, proof }: Presented,
  { access, refresh }: MintedTokens,
): Promise<Tried> {
  const { settings } = as;
  const configured = settings.clients.get(caller.clientId)?.client;
  const needsProof = caller.key !== undefined || configured?.dpopBound || (caller.kind === 'confidential' && caller.client.dpopBound);
  const mayAsk = settings.onTokens !== null || settings.resources.some(({ accessTokenSigning }) => accessTokenSigning !== undefined);
  if (!as.store.attempt || needsProof || mayAsk || proof.scope.length > 0) return {};
  const { expandScopes: _functions, rules: _stay, scope: _none, ...presented } = proof;
  const attempt = {
    kind,
    now: proof.now,
    clientAuth: caller.kind === 'public' ? 'public' : 'confidential',
    isConfigured: configured !== undefined,
    settled: settings.logins.filter((login) => !isRedirect(login) || !login.recheck).map(({ id }) => id),
    minted: { access, refresh },
    proof: presented,
  } as GrantAttempt;
  const made = await attemptGrant(as, grantId, attempt);
  if (!made?.isDone || !made.stored) return made ? { known: made.stored } : {};
  const grant = made.stored.value as Grant;
  return { issued: { grant, access: grant.access.at(-1) as GrantAccess } };
}
