/**
 * Refresh token: trades it for its successor (RFC 6749 §6, OAuth 2.1 §4.3). A retry within the grace, a second process
 * with the same token, a lost answer: all get the live tokens, unsealed by the very token they present.
 * One read and one write for a public client.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { RefreshProof } from '../core/keys.ts';
import { OAuthError } from '../model/error.ts';
import { end, type Grant } from '../model/grant.ts';
import type { Params } from '../model/params.ts';
import { parseScope } from '../model/scope.ts';
import { familyOf, grantIdOf } from '../model/token.ts';
import { followSuccessors, rotate, type Rotated, unwrap, type Verdict, wrap } from '../model/transition.ts';
import { resourceOf } from './authorization-code.ts';
import { change } from './change.ts';
import { answerAgain, type GivenTokens, openGiven, sealGiven } from './given.ts';
import type { IssuedTokens } from './issue.ts';
import { recheck } from './recheck.ts';
import { scopeRulesOf } from './scope-rules.ts';
import { signed } from './signed.ts';

/** What a refresh came to: the grant as it is now, and the new access token's text. */
type Refreshed = { readonly grant: Grant; readonly rotated: Rotated; readonly accessToken: string };

/** Rotates the refresh token of a request. */
export async function refreshToken(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const presented = params.required('refresh_token');
  const grantId = grantIdOf('refresh', presented);
  if (grantId === null) throw new OAuthError('invalid_grant', 'refresh_malformed');
  const refresh = await as.keys.refreshProof(presented);
  const tokens = await as.keys.mint(grantId, familyOf(presented), refresh);
  const successor = { access: tokens.accessToken, refresh: tokens.refreshToken };
  const proof = {
    refresh,
    clientId: caller.clientId,
    resource: resourceOf(params, as),
    scope: parseScope(params.optional('scope')),
    covered: as.settings.covered,
    rules: scopeRulesOf(as.settings),
    jkt: caller.key?.jkt,
    sealedSuccessor: await sealGiven(as, grantId, presented, successor),
    now: as.now(),
  };
  let isCaughtUp = false;
  const { grant, rotated, accessToken } = await change(as, caller, grantId, async (held): Promise<Verdict<Refreshed>> => {
    const caughtUp = await withLostWrite(as, held, presented, refresh);
    const verdict = rotate(proof, tokens)(caughtUp ?? held);
    if ('error' in verdict) return verdict;
    const { grant: next = held, result } = verdict;
    isCaughtUp = caughtUp !== null;
    if (result.kind === 'repeated') return { result: { grant: held, rotated: result, accessToken: '' } };
    const live = (caughtUp ?? held).refresh;
    const going = live && (await recheck(as, next, unwrap(live, refresh.pad)));
    if (!going) return { grant: end(held, 'access_withdrawn', as.now()), error: new OAuthError('invalid_grant', 'access_withdrawn') };
    const given = await signed(as, going, result.access, tokens);
    const kept =
      given.accessToken === tokens.accessToken
        ? given.grant
        : await sealAnew(as, given.grant, presented, { ...successor, access: given.accessToken });
    return { grant: kept, result: { grant: kept, rotated: { ...result, access: given.access }, accessToken: given.accessToken } };
  });
  const { clientId, userId, resource } = grant;
  if (isCaughtUp) as.emit({ kind: 'grant.caught_up', grantId, clientId, userId });
  as.emit({ kind: rotated.kind === 'repeated' ? 'grant.repeated' : 'grant.refreshed', grantId, clientId, userId });
  if (rotated.kind !== 'repeated') {
    const { scope, expiresAt, jkt } = rotated.access;
    return { accessToken, refreshToken: rotated.kind === 'kept' ? presented : tokens.refreshToken, scope, resource, expiresAt, jkt };
  }
  const given = await followSuccessors(grant, { presented, sealedSuccessor: rotated.sealedSuccessor }, async (token, sealed) => {
    const opened = await openGiven(as, grantId, token, sealed);
    return { tokens: opened, hash: await as.keys.hash(opened.refresh ?? '') };
  });
  return answerAgain(as, grant, given);
}

/**
 * The grant with the write that its store has lost, where the token presented is the one that was written then: a failover to a replica
 * that was behind, a crash without a flush. Null for every other token, which is judged as it is: a token shows that it succeeds the live
 * one by opening what that one opens, which a thief who has an older one cannot.
 */
async function withLostWrite(as: AuthServer, grant: Grant, presented: string, { hash, pad }: RefreshProof): Promise<Grant | null> {
  const live = grant.refresh;
  if (!live || grant.ended || live.hash === hash || grant.retired.some((one) => one.hash === hash)) return null;
  const before = await as.keys.padBefore(presented);
  const key = before && unwrap(live, before);
  if (!key || (await as.keys.openWith(key, grant.sealedProps, `grant:${grant.id}`)) === null) return null;
  return { ...grant, refresh: { ...live, ...wrap(key, { hash, pad }) } };
}

/** What a retry gets is what was signed. */
async function sealAnew(as: AuthServer, grant: Grant, presented: string, successor: GivenTokens): Promise<Grant> {
  const { hash } = await as.keys.proof(presented);
  const sealedSuccessor = await sealGiven(as, grant.id, presented, successor);
  return { ...grant, retired: grant.retired.map((one) => (one.hash === hash ? { ...one, sealedSuccessor } : one)) };
}
