/**
 * Public keys of an authorization server (RFC 7517), cached in memory. Fetched on first use, after ten minutes, and for an unknown key at
 * most every thirty seconds; while they cannot be fetched, those of the last day are used (SEC-148). A key is certainly missing only if the
 * keys were fetched after the token was issued; before that it is unknown, which means 503 and not 401.
 */
import { createLocalJWKSet, errors, type CryptoKey, type FlattenedJWSInput, type JWK, type JWSHeaderParameters } from 'jose';
import { makeSingleFlight } from '../lib/single-flight.ts';
import { hasTrivialExponent } from '../model/key-set.ts';
import type { Seconds } from '../model/store.ts';
import { SourceUnavailable } from './contract.ts';
import { claimsIn } from './own.ts';
import type { JsonObject } from './fetch-json.ts';

const FRESH: Seconds = 600;
const LAST: Seconds = 86_400;
const COOLDOWN: Seconds = 30;
const MAX_KEYS = 200;
/** Characters of a 2048-bit modulus: for a shorter one `jose` throws a TypeError, as if it were our own error. */
const MIN_MODULUS = 342;
/** Seconds that the issuer's clock may be behind ours. */
const MAX_SKEW: Seconds = 30;

/** Finds a token's key. Rejects with `SourceUnavailable`, or with the error of `jose` for a missing key. */
export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

interface CachedKeys {
  readonly find: FindKey;
  /** When the request was sent: keys that were published later may be missing. */
  readonly at: Seconds;
}

/** Options of a key set. */
export interface KeySetOptions {
  readonly now: () => Seconds;
  /** Whether several issuers share the keys: a key with an `issuer` (Entra) then signs only for that one. */
  readonly boundToIssuer: boolean;
}

/** Makes the function. @param load fetches the document. */
export function makeKeySet(load: () => Promise<JsonObject>, { now, boundToIssuer }: KeySetOptions): FindKey {
  let cached: CachedKeys | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  const flight = makeSingleFlight<CachedKeys>();

  const refresh = (): Promise<CachedKeys> =>
    flight('', async () => {
      const at = now();
      try {
        return (cached = { find: finderOf(keysIn(await load()), boundToIssuer), at });
      } finally {
        triedAt = now(); // an interrupted fetch does not count
      }
    });
  /** The cached keys if fresh enough; else fetches them, unless that was tried just now. */
  const current = async (freshness: Seconds): Promise<CachedKeys> => {
    if (cached && now() - cached.at < freshness) return cached;
    try {
      if (now() - triedAt >= COOLDOWN) return await refresh();
    } catch (error) {
      if (!cached || now() - cached.at >= LAST) throw error;
    }
    if (cached && now() - cached.at < LAST) return cached;
    throw new SourceUnavailable('keys_cooling_down', { retryAfter: triedAt + COOLDOWN - now() });
  };

  return async (header, token) => {
    for (const freshness of [FRESH, COOLDOWN]) {
      // the second attempt finds a key that was rotated in
      const keys = await current(freshness);
      try {
        return await keys.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (keys.at >= latestIssue(token, now())) throw error;
      }
    }
    throw new SourceUnavailable('keys_older_than_token', { retryAfter: triedAt + COOLDOWN - now() });
  };
}

type Bound = JWK & { readonly issuer?: unknown };

function finderOf(keys: readonly JWK[], boundToIssuer: boolean): FindKey {
  if (!boundToIssuer || keys.every(({ issuer }: Bound) => issuer === undefined)) return createLocalJWKSet({ keys: [...keys] });
  return (header, token) => createLocalJWKSet({ keys: keys.filter((key) => signsFor(key, token)) })(header, token);
}

/** Whether a key may sign for a token's issuer: Entra's keys name their issuer, with a placeholder for the tenant. */
function signsFor({ issuer }: Bound, { payload }: FlattenedJWSInput): boolean {
  const { iss, tid } = claimsIn(typeof payload === 'string' ? payload : '');
  return typeof issuer !== 'string' || issuer.replace('{tenantid}', String(tid)) === iss;
}

/** The latest time at which a token can have been issued. Unverified: it only decides between 401 and 503. */
function latestIssue({ payload }: FlattenedJWSInput, now: Seconds): Seconds {
  const { iat } = claimsIn(typeof payload === 'string' ? payload : '');
  return typeof iat === 'number' ? Math.min(iat + MAX_SKEW, now) : now;
}

/** The usable keys; `jose` selects among them by type, use and algorithm. */
function keysIn(document: JsonObject): JWK[] {
  const { keys } = document;
  if (!Array.isArray(keys)) throw new SourceUnavailable('keys_malformed');
  return keys.slice(0, MAX_KEYS).filter(isUsable);
}

/** A value that is not an object would make `jose` refuse the whole set. */
function isUsable(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { kty, n } = value as JWK;
  if (kty !== 'RSA') return true;
  return !hasTrivialExponent(value as { readonly [member: string]: unknown }) && typeof n === 'string' && n.length >= MIN_MODULUS;
}
