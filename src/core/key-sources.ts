/**
 * Key sources: where the public keys of a client or an issuer come from: given, or read at an address and remembered for a while. An
 * unknown key makes us look again, once in a while: keys rotate, and nobody makes us fetch as often as they like.
 */
import { type SingleFlight, makeSingleFlight } from '../lib/single-flight.ts';
import { parseJson } from '../lib/json.ts';
import { isHostDown } from '../lib/safe-fetch.ts';
import type { Assertion } from '../model/assertion.ts';
import { isOutage, OAuthError } from '../model/error.ts';
import { keySetOf, pickKey, type Jwk, type JwkSet } from '../model/key-set.ts';
import type { Settings } from '../model/settings.ts';
import type { Key, Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { has, readRecord, versioned } from './records/record.ts';

/** Public keys, or the address where they stand. */
export interface KeySource {
  readonly jwks?: JwkSet;
  readonly jwksUri?: string;
}

interface Kept {
  readonly keys: JwkSet | null;
  /** When `secrets` came. */
  readonly at: Seconds;
  /** When they were last asked for. */
  readonly triedAt: Seconds;
  /** Whether their host was down then. */
  readonly isDown: boolean;
  /** When they were kept in the store. */
  readonly savedAt?: Seconds;
}

const NONE = { keys: null, at: 0 } as const;

const LIMITS = { bytes: 65_536, milliseconds: 5000 };
const FRESH: Seconds = 600;
/** Longer than this keys are not trusted whose host is down: who took one back wants it gone. */
const STALE: Seconds = 86_400;
/** What came is kept in the store once in so long, for processes that start while the host is down. */
const KEEP_EVERY: Seconds = 3600;
const COOL_DOWN: Seconds = 30;
const MAX_KEPT = 256;
const MAX_DEPTH = 8;

const kept = new WeakMap<Settings, Map<string, Kept>>();
const joins = new WeakMap<Settings, SingleFlight<Kept>>();

/**
 * The key that an assertion was signed with, if the source has it.
 *
 * @param mayFetch asked before an address is read; what it throws is thrown.
 * @throws {OAuthError} `temporarily_unavailable` where the host of the keys is down, and the key is not among those that were read within a day.
 */
export async function findKey(
  as: AuthServer,
  source: KeySource,
  { alg, kid }: Assertion,
  mayFetch: () => Promise<void>,
): Promise<Jwk | null> {
  if (source.jwks) return pickKey(source.jwks, alg, kid);
  if (source.jwksUri === undefined) return null;
  const known = keptBy(as).get(source.jwksUri);
  const key = known?.keys && known.at + FRESH > as.now() ? pickKey(known.keys, alg, kid) : null;
  if (key !== null) return key;
  const isRecent = known !== undefined && known.keys !== null && known.triedAt + COOL_DOWN > as.now(); // nothing at all is asked for again at once
  const { keys, isDown } = isRecent ? known : await ask(as, source.jwksUri, mayFetch);
  const found = keys && pickKey(keys, alg, kid);
  if (found || !isDown) return found;
  const cause = new Error('The public keys of a client or an issuer cannot be read: their host is down.');
  throw new OAuthError('temporarily_unavailable', 'keys_unreachable', { headers: { 'retry-after': '30' }, cause });
}

async function ask(as: AuthServer, uri: string, mayFetch: () => Promise<void>): Promise<Kept> {
  await mayFetch();
  const join = joins.get(as.settings) ?? makeSingleFlight<Kept>();
  joins.set(as.settings, join);
  return join(uri, () => fetchKeys(as, uri));
}

async function fetchKeys(as: AuthServer, uri: string): Promise<Kept> {
  const answer = (await as.fetchKeys?.(uri, LIMITS)) ?? { problem: 'unreachable' as const };
  const keys = 'problem' in answer ? null : keySetOf(parseJson(answer.text, MAX_DEPTH));
  const [all, now] = [keptBy(as), as.now()];
  const before = all.get(uri);
  const isDown = isHostDown(answer);
  const old = isDown ? ((before?.keys ? before : await findKeys(as, uri)) ?? NONE) : NONE;
  const isOld = old.at + STALE <= now;
  const next = keys
    ? { keys, at: now, triedAt: now, isDown, savedAt: await saveKeys(as, uri, keys, before) }
    : { ...(isOld ? NONE : old), triedAt: now, isDown };
  all.delete(uri); // the newest stands last
  if (all.size >= MAX_KEPT) for (const oldest of all.keys()) if (all.delete(oldest)) break;
  all.set(uri, next);
  return next;
}

/** Keeps keys for other processes; tells when that was done last. A store that is down does not make good keys bad. */
async function saveKeys(as: AuthServer, uri: string, keys: JwkSet, before: Kept | undefined): Promise<Seconds> {
  const [now, last] = [as.now(), before?.savedAt ?? 0];
  if (last + KEEP_EVERY > now) return last;
  try {
    await as.store.write(await keyOf(as, uri), { v: 1, at: now, jwks: keys }, 'any', { until: now + STALE });
    return now;
  } catch (error) {
    if (isOutage(error)) return last;
    throw error;
  }
}

/** The keys that any process of this server read last. */
async function findKeys(as: AuthServer, uri: string): Promise<Pick<Kept, 'keys' | 'at'> | null> {
  const held = await readRecord(as.store, await keyOf(as, uri), isKeySetRecord);
  return held && { keys: keySetOf(held.value.jwks), at: held.value.at };
}

async function keyOf(as: AuthServer, uri: string): Promise<Key> {
  return `jwks:${await as.secrets.hash(`jwks\n${uri}`)}`;
}

const isKeySetRecord = (value: unknown): value is { readonly at: Seconds; readonly jwks: unknown } =>
  versioned(value) && has(value, 'at', 'jwks');

function keptBy({ settings }: AuthServer): Map<string, Kept> {
  const map = kept.get(settings) ?? new Map<string, Kept>();
  kept.set(settings, map);
  return map;
}
