/**
 * What an authorization server publishes: its metadata (RFC 8414) and its public keys (RFC 7517), fetched as JSON and cached in memory.
 */
import { createLocalJWKSet, type CryptoKey, errors, type FlattenedJWSInput, type JWK, type JWSHeaderParameters } from 'jose';
import { isAhead } from '../lib/clock.ts';
import { readStream, withoutByteOrderMark } from '../lib/http.ts';
import { parseJson } from '../lib/json.ts';
import { makeSingleFlight } from '../lib/single-flight.ts';
import { hasTrivialExponent } from '../model/key-set.ts';
import type { Seconds } from '../model/store.ts';
import { claimsIn, isSafeUrl, SourceUnavailable } from './contract.ts';

const METADATA_FRESH: Seconds = 3600;
const METADATA_COOLDOWN: Seconds = 10;

/** The members that are used. */
interface Found {
  readonly jwksUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
}

/**
 * Makes the function that gets an issuer's metadata, or else its OpenID configuration: cached for an hour, used only if its `issuer` is exactly
 * the one that was requested. It rejects with `SourceUnavailable`, and for the next ten seconds immediately.
 */
export function makeDiscovery(issuer: string, fetcher: typeof fetch, now: () => Seconds): () => Promise<Found> {
  let cached: { readonly found: Found; readonly at: Seconds } | undefined;
  let failed: { readonly error: unknown; readonly at: Seconds } | undefined;
  const flight = makeSingleFlight<Found>();
  const load = async (): Promise<Found> => {
    try {
      const found = await discover(issuer, fetcher);
      cached = { found, at: now() };
      failed = undefined;
      return found;
    } catch (error) {
      failed = { error, at: now() };
      if (cached) return cached.found; // outdated, but endpoints rarely change
      throw error;
    }
  };
  return async () => {
    if (cached && isAhead(cached.at + METADATA_FRESH, METADATA_FRESH, now())) return cached.found;
    if (failed && isAhead(failed.at + METADATA_COOLDOWN, METADATA_COOLDOWN, now())) {
      if (cached) return cached.found;
      throw failed.error;
    }
    return flight('', load);
  };
}

/** Skips a location that refuses, fails or has another server's document: the next one may be right. */
async function discover(issuer: string, fetcher: typeof fetch): Promise<Found> {
  let failure: unknown;
  for (const url of documentsOf(issuer)) {
    try {
      const document = await fetchJson(fetcher, url, 'discovery');
      if (document) return foundIn(document, issuer);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure ?? new SourceUnavailable('discovery_not_found');
}

function foundIn(document: JsonObject, issuer: string): Found {
  const named = document['issuer'];
  if (named !== issuer) {
    const cause = `the issuer calls itself ${JSON.stringify(String(named).slice(0, 200))}, the option says ${issuer}`;
    throw new SourceUnavailable('discovery_other_issuer', { cause });
  }
  return { jwksUri: endpoint(document, 'jwks_uri'), introspectionEndpoint: endpoint(document, 'introspection_endpoint') };
}

/** RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect Discovery §4 after it. */
function documentsOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
    ...(path === '' ? [] : [`${origin}/.well-known/openid-configuration${path}`]),
  ];
}

function endpoint(document: JsonObject, name: string): string | undefined {
  const value = document[name];
  if (value === undefined) return undefined;
  if (isSafeUrl(value)) return value;
  throw new SourceUnavailable(`discovery_${name}`);
}

const KEYS_FRESH: Seconds = 600;
const KEYS_LAST: Seconds = 86_400;
const KEYS_COOLDOWN: Seconds = 30;
const MAX_KEYS = 200;
/** Characters of a 2048-bit modulus: for a shorter one `jose` throws a TypeError, as if it were our own error. */
const MIN_MODULUS = 342;
/** Seconds that the issuer's clock may be behind ours. */
const MAX_SKEW: Seconds = 30;

/** Finds a token's key. Rejects with `SourceUnavailable`, or with the error of `jose` for a missing key. */
type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

interface CachedKeys {
  readonly find: FindKey;
  /** When the request was sent: keys that were published later may be missing. */
  readonly at: Seconds;
}

/** Options of a key set. */
interface KeySetOptions {
  readonly now: () => Seconds;
  /** Whether several issuers share the keys: a key with an `issuer` (Entra) then signs only for that one. */
  readonly boundToIssuer: boolean;
}

/**
 * Makes the function that finds a key. The keys are fetched on first use, after ten minutes, and for an unknown key at most every thirty seconds;
 * while they cannot be fetched, those of the last day are used (SEC-148). A key is certainly missing only if the keys were fetched after the
 * token was issued; before that it is unknown, which means 503 and not 401.
 *
 * @param load fetches the document.
 */
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
    if (cached && isAhead(cached.at + freshness, freshness, now())) return cached;
    try {
      if (!isAhead(triedAt + KEYS_COOLDOWN, KEYS_COOLDOWN, now())) return await refresh();
    } catch (error) {
      if (!cached || now() - cached.at >= KEYS_LAST) throw error;
    }
    if (cached && now() - cached.at < KEYS_LAST) return cached;
    throw new SourceUnavailable('keys_cooling_down', { retryAfter: triedAt + KEYS_COOLDOWN - now() });
  };

  return async (header, token) => {
    for (const freshness of [KEYS_FRESH, KEYS_COOLDOWN]) {
      // the second attempt finds a key that was rotated in
      const keys = await current(freshness);
      try {
        return await keys.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (keys.at >= latestIssue(token, now())) throw error;
      }
    }
    throw new SourceUnavailable('keys_older_than_token', { retryAfter: triedAt + KEYS_COOLDOWN - now() });
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

const MAX_BYTES = 262_144;
const MAX_DEPTH = 12;
const PATIENCE_MS = 5000;

/** A JSON object. */
export type JsonObject = { readonly [name: string]: unknown };

/**
 * Fetches a JSON object from an authorization server that the operator configured: without redirects, bounded in time and size.
 *
 * @param none statuses that give null; by default 404, so that another location can be tried.
 * @throws {SourceUnavailable} for anything else that is not an object.
 */
export async function fetchJson(
  fetcher: typeof fetch,
  url: string,
  step: string,
  init: RequestInit = {},
  none: readonly number[] = [404],
): Promise<JsonObject | null> {
  let response: Response;
  let body: Awaited<ReturnType<typeof readStream>>;
  try {
    const headers = { accept: 'application/json', ...(init.headers as Record<string, string> | undefined) };
    response = await fetcher(url, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
    body = response.body ? await readStream(response.body, MAX_BYTES) : { text: '' };
  } catch (error) {
    throw new SourceUnavailable(step, { cause: error });
  }
  if (none.includes(response.status)) return null;
  if (response.status !== 200) throw new SourceUnavailable(`${step}_status_${response.status}`);
  const value = 'text' in body ? parseJson(withoutByteOrderMark(body.text), MAX_DEPTH) : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SourceUnavailable(`${step}_malformed`);
  return value as JsonObject;
}
