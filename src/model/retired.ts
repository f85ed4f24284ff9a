/**
 * Retired refresh tokens in a grant: each leads its holder to the tokens that replaced it. A client in a hurry leaves dozens of them within
 * the grace period, and the record is parsed and written at each refresh: those whose successor is derived are packed into one text.
 */
import type { Seconds } from './store.ts';

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
