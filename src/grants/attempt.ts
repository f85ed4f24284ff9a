/**
 * Asks a store that can run our code for the tokens of a request, in one call (`core/grant-attempt`). Requests that anything outside of the grant has a
 * say in are not tried.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { attemptGrant, type GrantAttempt } from '../core/grant-attempt.ts';
import type { MintedTokens } from '../core/records/secrets.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import type { Redemption, Rotation } from '../model/grant-transitions.ts';
import { isRedirect } from '../model/login.ts';
import type { Stored } from '../model/store.ts';

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
