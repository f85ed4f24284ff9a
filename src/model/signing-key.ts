/**
 * Signing keys: which of them signs at a moment, which are published, and when the next is due. A key is published a day before it
 * signs, so that everybody has it who keeps keys for a while, and stays published until the last token it signed is over.
 */
import type { Jwk } from './key-set.ts';
import type { Seconds } from './store.ts';

/** Algorithms that access tokens are signed with. */
export type SigningAlg = 'ES256' | 'EdDSA' | 'RS256';

/** All of them. */
export const SIGNING_ALGS: readonly SigningAlg[] = ['ES256', 'EdDSA', 'RS256'];

/** A key as it is kept. */
export type SigningKey = {
  readonly kid: string;
  readonly publicKey: Jwk;
  /** The private key under the server's secret; empty where that was lost and the key given up. */
  readonly sealed: string;
  /** From when on it signs, until a later one does. */
  readonly since: Seconds;
};

/** How long a key signs. */
export const SIGNS_FOR: Seconds = 90 * 86_400;
/** How long before that it is published. */
export const PUBLISHED_BEFORE: Seconds = 86_400;
/** Clocks elsewhere may be late, and a token signed at the last moment is good for its whole life. */
const MARGIN: Seconds = 600;

/** The key that signs now; null where there is none yet. */
export function signingKey<Key extends Pick<SigningKey, 'since'>>(keys: readonly Key[], now: Seconds): Key | null {
  return keys.filter(({ since }) => since <= now).reduce<Key | null>((last, key) => (last && last.since >= key.since ? last : key), null);
}

/** From when on a key should sign that has to be made now; null where none has. */
export function nextDue(keys: readonly SigningKey[], now: Seconds): Seconds | null {
  const signs = signingKey(keys, now);
  if (!signs) return now;
  const last = Math.max(...keys.map(({ since }) => since));
  if (last > now || now < signs.since + SIGNS_FOR - PUBLISHED_BEFORE) return null;
  return Math.max(signs.since + SIGNS_FOR, now + PUBLISHED_BEFORE);
}

/** Those whose tokens may be about still. @param life the longest that an access token lives. */
export function published(keys: readonly SigningKey[], life: Seconds, now: Seconds): readonly SigningKey[] {
  const endOf = ({ since }: SigningKey): Seconds => Math.min(Infinity, ...keys.filter((key) => key.since > since).map((key) => key.since));
  return keys.filter((key) => endOf(key) + life + MARGIN > now);
}
