/**
 * Grant: what a user allowed a client; one record for all its codes and tokens. Its shape and rules, as a pure state machine:
 * `records.changeGrant` runs a transition and writes the result by a conditional write; and how the holder of a token gets at its key. No storage,
 * no clock, no cryptography except XOR.
 */
import { base64url, fromBase64url, xor } from '../lib/bytes.ts';
import type { Actor } from './access.ts';
import type { StoredOrigin } from './identity.ts';
import type { StoredRetired } from './retired.ts';
import type { Json, Seconds } from './store.ts';
import type { GrantKey } from './token.ts';
import type { SealedRefs } from './upstream.ts';

/** A token as the record stores it: its hash, and the grant's key wrapped for the token's holder. */
export type Wrapped = {
  /** SHA-256 of the token's text, base64url. */
  readonly hash: string;
  /** The grant's key XOR a pad that only the token's text gives (docs/decisions/0002). */
  readonly wrappedKey: string;
};

/** Set on what requires a proof of the key with this thumbprint (RFC 9449). */
export type Bound = { readonly jkt?: string };

/** The authorization code, kept after it was spent so that a replay is recognized. */
export type GrantCode = Wrapped & {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly expiresAt: Seconds;
  readonly spent: boolean;
  /** When it was spent. */
  readonly spentAt?: Seconds;
  /** The tokens it was spent for, sealed under the code; present only while our response to that request was a 503. */
  readonly sealedAnswer?: string;
  /** Set once a redemption that was not carried out was answered with a 503: it may still arrive, so only conditional writes redeem the code. */
  readonly contested?: true;
  /** Wrong verifiers so far; too many end the grant. */
  readonly failures: number;
} & Bound;

/** An access token. */
export type GrantAccess = Wrapped & {
  readonly scope: readonly string[];
  readonly expiresAt: Seconds;
  /** Props of this token alone, if `onTokens` gave it some; the grant's by default. */
  readonly sealedProps?: string;
} & Bound;

/** The live refresh token. */
export type GrantRefresh = Wrapped & { readonly familyHash: string; readonly expiresAt: Seconds } & Bound;

/** Why a grant ended. */
export type EndReason =
  | 'revoked'
  | 'code_replayed'
  | 'code_guessed'
  | 'refresh_reused'
  | 'user_signed_out'
  | 'client_deleted'
  | 'client_blocked'
  | 'upstream_refused'
  | 'access_withdrawn';

/** A stored grant. */
export type Grant = {
  readonly v: 1;
  readonly id: string;
  readonly clientId: string;
  /** Whether the client authenticates; stored here so that a public client's record is not read. */
  readonly clientAuth: 'public' | 'confidential';
  readonly userId: string;
  /** Whether the client was one of the `clients` option: the grant ends with that entry. */
  readonly configured?: boolean;
  /** Whether the client accepts only bound tokens. */
  readonly dpopBound?: boolean;
  readonly scope: readonly string[];
  /** Whether the client named scopes, none of them known here. */
  readonly defaulted?: boolean;
  readonly resource: string;
  /** Where its code was sent. */
  readonly redirectUri?: string;
  /** What the application noted about it; readable, unlike its props. */
  readonly metadata?: Json;
  /** The organization that the user acts for. */
  readonly organization?: { readonly id: string; readonly name: string };
  readonly createdAt: Seconds;
  /** Absolute expiry, whatever is refreshed. */
  readonly expiresAt: Seconds;
  readonly lifetimes: Lifetimes;
  readonly sealedProps: string;
  /** Upstream accounts that its tools may use. */
  readonly upstreams?: SealedRefs;
  /** The sign-in that it came from, checked again at each refresh. */
  readonly origin?: StoredOrigin;
  /** Set if it is an access key: its one access token is the key, and it has no other. */
  readonly key?: GrantKey;
  readonly code: GrantCode | null;
  readonly refresh: GrantRefresh | null;
  readonly retired: StoredRetired;
  readonly access: readonly GrantAccess[];
  readonly usedAt: Seconds;
  /** Set while `onTokens` is asked for it. */
  readonly lease?: { readonly holder: string; readonly until: Seconds };
  /** Who acts for the user, if the grant came from an exchange. */
  readonly act?: Actor;
  /** Hash of the access token that was exchanged for it, and that it ends with. */
  readonly subjectHash?: string;
  readonly ended: { readonly at: Seconds; readonly reason: EndReason } | null;
};

/** Lifetimes of the tokens of a grant, in seconds. */
export type Lifetimes = {
  readonly access: Seconds;
  /** Idle lifetime of a refresh token; 0 for none. */
  readonly refresh: Seconds;
  /** How long a rotated refresh token still gets its successor; 0 = strict. */
  readonly grace: Seconds;
};

/** Live access tokens of one grant; the oldest are dropped. */
export const MAX_ACCESS_TOKENS = 16;
/** Retired refresh tokens in their grace period; at this number the live token is not rotated. */
export const MAX_RETIRED = 64;
/** How long a repeated code is not treated as theft: pages that exchange it twice at once are common. */
export const REPEAT_WINDOW: Seconds = 10;
/** Wrong verifiers before the grant ends. */
export const MAX_FAILURES = 5;
/** How long an ended grant is kept, so that a late caller's refusal has its reason. */
const ENDED_TTL: Seconds = 86_400;

/** When the record may expire: after everything in it that could still be presented. */
export function lifeEndOf(grant: Grant): Seconds {
  if (grant.ended) return grant.ended.at + ENDED_TTL;
  const ends = [
    grant.code && !grant.code.spent ? grant.code.expiresAt : 0,
    grant.refresh?.expiresAt ?? 0,
    grant.lease?.until ?? 0,
    ...grant.access.map((a) => a.expiresAt),
  ];
  return Math.max(...ends);
}

/** Ends a grant: all its tokens stop working, and its secrets are removed. */
export function end(grant: Grant, reason: EndReason, now: Seconds): Grant {
  const over = { ...grant, ended: { at: now, reason }, code: null, refresh: null, retired: [], access: [], sealedProps: '' };
  return grant.upstreams ? { ...over, upstreams: { ...grant.upstreams, sealed: '' } } : over;
}

/** The live access token with that hash, or null. */
export function findAccess(grant: Grant, hash: string, now: Seconds): GrantAccess | null {
  if (grant.ended || grant.expiresAt <= now) return null;
  return grant.access.find((access) => access.hash === hash && access.expiresAt > now) ?? null;
}

/** Why the token with that hash is not a live one of the grant. */
export function whyNoAccess(grant: Grant, hash: string, now: Seconds): string {
  return whyOver(grant, now) ?? (grant.access.some((access) => access.hash === hash) ? 'token_expired' : 'token_unknown');
}

/** Why the whole grant is no longer valid; null if it may be. */
export function whyOver({ ended, expiresAt }: Pick<Grant, 'ended' | 'expiresAt'>, now: Seconds): string | null {
  if (ended) return `grant_${ended.reason}`;
  return expiresAt <= now ? 'grant_expired' : null;
}

/** Whether a client can still use something of a grant. */
export function isLive(grant: Grant, now: Seconds): boolean {
  return !grant.ended && lifeEndOf(grant) > now && grant.expiresAt > now;
}

/** What the holder of a token can prove: its hash, and the pad that unwraps the grant's key. */
export interface Proof {
  readonly hash: string;
  readonly pad: Uint8Array;
}

/** Wraps the grant's key for the holder of a token. */
export function wrap(key: Uint8Array, { hash, pad }: Proof): Wrapped {
  return { hash, wrappedKey: base64url(xor(key, pad)) };
}

/** Unwraps the grant's key with the pad of a token. */
export function unwrap(wrapped: Wrapped, pad: Uint8Array): Uint8Array<ArrayBuffer> {
  return xor(bytesOf(wrapped.wrappedKey), pad);
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (!bytes) throw new TypeError('A stored grant contains a value that is not base64url.');
  return bytes;
}
