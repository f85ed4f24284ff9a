/**
 * Grant: what a person allowed a client, and the one record that every code and token of it hangs on.
 * Here stand its shape and its rules as a pure state machine; `records.changeGrant` runs a transition and
 * writes its outcome only if nobody wrote in between. No storage, no clock, no cryptography but exclusive or.
 */
import type { Actor } from './access.ts';
import type { KeptOrigin } from './origin.ts';
import type { Seconds } from './store.ts';
import type { SealedRefs } from './upstream.ts';

/** A secret as the record knows it: found by hash, and the grant's key wrapped for whoever holds the secret. */
export type Wrapped = {
  /** SHA-256 of the token's text, base64url. */
  readonly hash: string;
  /** The grant's key, exclusive-or a pad that only the token's text gives (docs/decisions/0002). */
  readonly wrappedKey: string;
};

/** What only counts together with a proof of the key that has this thumbprint (RFC 9449). */
export type Bound = { readonly jkt?: string };

/** The authorization code, kept after it was spent so that a replay is known for what it is. */
export type GrantCode = Wrapped & {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly expiresAt: Seconds;
  readonly spent: boolean;
  /** When it was spent. */
  readonly spentAt?: Seconds;
  /** What it was spent for, under the code itself; there only while our answer to that request was a 503. */
  readonly sealedAnswer?: string;
  /** Wrong verifiers so far; too many burn the code. */
  readonly failures: number;
} & Bound;

/** An access token. */
export type GrantAccess = Wrapped & { readonly scope: readonly string[]; readonly expiresAt: Seconds } & Bound;

/** The live refresh token. */
export type GrantRefresh = Wrapped & { readonly familyHash: string; readonly expiresAt: Seconds } & Bound;

/** A refresh token that was rotated a moment ago: its holder gets the tokens that came of it. */
export type Retired = { readonly hash: string; readonly sealedSuccessor: string; readonly until: Seconds };

/** Why a grant ended. */
export type EndReason =
  | 'revoked'
  | 'code_replayed'
  | 'code_guessed'
  | 'refresh_reused'
  | 'user_signed_out'
  | 'client_deleted'
  | 'upstream_refused'
  | 'access_withdrawn';

/** The record. */
export type Grant = {
  readonly v: 1;
  readonly id: string;
  readonly clientId: string;
  /** Whether the client has a secret to prove; what a public client may do is decided without reading its row. */
  readonly clientAuth: 'public' | 'confidential';
  readonly userId: string;
  /** Whether the client was one of the option `clients`: it ends with that entry. */
  readonly configured?: boolean;
  /** Whether its client takes only tokens that are bound to a key. */
  readonly dpopBound?: boolean;
  readonly scope: readonly string[];
  /** Whether its client named scopes, and none that is known here. */
  readonly defaulted?: boolean;
  readonly resource: string;
  /** For which of the user's organizations. */
  readonly organization?: { readonly id: string; readonly name: string };
  readonly createdAt: Seconds;
  /** The absolute end, whatever is refreshed. */
  readonly expiresAt: Seconds;
  readonly lifetimes: Lifetimes;
  readonly sealedProps: string;
  /** Accounts at other sites that its tools may use. */
  readonly upstreams?: SealedRefs;
  /** The sign-in that it came of, which is asked again at each refresh. */
  readonly origin?: KeptOrigin;
  readonly code: GrantCode | null;
  readonly refresh: GrantRefresh | null;
  readonly retired: readonly Retired[];
  readonly access: readonly GrantAccess[];
  readonly usedAt: Seconds;
  /** Who acts for the user, where the grant came of an exchange. */
  readonly act?: Actor;
  /** Hash of the access token that was exchanged for it, and that it ends with. */
  readonly subjectHash?: string;
  readonly ended: { readonly at: Seconds; readonly reason: EndReason } | null;
};

/** How long things of a grant live. */
export type Lifetimes = {
  readonly access: Seconds;
  /** Idle life of a refresh token; 0 for none at all. */
  readonly refresh: Seconds;
  /** How long a rotated refresh token still gets its successor; 0 = strict. */
  readonly grace: Seconds;
};

/** Access tokens of one grant that live at once; the oldest give way. */
export const MAX_ACCESS_TOKENS = 16;
/** Retired refresh tokens in their grace at once; the live token is not rotated while there are as many. */
export const MAX_RETIRED = 64;
/** How long after it was spent a code may come again and not count as stolen: pages that exchange it twice at once are common. */
export const REPEAT_WINDOW: Seconds = 10;
/** Wrong verifiers that a code survives. */
export const MAX_FAILURES = 5;
/** How long an ended grant is remembered, so that a late caller's reason is known. */
const ENDED_TTL: Seconds = 86_400;

/** When the record may vanish: after the last thing of it that could still be presented. */
export function lifeEndOf(grant: Grant): Seconds {
  if (grant.ended) return grant.ended.at + ENDED_TTL;
  const ends = [
    grant.code && !grant.code.spent ? grant.code.expiresAt : 0,
    grant.refresh?.expiresAt ?? 0,
    ...grant.access.map((a) => a.expiresAt),
  ];
  return Math.max(...ends);
}

/** Ends a grant: nothing of it works any more, and nothing secret stays. */
export function end(grant: Grant, reason: EndReason, now: Seconds): Grant {
  const over = { ...grant, ended: { at: now, reason }, code: null, refresh: null, retired: [], access: [], sealedProps: '' };
  return grant.upstreams ? { ...over, upstreams: { ...grant.upstreams, sealed: '' } } : over;
}

/** The live access token of that hash, or null. */
export function findAccess(grant: Grant, hash: string, now: Seconds): GrantAccess | null {
  if (grant.ended || grant.expiresAt <= now) return null;
  return grant.access.find((access) => access.hash === hash && access.expiresAt > now) ?? null;
}

/** Why a token of that hash is not among the living ones of a grant. */
export function whyNoAccess(grant: Grant, hash: string, now: Seconds): string {
  return whyOver(grant, now) ?? (grant.access.some((access) => access.hash === hash) ? 'token_expired' : 'token_unknown');
}

/** Why nothing of a grant is good any more; null where something may be. */
export function whyOver({ ended, expiresAt }: Pick<Grant, 'ended' | 'expiresAt'>, now: Seconds): string | null {
  if (ended) return `grant_${ended.reason}`;
  return expiresAt <= now ? 'grant_expired' : null;
}

/** Whether an unspent, unended grant still has something a client can use. */
export function isLive(grant: Grant, now: Seconds): boolean {
  return !grant.ended && lifeEndOf(grant) > now && grant.expiresAt > now;
}
