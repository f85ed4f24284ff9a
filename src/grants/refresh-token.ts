/**
 * Refresh token grant: rotates the token (RFC 6749 §6, OAuth 2.1 §4.3). A retry within the grace period, a second process with the same
 * token, and a client whose response was lost all get the live tokens, unsealed with the token that they present. One read and one write
 * for a public client.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { base64url } from '../lib/bytes.ts';
import { lazy } from '../lib/async.ts';
import { OAuthError } from '../model/error.ts';
import { end, type Grant, isSame, NONCE_BYTES, packed, retiredOf, textOfDerivation } from '../model/grant.ts';
import type { Params } from '../model/params.ts';
import { grantIdOf, kindOf, unwrap, withPlace } from '../model/token.ts';
import { parseScope } from '../model/scope.ts';
import { rotate, type Rotated, type Verdict } from '../model/grant-transitions.ts';
import {
  changeGrant,
  deriveTokens,
  type IssuedTokens,
  requestedResource,
  scopeRulesOf,
  type SealedTokens,
  sealTokens,
  signAccessToken,
  type Tried,
  tryThere,
} from './token-request.ts';
import type { Amend, WouldIssue } from './on-tokens.ts';

const answerLive = lazy(async () => (await import('./repeated-answer.ts')).answerWithLiveToken);
const withLostWrite = lazy(async () => (await import('./repeated-answer.ts')).withLostWrite);

/** Result of a refresh: the current grant, and the text of the new access token. */
type Refreshed = { readonly grant: Grant; readonly rotated: Rotated; readonly accessToken: string };

/** Rotates the refresh token of a request. */
export async function refreshToken(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const given = params.required('refresh_token');
  const isFormer = as.settings.formerStore && kindOf(given) === null;
  const presented = isFormer ? await (await import('./former-grants.ts')).tradeFormerToken(as, caller, given) : given;
  const grantId = grantIdOf('refresh', presented);
  if (grantId === null) throw new OAuthError('invalid_grant', 'refresh_malformed');
  const refresh = await as.secrets.refreshProof(presented);
  // The predecessor's pad makes the token longer than older versions of this program accept, so it is included only if needed.
  const keptAs = as.store.placed ? withPlace(grantId, as.place) : grantId;
  const derivation = { nonce: base64url(as.runtime.random(NONCE_BYTES)), grantId: keptAs, leadsBack: as.store.mayLose === true };
  const tokens = await deriveTokens(as, refresh, presented, derivation);
  const successor = { access: tokens.accessToken, refresh: tokens.refreshToken };
  const proof = {
    refresh,
    clientId: caller.clientId,
    resource: requestedResource(params, as),
    scope: parseScope(params.optional('scope')),
    expandScopes: as.settings.expandScopes,
    rules: scopeRulesOf(as.settings),
    jkt: caller.key?.jkt,
    sealedSuccessor: textOfDerivation(derivation),
    now: as.now(),
  };
  let isCaughtUp = false;
  const caught = async (current: Grant): Promise<Grant | null> =>
    current.refresh?.hash === refresh.hash ? null : withLostWrite(as, current, presented, refresh);
  const check = async (current: Grant): Promise<Verdict<WouldIssue>> => {
    const base = (await caught(current)) ?? current;
    const verdict = rotate(proof, tokens)(base);
    if ('error' in verdict) return verdict;
    const isNew = verdict.result.kind !== 'repeated' && base.refresh;
    return { result: isNew ? { scope: verdict.result.access.scope, key: unwrap(base.refresh, refresh.pad) } : null };
  };
  const { issued, known }: Tried = keptAs === grantId ? await tryThere(as, caller, grantId, { kind: 'rotate', proof }, tokens) : {};
  const transition = async (current: Grant, amend?: Amend): Promise<Verdict<Refreshed>> => {
    const caughtUp = await caught(current);
    const verdict = rotate(proof, tokens)(caughtUp ?? current);
    if ('error' in verdict) return verdict;
    const { grant: next = current, result } = verdict;
    isCaughtUp = caughtUp !== null;
    if (result.kind === 'repeated') return { result: { grant: current, rotated: result, accessToken: '' } };
    const live = (caughtUp ?? current).refresh;
    const checked = live && (next.origin ? await as.parts.recheck(as, next, unwrap(live, refresh.pad)) : next);
    if (!checked) return { grant: end(current, 'access_withdrawn', as.now()), error: new OAuthError('invalid_grant', 'access_withdrawn') };
    const given = amend?.(checked, result.access) ?? { grant: checked, access: result.access };
    const signed = await signAccessToken(as, given.grant, given.access, tokens);
    const nextGrant =
      signed.accessToken === tokens.accessToken
        ? signed.grant
        : await resealSuccessor(as, signed.grant, presented, { ...successor, access: signed.accessToken });
    return {
      grant: nextGrant,
      ...(as.store.placed && as.place !== null ? { keptAs } : {}),
      result: { grant: nextGrant, rotated: { ...result, access: signed.access }, accessToken: signed.accessToken },
    };
  };
  const issue = async (amend?: Amend): Promise<Refreshed> =>
    issued
      ? {
          grant: issued.grant,
          rotated: { kind: issued.grant.refresh?.hash === refresh.hash ? 'kept' : 'issued', access: issued.access },
          accessToken: tokens.accessToken,
        }
      : changeGrant(as, caller, grantId, (current) => transition(current, amend), known);
  const asking = { as, caller, grantId, reason: 'refresh_token', check, issue } as const;
  const { grant, rotated, accessToken } = await (as.settings.onTokens === null
    ? issue()
    : (await import('./on-tokens.ts')).issueAsked(asking));
  const { clientId, userId, resource } = grant;
  void as.clientPlaces?.note(grant.code?.redirectUri, as.place);
  if (isCaughtUp) as.emit({ kind: 'grant.caught_up', grantId: grant.id, clientId, userId });
  as.emit({ kind: rotated.kind === 'repeated' ? 'grant.repeated' : 'grant.refreshed', grantId: grant.id, clientId, userId });
  if (rotated.kind !== 'repeated') {
    const { scope, expiresAt, jkt } = rotated.access;
    return { accessToken, refreshToken: rotated.kind === 'kept' ? presented : tokens.refreshToken, scope, resource, expiresAt, jkt };
  }
  return answerLive(as, grant, presented, rotated.sealedSuccessor);
}

/** Seals the successor instead: a retry must get the signed access token, which cannot be derived. */
async function resealSuccessor(as: AuthServer, grant: Grant, presented: string, successor: SealedTokens): Promise<Grant> {
  const { hash } = await as.secrets.proof(presented);
  const sealedSuccessor = await sealTokens(as, grant.id, presented, successor);
  return { ...grant, retired: packed(retiredOf(grant).map((one) => (isSame(one, hash) ? { ...one, sealedSuccessor } : one))) };
}
