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

/** Retired tokens as they are stored, in the same order. */
export function packed(all: readonly Retired[]): StoredRetired {
  const stored: (Retired | string)[] = [];
  for (const one of all) {
    const last = stored.at(-1);
    if (!isPackable(one)) stored.push(one);
    else if (typeof last === 'string') stored[stored.length - 1] = last + entryOf(one);
    else stored.push(entryOf(one));
  }
  return stored;
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
  return Array.from({ length: Math.floor(text.length / ENTRY) }, (_, at) => {
    const entry = text.slice(at * ENTRY, (at + 1) * ENTRY);
    return {
      hash: entry.slice(0, HASH_LENGTH),
      sealedSuccessor: entry.slice(HASH_LENGTH, HASH_LENGTH + DERIVED_LENGTH),
      until: EPOCH + Number.parseInt(entry.slice(-UNTIL_LENGTH), 36),
    };
  });
}
