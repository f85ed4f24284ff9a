/**
 * Refresh token: trades it for its successor (RFC 6749 §6, OAuth 2.1 §4.3). A retry within the grace, a second process
 * with the same token, a lost answer: all get the same successor, unsealed by the very token they present.
 * One read and one write for a public client.
 */
import type { Caller } from '../clients/authenticate.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import { parseScope } from '../model/scope.ts';
import { familyOf, grantIdOf } from '../model/token.ts';
import { rotate } from '../model/transition.ts';
import { resourceOf } from './authorization-code.ts';
import { change } from './change.ts';
import type { IssuedTokens } from './issue.ts';

/** What is sealed for a retry: the whole answer. */
type Successor = { readonly access: string; readonly refresh: string };

/** Rotates the refresh token of a request. */
export async function refreshToken(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const presented = params.required('refresh_token');
  const grantId = grantIdOf('refresh', presented);
  if (grantId === null) throw new OAuthError('invalid_grant', 'refresh_malformed');
  const tokens = await as.keys.mint(grantId, familyOf(presented));
  const successor: Successor = { access: tokens.accessToken, refresh: tokens.refreshToken ?? '' };
  const proof = {
    refresh: await as.keys.refreshProof(presented),
    clientId: caller.clientId,
    resource: resourceOf(params, as),
    scope: parseScope(params.optional('scope')).filter((scope) => scope !== 'offline_access'),
    covered: as.settings.covered,
    sealedSuccessor: await as.keys.sealUnder(presented, successor, `successor:${grantId}`),
    now: as.now(),
  };
  const { grant, rotated } = await change(as, caller, grantId, (held) => {
    const verdict = rotate(proof, tokens)(held);
    return 'error' in verdict ? verdict : { ...verdict, result: { grant: held, rotated: verdict.result } };
  });
  const { clientId, userId, resource } = grant;
  as.emit({ kind: rotated.kind === 'issued' ? 'grant.refreshed' : 'grant.repeated', grantId, clientId, userId });
  if (rotated.kind === 'issued') {
    const { scope, expiresAt } = rotated.access;
    return { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken, scope, resource, expiresAt };
  }
  const given = (await as.keys.openUnder(presented, rotated.sealedSuccessor, `successor:${grantId}`)) as Successor | null;
  if (!given) throw new Error('A sealed successor does not open under the token it was sealed for.');
  const { hash } = await as.keys.proof(given.access);
  const access = grant.access.find((one) => one.hash === hash);
  const expiresAt = access?.expiresAt ?? proof.now; // pushed out by newer ones: told to be over, so that the client refreshes
  return { accessToken: given.access, refreshToken: given.refresh, scope: access?.scope ?? grant.scope, resource, expiresAt };
}
