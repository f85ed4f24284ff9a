/**
 * Key set: an authorization server's public keys (RFC 7517), kept in memory. Fetched when first needed, again after ten
 * minutes, and for a key that is not among them once in thirty seconds at most; while they cannot be had, those of the
 * last day go on to work (SEC-148). A key is missing for certain only where the keys were fetched after the token was
 * issued; before that it is not known, which is 503 and not 401.
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
/** Characters of a modulus of 2048 bits: with a shorter one `jose` throws a TypeError, as if the fault were ours. */
const MIN_MODULUS = 342;
/** Seconds that the clock of the issuer may be behind ours. */
const MAX_SKEW: Seconds = 30;

/** Finds the key that a token names. Rejects with `SourceUnavailable`, or with what `jose` says of a key that is not there. */
export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

interface Kept {
  readonly find: FindKey;
  /** When they were asked for: what was published later may not be among them. */
  readonly at: Seconds;
}

/** How a key set differs from a plain one. */
export interface KeySetOptions {
  readonly now: () => Seconds;
  /** Whether several issuers share the keys: one that says whose it is (`issuer`, at Entra) then signs for that one alone. */
  readonly boundToIssuer: boolean;
}

/** Makes the verb. @param load fetches the document anew. */
export function makeKeySet(load: () => Promise<JsonObject>, { now, boundToIssuer }: KeySetOptions): FindKey {
  let kept: Kept | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  const join = makeSingleFlight<Kept>();

  const refresh = (): Promise<Kept> =>
    join('', async () => {
      const at = now();
      try {
        return (kept = { find: finderOf(keysIn(await load()), boundToIssuer), at });
      } finally {
        triedAt = now(); // a fetch that was cut off is none
      }
    });
  /** The keys at hand where that may do; else fetched, unless that was just tried. */
  const current = async (freshness: Seconds): Promise<Kept> => {
    if (kept && now() - kept.at < freshness) return kept;
    try {
      if (now() - triedAt >= COOLDOWN) return await refresh();
    } catch (error) {
      if (!kept || now() - kept.at >= LAST) throw error;
    }
    if (kept && now() - kept.at < LAST) return kept;
    throw new SourceUnavailable('keys_cooling_down', { retryAfter: triedAt + COOLDOWN - now() });
  };

  return async (header, token) => {
    for (const freshness of [FRESH, COOLDOWN]) {
      // a key that came in by rotation is found at the second look
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

/** Entra's keys name the issuer that they sign for, with a place for the tenant. */
function signsFor({ issuer }: Bound, { payload }: FlattenedJWSInput): boolean {
  const { iss, tid } = claimsIn(typeof payload === 'string' ? payload : '');
  return typeof issuer !== 'string' || issuer.replace('{tenantid}', String(tid)) === iss;
}

/** The latest moment at which a token can have been issued. It is not verified yet: it only decides between 401 and 503. */
function latestIssue({ payload }: FlattenedJWSInput, now: Seconds): Seconds {
  const { iat } = claimsIn(typeof payload === 'string' ? payload : '');
  return typeof iat === 'number' ? Math.min(iat + MAX_SKEW, now) : now;
}

/** Keys that can do no harm; `jose` picks among them by kind, use and algorithm. */
function keysIn(document: JsonObject): JWK[] {
  const { keys } = document;
  if (!Array.isArray(keys)) throw new SourceUnavailable('keys_malformed');
  return keys.slice(0, MAX_KEYS).filter(isUsable);
}

/** One value that is no object would make `jose` refuse the whole set. */
function isUsable(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { kty, n } = value as JWK;
  if (kty !== 'RSA') return true;
  return !hasTrivialExponent(value as { readonly [member: string]: unknown }) && typeof n === 'string' && n.length >= MIN_MODULUS;
}
