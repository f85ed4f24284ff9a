/**
 * Grant state transitions: redeem, rotate, revoke. Each takes the current grant, a proof and the time, and returns what to write and what to
 * answer. A replay ends the grant in the same write.
 *
 * Checks of a code: secret → client → request → PKCE → resource and scope → unspent → key → expiry.
 * Checks of a refresh token: family → client → reuse → key → resource and scope → expiry.
 * A request that fails a check learns nothing of the later ones and changes nothing. Reuse is checked before the key, since a thief who
 * came first may have bound the family to their own key.
 */
import { isWithin } from './resource.ts';
import { equalTexts } from '../lib/bytes.ts';
import { OAuthError, type ErrorCode } from './error.ts';
import {
  type Bound,
  countRetired,
  end,
  type EndReason,
  findRetired,
  type Grant,
  type GrantAccess,
  type GrantCode,
  inGrace,
  MAX_ACCESS_TOKENS,
  MAX_FAILURES,
  MAX_RETIRED,
  REPEAT_WINDOW,
  type StoredRetired,
  withRetired,
} from './grant.ts';
import { narrowScope, type ScopeExpansion, type ScopeRules } from './scope.ts';
import type { Seconds } from './store.ts';
import { type Proof, unwrap, wrap, type Wrapped } from './token.ts';

/** Result of a transition. Without `grant`, nothing is written. With `keptAs`, it is kept under that id from now on, where it is not already. */
export type Verdict<T> = { readonly grant?: Grant; readonly keptAs?: string } & ({ readonly result: T } | { readonly error: OAuthError });

/** A transition, ready to run on the current grant. */
export type Transition<T> = (grant: Grant) => Verdict<T>;

/** A transition that may be asynchronous, to sign what it issues. */
export type SlowTransition<T> = (grant: Grant) => Verdict<T> | Promise<Verdict<T>>;

/** New tokens, which become valid when they are written. */
export interface Minted {
  readonly access: Proof;
  /** Null if the grant has no refresh tokens. */
  readonly refresh: (Proof & { readonly familyHash: string }) | null;
}

/** A code presented for redemption (RFC 6749 §4.1.3). */
export interface Redemption {
  readonly code: Proof;
  readonly clientId: string;
  /** Derived from the code verifier. */
  readonly challenge: string;
  readonly redirectUri: string | undefined;
  readonly resource: string | undefined;
  readonly scope: readonly string[];
  /** Expands granted scopes. */
  readonly expandScopes: ScopeExpansion;
  /** Rules that narrow a token for a resource. */
  readonly rules?: (resource: string) => ScopeRules;
  /** Thumbprint of the DPoP key, if one was proven. */
  readonly jkt?: string | undefined;
  readonly now: Seconds;
}

/** A presented refresh token (RFC 6749 §6). */
export interface Rotation {
  readonly refresh: Proof & { readonly familyHash: string };
  readonly clientId: string;
  readonly resource: string | undefined;
  readonly scope: readonly string[];
  /** Expands granted scopes. */
  readonly expandScopes: ScopeExpansion;
  /** Rules that narrow a token for a resource. */
  readonly rules?: (resource: string) => ScopeRules;
  /** Thumbprint of the DPoP key, if one was proven. */
  readonly jkt?: string | undefined;
  /** How the new tokens follow from the old refresh token (`model/grant`), or the new tokens sealed under it. */
  readonly sealedSuccessor: string;
  readonly now: Seconds;
}

/** Result of a redemption: new tokens, or those of an earlier redemption whose response was a 503. */
export type Redeemed =
  | { readonly kind: 'issued'; readonly access: GrantAccess }
  | { readonly kind: 'repeated'; readonly sealedAnswer: string };

/** Result of a rotation: new tokens; a new access token with the same refresh token; or the tokens issued before. */
export type Rotated =
  | { readonly kind: 'issued' | 'kept'; readonly access: GrantAccess }
  | { readonly kind: 'repeated'; readonly sealedSuccessor: string };

/** Redeems a code for tokens, once. */
export function redeem(proof: Redemption, minted: Minted): Transition<Redeemed> {
  return (grant) => {
    const { code } = grant;
    if (grant.ended) return refuse(`grant_${grant.ended.reason}`);
    if (!code || !equalTexts(code.hash, proof.code.hash)) return refuse('code_unknown');
    if (grant.clientId !== proof.clientId) return refuse('code_of_another_client');
    if (proof.redirectUri !== undefined && proof.redirectUri !== code.redirectUri) return refuse('redirect_differs');
    if (!equalTexts(code.challenge, proof.challenge)) return code.spent ? refuse('verifier_wrong') : wrongVerifier(grant, proof.now);
    if (proof.resource !== undefined && !isWithin(grant.resource, proof.resource)) return refuse('resource_beyond_grant', 'invalid_target');
    const scope = narrowed(grant, proof);
    if (scope instanceof OAuthError) return { error: scope };
    if (code.spent) return redeemAgain(grant, code, proof);
    if (code.jkt !== undefined && code.jkt !== proof.jkt) return refuse('key_differs');
    if (code.expiresAt <= proof.now) return refuse('code_expired');
    const spent = { ...code, spent: true, spentAt: proof.now, ...boundTo(proof.jkt) };
    const { grant: next, access } = issue({ ...grant, code: spent }, code, proof.code.pad, minted, scope, proof);
    return { grant: next, result: { kind: 'issued', access } };
  };
}

/** A spent code with everything right: its tokens if they were never sent; otherwise refused, and after the repeat window treated as theft. */
function redeemAgain(grant: Grant, code: GrantCode, { jkt, now }: Redemption): Verdict<Redeemed> {
  const { sealedAnswer, ...answered } = code;
  if (jkt !== code.jkt) return ended(grant, 'code_replayed', now);
  if (sealedAnswer !== undefined)
    return code.expiresAt <= now
      ? refuse('code_expired')
      : { grant: { ...grant, code: { ...answered, spentAt: now } }, result: { kind: 'repeated', sealedAnswer } };
  return now - (code.spentAt ?? 0) <= REPEAT_WINDOW ? refuse('code_repeated') : ended(grant, 'code_replayed', now);
}

/**
 * Rotates a refresh token. Within the grace period a retired one gets the same successor; after it, reuse ends the grant.
 *
 * A retired token is never dropped within its grace period, or its holder would be treated as a thief: if there is no room for one more,
 * the live token is not rotated until there is.
 */
export function rotate(proof: Rotation, minted: Minted): Transition<Rotated> {
  return (grant) => {
    const { refresh } = grant;
    if (grant.ended) return refuse(`grant_${grant.ended.reason}`);
    if (!refresh) return refuse('refresh_not_given');
    if (!equalTexts(refresh.familyHash, proof.refresh.familyHash)) return refuse('refresh_unknown');
    if (grant.clientId !== proof.clientId) return refuse('refresh_of_another_client');
    const live = equalTexts(refresh.hash, proof.refresh.hash);
    const retired = findRetired(grant.retired, proof.refresh.hash, proof.now);
    const isKeyRight = refresh.jkt === undefined || refresh.jkt === proof.jkt;
    if (!live && !(retired && isKeyRight)) return ended(grant, 'refresh_reused', proof.now);
    if (!isKeyRight) return refuse('key_differs');
    if (proof.resource !== undefined && !isWithin(grant.resource, proof.resource)) return refuse('resource_beyond_grant', 'invalid_target');
    const scope = narrowed(grant, proof);
    if (scope instanceof OAuthError) return { error: scope };
    if (retired) return { result: { kind: 'repeated', sealedSuccessor: retired.sealedSuccessor } };
    if (grant.expiresAt <= proof.now) return refuse('grant_expired');
    if (refresh.expiresAt <= proof.now) return refuse('refresh_expired');
    const inGraceNow = inGrace(grant.retired, proof.now);
    const isFull = countRetired({ retired: inGraceNow }) >= MAX_RETIRED;
    const next = isFull ? { ...minted, refresh: proof.refresh } : minted;
    const issued = issue(
      { ...grant, retired: isFull ? inGraceNow : retire(grant, inGraceNow, proof) },
      refresh,
      proof.refresh.pad,
      next,
      scope,
      proof,
    );
    return { grant: issued.grant, result: { kind: isFull ? 'kept' : 'issued', access: issued.access } };
  };
}

/** Ends a grant permanently; no change if it has ended. */
export function revoke(reason: EndReason, now: Seconds): Transition<boolean> {
  return (grant) => (grant.ended ? { result: false } : { grant: end(grant, reason, now), result: true });
}

/** Ends one access token and keeps the rest (RFC 7009 §2.1). */
export function revokeAccess(hash: string): Transition<boolean> {
  return (grant) => {
    const access = grant.access.filter((one) => one.hash !== hash);
    return access.length === grant.access.length ? { result: false } : { grant: { ...grant, access }, result: true };
  };
}

function issue(
  grant: Grant,
  wrapped: Wrapped,
  pad: Uint8Array,
  minted: Minted,
  scope: readonly string[],
  { now, jkt }: { readonly now: Seconds; readonly jkt?: string | undefined },
): { grant: Grant; access: GrantAccess } {
  const bound = boundTo(jkt);
  const key = unwrap(wrapped, pad);
  const access = { ...wrap(key, minted.access), scope, expiresAt: Math.min(now + grant.lifetimes.access, grant.expiresAt), ...bound };
  const refresh = minted.refresh && {
    ...wrap(key, minted.refresh),
    familyHash: minted.refresh.familyHash,
    expiresAt: Math.min(now + grant.lifetimes.refresh, grant.expiresAt),
    ...(grant.clientAuth === 'public' ? bound : {}), // a confidential client authenticates, and may change its key (RFC 9449 §5)
  };
  const live = grant.access.filter((one) => one.expiresAt > now).slice(1 - MAX_ACCESS_TOKENS);
  return { grant: { ...grant, access: [...live, access], refresh, usedAt: now }, access };
}

function boundTo(jkt: string | undefined): Bound {
  return jkt === undefined ? {} : { jkt };
}

function retire({ lifetimes }: Grant, inGraceNow: StoredRetired, { refresh, sealedSuccessor, now }: Rotation): StoredRetired {
  if (lifetimes.grace === 0) return inGraceNow;
  return withRetired(inGraceNow, { hash: refresh.hash, sealedSuccessor, until: now + lifetimes.grace });
}

function wrongVerifier(grant: Grant, now: Seconds): Verdict<never> {
  const failures = (grant.code?.failures ?? 0) + 1;
  if (failures >= MAX_FAILURES || !grant.code)
    return { grant: end(grant, 'code_guessed', now), error: new OAuthError('invalid_grant', 'code_guessed') };
  return { grant: { ...grant, code: { ...grant.code, failures } }, error: new OAuthError('invalid_grant', 'verifier_wrong') };
}

function narrowed(
  grant: Grant,
  { scope, expandScopes, rules }: Pick<Redemption, 'scope' | 'expandScopes' | 'rules'>,
): readonly string[] | OAuthError {
  try {
    return narrowScope(grant.scope, scope, expandScopes(grant.scope), { ...rules?.(grant.resource), defaulted: grant.defaulted === true });
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
}

function refuse(reason: string, code: ErrorCode = 'invalid_grant'): Verdict<never> {
  return { error: new OAuthError(code, reason) };
}

function ended(grant: Grant, reason: EndReason, now: Seconds): Verdict<never> {
  return { grant: end(grant, reason, now), error: new OAuthError('invalid_grant', reason) };
}
