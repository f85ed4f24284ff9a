/**
 * Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): an unregistered client, described by the JSON at the URL that
 * is its id. Its content is as unverified as a registration; only its host is certain. Every failure looks the same from outside (SEC-104).
 *
 *   own host → policy → (join a pending fetch | count by network and by host → fetch → check → store)
 */
import type { AuthServer } from '../core/auth-server.ts';
import { isOnServerOf } from '../lib/url.ts';
import { HostDown } from '../lib/http.ts';
import { isHostDown, type SafeAnswer } from '../lib/safe-fetch.ts';
import { type SingleFlight, makeSingleFlight } from '../lib/single-flight.ts';
import { type Client, type ClientAuthMethod, JWT_BEARER, selfGrantTypes } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import type { Settings } from '../model/settings.ts';
import type { Seconds } from '../model/store.ts';
import { clientKeysOf, hasKeys, isTexts, type KeyRules, type Members, metadataOf, parseMembers } from './metadata.ts';

const LIMITS = { bytes: 5 * 1024, milliseconds: 5000 };
const FETCHES = 60;
const TARGET_FETCHES = 120;
const WINDOW: Seconds = 600;
const MAX_CACHE_TIME: Seconds = 86_400;
const DEFAULT_CACHE_TIME: Seconds = 300;
/** How long a document is used while its host is down. */
const STALE: Seconds = 7 * 86_400;
/** How long a host that is down is not asked again. */
const RETRY_AFTER_DOWN: Seconds = 60;

/** Rules for documents. */
export interface DocumentRules extends KeyRules {
  /** Grant types of an unregistered client. */
  readonly grantTypes: readonly string[];
}

/** Pending fetches, so that concurrent requests cost one. */
const flights = new WeakMap<Settings, SingleFlight<Client>>();

/** Whether a document at this URL is acceptable: not on our own host (SEC-103), and allowed by the policy (SEC-105). */
export async function isAcceptable({ settings }: AuthServer, id: string): Promise<boolean> {
  if (isOnServerOf(id, settings.issuers)) return false;
  const url = new URL(id);
  const policy = settings.clientIdMetadataPolicy;
  if (policy === null) return true;
  if (typeof policy === 'function') return (await policy(url)) === true;
  return policy.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`));
}

/** The client of a document that was fetched before and is still fresh, or null. */
export async function findCached(as: AuthServer, id: string): Promise<Client | null> {
  const client = await lastGood(as, id);
  return client !== null && (client.freshUntil ?? Infinity) > as.now() ? client : null;
}

/** The client of the last good document, however old: for when its host is down. */
async function lastGood(as: AuthServer, id: string): Promise<Client | null> {
  const client = await as.records.findDocument(await as.secrets.hash(id));
  return client?.id === id ? client : null;
}

/**
 * Fetches the document of a client.
 *
 * @throws {OAuthError} `invalid_client`, with one text for every cause, also if its host is down and the document was not fetched within the
 *   last seven days; 429 after too many fetches.
 */
export async function fetchClient(as: AuthServer, id: string, network: string): Promise<Client> {
  if (!(await isAcceptable(as, id))) throw unusable('document_unwelcome');
  const flight = flights.get(as.settings) ?? makeSingleFlight<Client>();
  flights.set(as.settings, flight);
  let isMine = false;
  const fetched = (): Promise<Client> =>
    flight(id, async () => {
      isMine = true;
      const cached = await findCached(as, id); // a fetch that just ended may have stored it
      if (cached) return cached;
      try {
        await countFetch(as, network);
        await countTarget(as, id);
      } catch (error) {
        // Others who use up a limit must not keep the users of a known client out. Its document may be of the last day, as cached ones may.
        const recent = await lastGood(as, id);
        if (recent && recent.createdAt + MAX_CACHE_TIME > as.now()) return recent;
        throw error;
      }
      return fetchOnce(as, id);
    });
  return fetched().catch((error: unknown) => {
    // The fetch was joined to one of another network, whose limit must not count here.
    if (isMine || !(error instanceof OAuthError) || error.reason !== 'document_limited') throw error;
    return fetched();
  });
}

/** Counts fetches from one host, on whatever port, for all callers, so that many networks cannot attack it through us. @throws {OAuthError} 429 after too many. */
export async function countTarget(as: AuthServer, url: string, what: 'document' | 'keys' = 'document'): Promise<void> {
  const wait = await as.limit(`${what} host\n${new URL(url).hostname}`, TARGET_FETCHES, WINDOW);
  if (wait === null) return;
  throw new OAuthError('temporarily_unavailable', 'document_host_limited', {
    status: 429,
    hint: 'Too many apps of this site were looked up. Wait a few minutes and try again.',
    headers: { 'retry-after': String(wait) },
  });
}

/** Counts a fetch from a client's URL. @throws {OAuthError} 429 after too many from one network. */
export async function countFetch(as: AuthServer, network: string): Promise<void> {
  const wait = await as.limit(`document\n${network}`, FETCHES, WINDOW);
  if (wait === null) return;
  throw new OAuthError('temporarily_unavailable', 'document_limited', {
    status: 429,
    hint: 'Too many apps were looked up from this network. Wait a few minutes and try again.',
    headers: { 'retry-after': String(wait) },
  });
}

async function fetchOnce(as: AuthServer, id: string): Promise<Client> {
  const answer = (await as.fetchDocument?.(id, LIMITS)) ?? { problem: 'unreachable' as const };
  if (isHostDown(answer)) return whileDown(as, id, answer);
  const key = await as.secrets.hash(id);
  try {
    return await checkAndStore(as, id, answer);
  } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_client') await as.records.removeDocument(key); // the document has changed
    throw error;
  }
}

/** Uses the last good document while the host is down: that says nothing about the client, and clients drop their tokens at `invalid_client`. */
async function whileDown(as: AuthServer, id: string, answer: SafeAnswer): Promise<Client> {
  const stale = await lastGood(as, id);
  if (stale) {
    const client = { ...stale, freshUntil: as.now() + RETRY_AFTER_DOWN };
    await as.records.saveDocument(await as.secrets.hash(id), client, client.createdAt + STALE);
    return client;
  }
  const { problem, status, cause } = answer as Extract<SafeAnswer, { problem: unknown }>;
  // A user sees one page for every cause (SEC-104); a program is told to try again (`orUnavailable`).
  throw unusable(`document_${problem}`, new HostDown(`The document of a client could not be read: ${status ?? problem}.`, { cause }));
}

/** Checks a document and stores its client. */
async function checkAndStore(as: AuthServer, id: string, answer: SafeAnswer): Promise<Client> {
  if ('problem' in answer) throw unusable(`document_${answer.problem.replace('-', '_')}`, answer.cause);
  const { redirectSchemes } = as.settings.clientRegistration;
  const rules: DocumentRules = { canFetch: true, isLoopback: as.isLoopback, redirectSchemes, grantTypes: selfGrantTypes(as.settings) };
  const client = clientOf(id, answer.text, as.now(), rules);
  const cached = freshnessOf(answer.headers);
  const isCacheable = !/\b(no-store|private)\b/i.test(answer.headers.get('cache-control') ?? '');
  const dated = { ...client, freshUntil: as.now() + cached };
  if (isCacheable) await as.records.saveDocument(await as.secrets.hash(id), dated, as.now() + STALE);
  return client;
}

/** The client of a document. @throws {OAuthError} `invalid_client`, always with the same text. */
export function clientOf(id: string, text: string, now: Seconds, rules: DocumentRules): Client {
  try {
    const given = parseMembers(text);
    if (given.get('client_id') !== id) throw unusable('document_of_another_client'); // compared as raw text (S-084)
    if (given.has('client_secret') || given.has('client_secret_expires_at')) throw unusable('document_with_secret');
    const methods = methodsOf(given);
    const method = METHODS.find((one) => methods.includes(one));
    if (!method) throw unusable('document_auth_method');
    const keys = clientKeysOf(given, rules);
    if ('problem' in keys) throw unusable(`document_${keys.reason}`);
    if (method === 'private_key_jwt' && !hasKeys(keys)) throw unusable('document_without_keys');
    // An enterprise's assertion names a client, which must authenticate (EMA §5).
    const grantTypes = method === 'none' ? rules.grantTypes : [...rules.grantTypes, JWT_BEARER];
    const metadata = metadataOf(given, grantTypes, method, rules.redirectSchemes);
    if (metadata.name === undefined) throw unusable('document_without_name');
    if (metadata.redirectUris.length === 0) throw unusable('document_redirects_missing');
    return { ...metadata, ...(methods.includes('private_key_jwt') ? keys : {}), id, documentHost: new URL(id).host, createdAt: now };
  } catch (error) {
    if (error instanceof OAuthError && error.code !== 'invalid_client') throw unusable(`document_${error.reason}`, error);
    throw error;
  }
}

/** In order of preference. `none` first: a client that lists both may send no assertion, and one that is sent is checked. */
const METHODS: readonly ClientAuthMethod[] = ['none', 'private_key_jwt'];

/**
 * How the client can authenticate. One document is for many servers, so the list of supported methods takes precedence over the preferred one
 * (OpenID Relying Party Metadata Choices 1.0); ChatGPT's document needs that. A list with a secret-based method is ignored.
 */
function methodsOf(given: Members): readonly unknown[] {
  const offered = given.get('token_endpoint_auth_methods_supported');
  const preferred = given.get('token_endpoint_auth_method') ?? 'none';
  return isTexts(offered) && !offered.some((one) => one.startsWith('client_secret')) ? offered : [preferred];
}

/**
 * How long a document may be cached: as its headers say, at most a day; some minutes without headers; not at all if they are contradictory
 * (RFC 9111 §4.2.1, §5.2.2).
 */
export function freshnessOf(headers: Headers): Seconds {
  if (headers.get('vary')?.includes('*')) return 0;
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(',').map((one) => one.trim()).filter(Boolean); // prettier-ignore
  const names = directives.map((one) => one.split('=', 1)[0]?.trim() ?? '');
  if (new Set(names).size < names.length || names.some((name) => ['no-store', 'no-cache', 'private'].includes(name))) return 0;
  const span = directives[names.includes('s-maxage') ? names.indexOf('s-maxage') : names.indexOf('max-age')];
  if (span === undefined) return DEFAULT_CACHE_TIME;
  const seconds = /^[a-z-]+="?(\d{1,12})"?$/.exec(span)?.[1];
  const age = Number(headers.get('age') ?? 0);
  return Math.max(0, Math.min(MAX_CACHE_TIME, Number(seconds ?? 0) - (age > 0 ? age : 0)));
}

function unusable(reason: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_client', reason, {
    status: 400,
    hint: 'This app is not registered here, and the document at its address could not be used.',
    ...(cause === undefined ? {} : { cause }),
  });
}
