/**
 * Grant: what a user allowed a client; one record for all its codes and tokens. Its shape and rules, as a pure state machine:
 * `records.changeGrant` runs a transition and writes the result by a conditional write. No storage, no clock, no cryptography.
 *
 * Its retired refresh tokens each lead their holder to the tokens that replaced it. A client in a hurry leaves dozens of them within the grace period, and the
 * record is parsed and written at each refresh: those whose successor is derived are packed into one text.
 */
import type { Actor } from './access.ts';
import type { StoredOrigin } from './identity.ts';
import type { Json, Seconds } from './store.ts';
import type { GrantKey, Wrapped } from './token.ts';
import type { SealedRefs } from './upstream.ts';

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

/** A rotated refresh token in its grace period. */
export type Retired = {
  /** The hash of the token, or its first characters. */
  readonly hash: string;
  /** What replaced it: the nonce that it is derived with, or the tokens sealed under the retired one. */
  readonly sealedSuccessor: string;
  readonly until: Seconds;
};

/** As stored: single ones, and texts of several. */
export type StoredRetired = readonly (Retired | string)[];

/**
 * Characters of the hash that are kept: 72 bits. A token is compared only after its family was right, and another one with the same beginning
 * would lead to tokens that are not those of the grant.
 */
const HASH_LENGTH = 12;
const UNTIL_LENGTH = 6;
const LENGTH_OF_HASH = 43;
/** Times are packed as seconds since 2025, to base 36. */
const EPOCH: Seconds = 1_735_689_600;

const NONCE_LENGTH = 12;
/** Bytes of a nonce. */
export const NONCE_BYTES = 9;
const DERIVED_LENGTH = NONCE_LENGTH + 2;
const ENTRY = HASH_LENGTH + DERIVED_LENGTH + UNTIL_LENGTH;

/** How a successor is derived from the token that it replaces. */
export interface Derivation {
  readonly nonce: string;
  /** The id in the new tokens. */
  readonly grantId: string;
  /** Whether the new refresh token leads back to the old one. */
  readonly leadsBack: boolean;
}

/** The text of a derivation. Ids of one grant differ in their last character only. */
export function textOfDerivation({ nonce, grantId, leadsBack }: Derivation): string {
  return `${leadsBack ? '=' : '~'}${nonce}${grantId.slice(-1)}`;
}

/** The derivation in a text; null for sealed tokens. @param grantId in the token that was replaced. */
export function derivationIn(text: string, grantId: string): Derivation | null {
  if (!isDerived(text)) return null;
  return { leadsBack: text.startsWith('='), nonce: text.slice(1, -1), grantId: grantId.slice(0, -1) + text.slice(-1) };
}

/** The retired tokens of a grant, oldest first. */
export function retiredOf({ retired }: { readonly retired: StoredRetired }): readonly Retired[] {
  return retired.flatMap((one) => (typeof one === 'string' ? unpacked(one) : [one]));
}

/** How many there are, at the most: without unpacking. */
export function countRetired({ retired }: { readonly retired: StoredRetired }): number {
  return retired.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length / ENTRY : 1), 0);
}

/** Whether a token has been retired as this one. */
export function isSame({ hash }: Retired, tokenHash: string): boolean {
  return hash.length === HASH_LENGTH && tokenHash.length === LENGTH_OF_HASH ? tokenHash.startsWith(hash) : tokenHash === hash;
}

/** The retired token with that hash, while it is in its grace period. */
export function findRetired(retired: StoredRetired, tokenHash: string, now: Seconds): Retired | undefined {
  const start = tokenHash.length === LENGTH_OF_HASH ? tokenHash.slice(0, HASH_LENGTH) : null;
  for (const one of retired) {
    if (typeof one !== 'string') {
      if (isSame(one, tokenHash) && one.until > now) return one;
    } else if (start !== null) {
      for (let at = one.indexOf(start); at >= 0; at = one.indexOf(start, at + 1))
        if (at % ENTRY === 0 && untilAt(one, at) > now) return entryAt(one, at);
    }
  }
  return undefined;
}

/** Those from the first one in its grace period on: later ones must stay, since they lead to the live token. */
export function inGrace(retired: StoredRetired, now: Seconds): StoredRetired {
  for (const [nth, one] of retired.entries()) {
    if (typeof one !== 'string') {
      if (one.until > now) return retired.slice(nth);
    } else {
      for (let at = 0; at < one.length; at += ENTRY)
        if (untilAt(one, at) > now) return at === 0 ? retired.slice(nth) : [one.slice(at), ...retired.slice(nth + 1)];
    }
  }
  return [];
}

/** With one more, the newest. */
export function withRetired(retired: StoredRetired, one: Retired): StoredRetired {
  if (!isPackable(one)) return [...retired, one];
  const last = retired.at(-1);
  return typeof last === 'string' ? [...retired.slice(0, -1), last + entryOf(one)] : [...retired, entryOf(one)];
}

/** Retired tokens as they are stored, in the same order. */
export function packed(all: readonly Retired[]): StoredRetired {
  return all.reduce<StoredRetired>(withRetired, []);
}

function isPackable({ hash, sealedSuccessor, until }: Retired): boolean {
  return isDerived(sealedSuccessor) && [HASH_LENGTH, LENGTH_OF_HASH].includes(hash.length) && Number.isInteger(until) && until >= EPOCH;
}

function isDerived(text: string): boolean {
  return text.length === DERIVED_LENGTH && /^[~=]/.test(text);
}

function entryOf({ hash, sealedSuccessor, until }: Retired): string {
  return hash.slice(0, HASH_LENGTH) + sealedSuccessor + (until - EPOCH).toString(36).padStart(UNTIL_LENGTH, '0');
}

function unpacked(text: string): readonly Retired[] {
  return Array.from({ length: Math.floor(text.length / ENTRY) }, (_, nth) => entryAt(text, nth * ENTRY));
}

function entryAt(text: string, at: number): Retired {
  const hash = text.slice(at, at + HASH_LENGTH);
  return { hash, sealedSuccessor: text.slice(at + HASH_LENGTH, at + HASH_LENGTH + DERIVED_LENGTH), until: untilAt(text, at) };
}

function untilAt(text: string, at: number): Seconds {
  return EPOCH + Number.parseInt(text.slice(at + ENTRY - UNTIL_LENGTH, at + ENTRY), 36);
}
