/**
 * Key set: an authorization server's public keys (RFC 7517), kept in memory. Fetched when first needed, again after ten
 * minutes, and for a key that is not among them once in thirty seconds at most; while they cannot be had, those of the
 * last day go on to work (SEC-148).
 */
import { createLocalJWKSet, errors, type CryptoKey, type FlattenedJWSInput, type JWK, type JWSHeaderParameters } from 'jose';
import { isForEverybody } from '../model/key-set.ts';
import type { Seconds } from '../model/store.ts';
import { SourceUnavailable } from './contract.ts';
import type { JsonObject } from './fetch-json.ts';

const FRESH: Seconds = 600;
const LAST: Seconds = 86_400;
const COOLDOWN: Seconds = 30;
const MOST_KEYS = 200;

/** Finds the key that a token names. Rejects with `SourceUnavailable`, or with what `jose` says of a key that is not there. */
export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

interface Kept {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly at: Seconds;
}

/** Makes the verb. @param load fetches the document anew. */
export function makeKeySet(load: () => Promise<JsonObject>, now: () => Seconds): FindKey {
  let kept: Kept | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<Kept> | undefined;

  const refresh = (): Promise<Kept> =>
    (running ??= (async () => {
      triedAt = now();
      kept = { find: createLocalJWKSet({ keys: keysIn(await load()) }), at: now() };
      return kept;
    })().finally(() => (running = undefined)));
  /** The keys at hand where that may do; else fetched, unless that was just tried. */
  const current = async (freshness: Seconds): Promise<Kept> => {
    if (kept && now() - kept.at < freshness) return kept;
    const mayAsk = running !== undefined || now() - triedAt >= COOLDOWN;
    try {
      if (mayAsk) return await refresh();
    } catch (error) {
      if (!kept || now() - kept.at >= LAST) throw error;
    }
    if (kept && now() - kept.at < LAST) return kept;
    throw new SourceUnavailable('keys_cooling_down');
  };

  return async (header, token) => {
    const keys = await current(FRESH);
    try {
      return await keys.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const newer = await current(COOLDOWN); // a key that came in by rotation
      if (newer === keys) throw error;
      return newer.find(header, token);
    }
  };
}

/** Public keys of kinds we know; others beside them are passed over, and do no harm. */
function keysIn(document: JsonObject): JWK[] {
  const { keys } = document;
  if (!Array.isArray(keys)) throw new SourceUnavailable('keys_malformed');
  return keys.slice(0, MOST_KEYS).filter(isPublicKey);
}

function isPublicKey(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, use } = value as JWK;
  if (isForEverybody(value as { readonly [member: string]: unknown })) return false;
  return (kty === 'RSA' || kty === 'EC' || kty === 'OKP') && (use === undefined || use === 'sig');
}
