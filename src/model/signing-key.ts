/**
 * Signing key rotation: which key signs now, which are published, and when the next one is due. A key is published a day before it signs,
 * so that caches have it, and until the last token that it signed has expired.
 */
import type { Jwk } from './key-set.ts';
import type { Seconds } from './store.ts';

/** Algorithms that access tokens are signed with. */
export type SigningAlg = 'ES256' | 'EdDSA' | 'RS256';

/** All of them. */
export const SIGNING_ALGS: readonly SigningAlg[] = ['ES256', 'EdDSA', 'RS256'];

/** A stored key. */
export type SigningKey = {
  readonly kid: string;
  readonly publicKey: Jwk;
  /** The private key sealed under the server's secret; empty if that secret was lost and the key given up. */
  readonly sealed: string;
  /** When it starts to sign, until a later key does. */
  readonly since: Seconds;
};

/** How long a key signs. */
export const SIGNS_FOR: Seconds = 90 * 86_400;
/** How long it is published before it signs. */
export const PUBLISHED_BEFORE: Seconds = 86_400;
/** For clock differences: a token that was signed at the last moment is valid for its whole lifetime. */
const MARGIN: Seconds = 600;

/** The key that signs now; null if there is none yet. */
export function signingKey<Key extends Pick<SigningKey, 'since'>>(keys: readonly Key[], now: Seconds): Key | null {
  return keys.filter(({ since }) => since <= now).reduce<Key | null>((last, key) => (last && last.since >= key.since ? last : key), null);
}

/** When a key that must be made now starts to sign; null if none is due. */
export function nextDue(keys: readonly SigningKey[], now: Seconds): Seconds | null {
  const signs = signingKey(keys, now);
  if (!signs) return now;
  const last = Math.max(...keys.map(({ since }) => since));
  if (last > now || now < signs.since + SIGNS_FOR - PUBLISHED_BEFORE) return null;
  return now + PUBLISHED_BEFORE;
}

/** Keys whose tokens may still be valid. @param life longest lifetime of an access token. */
export function published(keys: readonly SigningKey[], life: Seconds, now: Seconds): readonly SigningKey[] {
  const endOf = ({ since }: SigningKey): Seconds => Math.min(Infinity, ...keys.filter((key) => key.since > since).map((key) => key.since));
  return keys.filter((key) => endOf(key) + life + MARGIN > now);
}
