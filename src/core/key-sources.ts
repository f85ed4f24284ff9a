/**
 * Public keys of clients and issuers: given directly, or fetched from a `jwks_uri` and cached. An unknown key id causes a new fetch, since
 * keys rotate, but only once per cool-down, so that no caller can make the server fetch at will.
 */
import { isAhead } from '../lib/clock.ts';
import { type SingleFlight, makeSingleFlight } from '../lib/single-flight.ts';
import { parseJson } from '../lib/json.ts';
import { isHostDown, type SafeAnswer } from '../lib/safe-fetch.ts';
import type { Assertion } from '../model/assertion.ts';
import { isOutage, OAuthError } from '../model/error.ts';
import { keySetOf, pickKey, type Jwk, type JwkSet } from '../model/key-set.ts';
import type { Settings } from '../model/settings.ts';
import { CLOCKS_DIFFER, type Key, type Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { has, readRecord, versioned } from '../model/record.ts';

/** Public keys, or the URL that serves them. */
export interface KeySource {
  readonly jwks?: JwkSet | undefined;
  readonly jwksUri?: string | undefined;
  /** How long fetched keys are used before they are fetched again. Default: 10 minutes. */
  readonly jwksMaxAge?: Seconds | undefined;
}

interface CachedKeys {
  readonly keys: JwkSet | null;
  /** When `keys` were fetched. */
  readonly at: Seconds;
  /** When they were last requested. */
  readonly triedAt: Seconds;
  /** The failure of their host at that time; null if it answered. */
  readonly failure: Failure | null;
  /** When they were last saved in the store. */
  readonly savedAt?: Seconds;
}

type Failure = Extract<SafeAnswer, { problem: unknown }>;

const NONE = { keys: null, at: 0 } as const;

const LIMITS = { bytes: 65_536, milliseconds: 5000 };
const FRESH: Seconds = 600;
/** While the host of keys is down, they are trusted for this long and no longer: the owner may have revoked one. */
const STALE: Seconds = 86_400;
/** How often fetched keys are saved in the store, for processes that start while the host is down. */
const KEEP_EVERY: Seconds = 3600;
const COOL_DOWN: Seconds = 30;
const MAX_KEPT = 256;
const MAX_DEPTH = 8;

const caches = new WeakMap<Settings, Map<string, CachedKeys>>();
const flights = new WeakMap<Settings, SingleFlight<CachedKeys>>();

/**
 * Finds the key that signed an assertion; null if the source does not have it.
 *
 * @param mayFetch called before a URL is fetched; what it throws is passed on, if the key is not among those fetched within a day.
 * @throws {OAuthError} `temporarily_unavailable` if the host of the keys is down and the key is not among those fetched within a day.
 */
export async function findKey(
  as: AuthServer,
  source: KeySource,
  { alg, kid }: Assertion,
  mayFetch: (url: string) => Promise<void>,
): Promise<Jwk | null> {
  if (source.jwks) return pickKey(source.jwks, alg, kid);
  if (source.jwksUri === undefined) return null;
  const known = cacheOf(as).get(source.jwksUri);
  const maxAge = source.jwksMaxAge ?? FRESH;
  const key = known?.keys && isAhead(known.at + maxAge, maxAge, as.now()) ? pickKey(known.keys, alg, kid) : null;
  if (key !== null) return key;
  const isRecent = known !== undefined && known.keys !== null && isAhead(known.triedAt + COOL_DOWN, COOL_DOWN, as.now());
  const { keys, failure } = isRecent
    ? known
    : await fetchShared(as, source.jwksUri, mayFetch).catch((error: unknown) => {
        // Others who use up a limit must not keep a client out whose keys are known.
        if (known?.keys && isAhead(known.at + STALE, STALE + CLOCKS_DIFFER, as.now()) && pickKey(known.keys, alg, kid)) return known;
        throw error;
      });
  const found = keys && pickKey(keys, alg, kid);
  if (found || !failure) return found;
  const { problem, status, cause: reason } = failure;
  const cause = new Error(`The public keys at ${new URL(source.jwksUri).host} cannot be read: ${status ?? problem}.`, { cause: reason });
  throw new OAuthError('temporarily_unavailable', 'keys_unreachable', { headers: { 'retry-after': '30' }, cause });
}

async function fetchShared(as: AuthServer, uri: string, mayFetch: (url: string) => Promise<void>): Promise<CachedKeys> {
  await mayFetch(uri);
  const flight = flights.get(as.settings) ?? makeSingleFlight<CachedKeys>();
  flights.set(as.settings, flight);
  return flight(uri, () => fetchKeys(as, uri));
}

async function fetchKeys(as: AuthServer, uri: string): Promise<CachedKeys> {
  const answer = (await as.fetchKeys?.(uri, LIMITS)) ?? { problem: 'unreachable' as const };
  const keys = 'problem' in answer ? null : keySetOf(parseJson(answer.text, MAX_DEPTH));
  const [cache, now] = [cacheOf(as), as.now()];
  const before = cache.get(uri);
  const failure = 'problem' in answer && isHostDown(answer) ? answer : null;
  const old = failure ? ((before?.keys ? before : await findKeys(as, uri)) ?? NONE) : NONE;
  const isOld = !isAhead(old.at + STALE, STALE + CLOCKS_DIFFER, now);
  const next = keys
    ? { keys, at: now, triedAt: now, failure, savedAt: await saveKeys(as, uri, keys, before) }
    : { ...(isOld ? NONE : old), triedAt: now, failure };
  cache.delete(uri); // keeps the newest last
  if (cache.size >= MAX_KEPT) for (const oldest of cache.keys()) if (cache.delete(oldest)) break;
  cache.set(uri, next);
  return next;
}

/** Saves keys for other processes. @returns when that was last done. The keys stay good if the store is down. */
async function saveKeys(as: AuthServer, uri: string, keys: JwkSet, before: CachedKeys | undefined): Promise<Seconds> {
  const [now, last] = [as.now(), before?.savedAt ?? 0];
  if (isAhead(last + KEEP_EVERY, KEEP_EVERY, now)) return last;
  try {
    await as.store.write(await keyOf(as, uri), { v: 1, at: now, jwks: keys }, 'any', { until: now + STALE });
    return now;
  } catch (error) {
    if (isOutage(error)) return last;
    throw error;
  }
}

/** The keys that any process of this server fetched last. */
async function findKeys(as: AuthServer, uri: string): Promise<Pick<CachedKeys, 'keys' | 'at'> | null> {
  const record = await readRecord(as.store, await keyOf(as, uri), isKeySetRecord);
  return record && { keys: keySetOf(record.value.jwks), at: record.value.at };
}

async function keyOf(as: AuthServer, uri: string): Promise<Key> {
  return `jwks:${await as.secrets.hash(`jwks\n${uri}`)}`;
}

const isKeySetRecord = (value: unknown): value is { readonly at: Seconds; readonly jwks: unknown } =>
  versioned(value) && has(value, 'at', 'jwks');

function cacheOf({ settings }: AuthServer): Map<string, CachedKeys> {
  const map = caches.get(settings) ?? new Map<string, CachedKeys>();
  caches.set(settings, map);
  return map;
}
