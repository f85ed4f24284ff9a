/**
 * The moves of a grant: redeem, rotate, revoke. Each takes the grant as it stands, a proof and the present second,
 * and says what to write and what to answer; a replay is answered and the grant ended in the same write.
 *
 * Order of the checks of a code: known secret → same client → same request → enough right → not yet spent → key → still in time;
 * of a refresh token: known family → same client → not used before → key → enough right → still in time.
 * A request that fails an earlier one learns nothing of a later one and changes nothing. Reuse is judged before the key, since a
 * thief who came first may have bound the family to a key of their own.
 */
import { isWithin } from './resource.ts';
import { equalTexts } from '../lib/bytes.ts';
import { OAuthError, type ErrorCode } from './error.ts';
import {
  type Bound,
  end,
  type EndReason,
  type Grant,
  type GrantAccess,
  type GrantCode,
  MAX_ACCESS_TOKENS,
  MAX_FAILURES,
  MAX_RETIRED,
  REPEAT_WINDOW,
  type Wrapped,
} from './grant.ts';
import { narrowScope, type ScopeCover, type ScopeRules } from './scope.ts';
import type { Seconds } from './store.ts';
import { type Proof, unwrap, wrap } from './wrapped.ts';

/** What a move came to. Without `grant` nothing is written. */
export type Verdict<T> = { readonly grant?: Grant } & ({ readonly result: T } | { readonly error: OAuthError });

/** A move, ready to be run on whatever the record says now. */
export type Transition<T> = (grant: Grant) => Verdict<T>;

/** A move that takes its time: it may sign what it gives. */
export type SlowTransition<T> = (grant: Grant) => Verdict<T> | Promise<Verdict<T>>;

/** Tokens made but not yet valid; they become so by being written. */
export interface Minted {
  readonly access: Proof;
  /** Absent where the grant gives no refresh tokens. */
  readonly refresh: (Proof & { readonly familyHash: string }) | null;
}

/** A code presented for redemption (RFC 6749 §4.1.3). */
export interface Redemption {
  readonly code: Proof;
  readonly clientId: string;
  /** Made from the verifier. */
  readonly challenge: string;
  readonly redirectUri: string | undefined;
  readonly resource: string | undefined;
  readonly scope: readonly string[];
  /** What granted scopes stand for. */
  readonly covered: ScopeCover;
  /** By what a token for a resource is narrowed. */
  readonly rules?: (resource: string) => ScopeRules;
  /** Thumbprint of the key that was proven, if one was. */
  readonly jkt?: string | undefined;
  readonly now: Seconds;
}

/** A refresh token presented (RFC 6749 §6). */
export interface Rotation {
  readonly refresh: Proof & { readonly familyHash: string };
  readonly clientId: string;
  readonly resource: string | undefined;
  readonly scope: readonly string[];
  /** What granted scopes stand for. */
  readonly covered: ScopeCover;
  /** By what a token for a resource is narrowed. */
  readonly rules?: (resource: string) => ScopeRules;
  /** Thumbprint of the key that was proven, if one was. */
  readonly jkt?: string | undefined;
  /** The new tokens under a key that only the old refresh token gives. */
  readonly sealedSuccessor: string;
  readonly now: Seconds;
}

/** What a redemption came to: new tokens, or those of the redemption whose answer never left. */
export type Redeemed =
  | { readonly kind: 'issued'; readonly access: GrantAccess }
  | { readonly kind: 'repeated'; readonly sealedAnswer: string };

/** What a rotation came to: new tokens; a new access token beside the same refresh token; or the tokens that were given before. */
export type Rotated =
  | { readonly kind: 'issued' | 'kept'; readonly access: GrantAccess }
  | { readonly kind: 'repeated'; readonly sealedSuccessor: string };

/** Spends a code for tokens, once. */
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

/** A spent code that comes with everything right: its tokens where they never left; else it is refused, and after a while it is theft. */
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
 * Trades a refresh token for its successor; the same successor again within the grace; the end of the family after it.
 *
 * No retired token is forgotten within its grace, or its holder would be taken for a thief: where there is no room for one more, the
 * live token stays as it is until there is.
 */
export function rotate(proof: Rotation, minted: Minted): Transition<Rotated> {
  return (grant) => {
    const { refresh } = grant;
    if (grant.ended) return refuse(`grant_${grant.ended.reason}`);
    if (!refresh) return refuse('refresh_not_given');
    if (!equalTexts(refresh.familyHash, proof.refresh.familyHash)) return refuse('refresh_unknown');
    if (grant.clientId !== proof.clientId) return refuse('refresh_of_another_client');
    const live = equalTexts(refresh.hash, proof.refresh.hash);
    const retired = grant.retired.find((one) => one.hash === proof.refresh.hash && one.until > proof.now);
    const isKeyRight = refresh.jkt === undefined || refresh.jkt === proof.jkt;
    if (!live && !(retired && isKeyRight)) return ended(grant, 'refresh_reused', proof.now);
    if (!isKeyRight) return refuse('key_differs');
    if (proof.resource !== undefined && !isWithin(grant.resource, proof.resource)) return refuse('resource_beyond_grant', 'invalid_target');
    const scope = narrowed(grant, proof);
    if (scope instanceof OAuthError) return { error: scope };
    if (retired) return { result: { kind: 'repeated', sealedSuccessor: retired.sealedSuccessor } };
    if (grant.expiresAt <= proof.now) return refuse('grant_expired');
    if (refresh.expiresAt <= proof.now) return refuse('refresh_expired');
    const living = inGrace(grant, proof.now);
    const isFull = living.length >= MAX_RETIRED;
    const next = isFull ? { ...minted, refresh: proof.refresh } : minted;
    const issued = issue(
      { ...grant, retired: isFull ? living : retire(grant, living, proof) },
      refresh,
      proof.refresh.pad,
      next,
      scope,
      proof,
    );
    return { grant: issued.grant, result: { kind: isFull ? 'kept' : 'issued', access: issued.access } };
  };
}

/** Ends a grant for good; ending an ended one changes nothing. */
export function revoke(reason: EndReason, now: Seconds): Transition<boolean> {
  return (grant) => (grant.ended ? { result: false } : { grant: end(grant, reason, now), result: true });
}

/** Ends one access token and leaves the rest (RFC 7009 §2.1). */
export function revokeAccess(hash: string): Transition<boolean> {
  return (grant) => {
    const access = grant.access.filter((one) => one.hash !== hash);
    return access.length === grant.access.length ? { result: false } : { grant: { ...grant, access }, result: true };
  };
}

function issue(
  grant: Grant,
  held: Wrapped,
  pad: Uint8Array,
  minted: Minted,
  scope: readonly string[],
  { now, jkt }: { readonly now: Seconds; readonly jkt?: string | undefined },
): { grant: Grant; access: GrantAccess } {
  const bound = boundTo(jkt);
  const key = unwrap(held, pad);
  const access = { ...wrap(key, minted.access), scope, expiresAt: Math.min(now + grant.lifetimes.access, grant.expiresAt), ...bound };
  const refresh = minted.refresh && {
    ...wrap(key, minted.refresh),
    familyHash: minted.refresh.familyHash,
    expiresAt: Math.min(now + grant.lifetimes.refresh, grant.expiresAt),
    ...(grant.clientAuth === 'public' ? bound : {}), // a confidential client proves itself, and may change its key (RFC 9449 §5)
  };
  const living = grant.access.filter((one) => one.expiresAt > now).slice(1 - MAX_ACCESS_TOKENS);
  return { grant: { ...grant, access: [...living, access], refresh, usedAt: now }, access };
}

function boundTo(jkt: string | undefined): Bound {
  return jkt === undefined ? {} : { jkt };
}

/** Retired tokens from the first that is still in its grace on: what it leads to stays, or the way to the live token is cut. */
function inGrace({ retired }: Grant, now: Seconds): Grant['retired'] {
  const first = retired.findIndex((one) => one.until > now);
  return first < 0 ? [] : retired.slice(first);
}

function retire({ lifetimes }: Grant, living: Grant['retired'], { refresh, sealedSuccessor, now }: Rotation): Grant['retired'] {
  return lifetimes.grace === 0 ? living : [...living, { hash: refresh.hash, sealedSuccessor, until: now + lifetimes.grace }];
}

function wrongVerifier(grant: Grant, now: Seconds): Verdict<never> {
  const failures = (grant.code?.failures ?? 0) + 1;
  if (failures >= MAX_FAILURES || !grant.code)
    return { grant: end(grant, 'code_guessed', now), error: new OAuthError('invalid_grant', 'code_guessed') };
  return { grant: { ...grant, code: { ...grant.code, failures } }, error: new OAuthError('invalid_grant', 'verifier_wrong') };
}

function narrowed(
  grant: Grant,
  { scope, covered, rules }: Pick<Redemption, 'scope' | 'covered' | 'rules'>,
): readonly string[] | OAuthError {
  try {
    return narrowScope(grant.scope, scope, covered(grant.scope), { ...rules?.(grant.resource), defaulted: grant.defaulted === true });
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
