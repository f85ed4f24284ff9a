/**
 * One issuer as a value: its settings, runtime, storage and secrets. Endpoints and grant types get it as an argument; nothing is global.
 */
import { lazy, lazyObject } from '../lib/lazy.ts';
import type { FetchPublic, SafeFetch, SafeImageFetch } from '../lib/safe-fetch.ts';
import { isLoopbackHost, parseLoopback } from '../lib/url.ts';
import { isForm } from '../model/login.ts';
import { endedEvent, type NewEvent } from '../model/event.ts';
import { type Place, withPlace } from '../model/place.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Settings } from '../model/settings.ts';
import type { Seconds, Store } from '../model/store.ts';
import { defaultListener } from './default-listener.ts';
import type { CoreParts } from './parts.ts';
import { type ClientPlaces, makeClientPlaces } from './records/client-places.ts';
import type { Keyring } from './records/keyring.ts';
import { makeSecrets, type Secrets } from './records/secrets.ts';
import { makeGrantCache, type GrantCache } from './records/grant-cache.ts';
import { makeUserServices, type UserServices } from './user-services.ts';
import { makeRecords, type Records } from './records/records.ts';

/** One issuer, ready to answer. */
export interface AuthServer extends UserServices {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly parts: CoreParts;
  /** The application's environment. */
  readonly env: unknown;
  /** Where records are stored. Use it only through `records` and the modules of `core` that are made over it. */
  readonly store: Store;
  readonly records: Records;
  readonly secrets: Secrets;
  /** The server's own secrets; null if none are configured (`core/records/require-keyring` reports that at start-up). */
  readonly keyring: Keyring | null;
  readonly grantCache: GrantCache;
  /** Fetches client metadata documents; null if they are off. */
  readonly fetchDocument: SafeFetch | null;
  /** Fetches public keys from a URL that a client or the operator configured; null if the runtime cannot fetch safely. */
  readonly fetchKeys: SafeFetch | null;
  /** Fetches the logos of clients; null if documents are off. */
  readonly fetchImage: SafeImageFetch | null;
  /** Where the request at hand comes from, if the runtime can tell: records near their caller are kept there. */
  readonly place: Place | null;
  readonly clientPlaces: ClientPlaces;
  /** Whether the issuer is on loopback, which means development. */
  readonly isLoopback: boolean;
  now(): Seconds;
  /** Sends an event to the `on` listener. An exception of the listener changes no response. */
  readonly emit: (event: NewEvent) => void;
  /**
   * Counts an attempt. @returns the seconds to wait if there were too many, else null.
   *
   * @param near counts it at a place, for what only bounds a flood from a network: guesses are counted in the home region, wherever they come from.
   */
  readonly limit: (name: string, attempts: number, per: Seconds, near?: Place | null) => Promise<Seconds | null>;
  /** Forgets the attempts counted under a name. */
  readonly forgive: (name: string) => Promise<void>;
}

/** Makes a server. @param keyringSecrets newest first. @param env where upstream providers find their secrets. */
export function makeAuthServer(
  settings: Settings,
  runtime: Runtime,
  store: Store,
  parts: CoreParts,
  keyringSecrets: readonly string[] = [],
  env: unknown = {},
): AuthServer {
  const now = (): Seconds => runtime.now();
  const tenant = settings.tenant === null ? {} : { tenant: settings.tenant };
  const isLoopback = isLoopbackHost(new URL(settings.issuer).hostname);
  const on = settings.on ?? defaultListener(isLoopback);
  const emit = (event: NewEvent): void => {
    // A listener may be asynchronous; its failure must not affect the request.
    const tell = (listener: string, work: () => unknown): void =>
      void new Promise((done) => done(work())).catch((error: unknown) => console.error(`portcullis: ${listener} failed`, error));
    tell('the `on` listener', () => on({ ...event, ...tenant, at: now() }));
    if (settings.securityEmails) noticeEvent(server, event);
    settings.admin?.note(server as never, event);
    tell('`telemetry`', () => settings.telemetry?.event(event));
    if (!settings.audit && !settings.scrapeToken) return;
    const observed = observe(server, event);
    runtime.waitUntil?.(observed);
  };
  const secrets = makeSecrets(runtime, settings.tenant);
  const keyring = keyringOf(keyringSecrets, runtime, secrets);
  const fetchAllowed = allowedFetch(runtime, isLoopback);
  const safeFetch: SafeFetch | null = fetchAllowed && lazy(async () => (await import('../lib/safe-fetch.ts')).makeSafeFetch(fetchAllowed));
  const records = makeRecords(
    store,
    (grant) => {
      const event = endedEvent(grant);
      if (event) emit(event);
    },
    (id) => grantCache.invalidate(id),
    runtime,
  );
  const grantCache = makeGrantCache(records);
  const server: AuthServer = {
    settings,
    runtime,
    env,
    store,
    records,
    secrets,
    keyring,
    ...makeUserServices({ settings, runtime, store, records, secrets, keyring, env, signUpUrl: signUpUrlOf(settings), emit }, parts),
    parts,
    fetchDocument: settings.clientIdMetadataDocumentEnabled ? safeFetch : null,
    fetchKeys: safeFetch,
    fetchImage:
      settings.clientIdMetadataDocumentEnabled && fetchAllowed
        ? lazy(async () => (await import('../lib/safe-fetch.ts')).makeSafeImageFetch(fetchAllowed))
        : null,
    place: null,
    clientPlaces: makeClientPlaces(store, secrets, runtime),
    isLoopback,
    grantCache,
    now,
    emit,
    async limit(name, attempts, per, near = null) {
      if (!settings.limits) return null;
      const { count, endsAt } = await records.count(withPlace(await secrets.hash(name), near), per, now());
      return count > attempts ? Math.max(1, endsAt - now()) : null;
    },
    forgive: async (name) => (settings.limits ? records.forgetCount(await secrets.hash(name)) : undefined),
  };
  return server;
}

/** Tells the user of an event, if it concerns the security of an account. */
function noticeEvent(as: AuthServer, event: NewEvent): void {
  if (event.kind !== 'factor.changed' && event.kind !== 'grant.opened') return;
  notify(as, () => as.parts.notice(as, event));
}

const observe = lazy(async () => (await import('./observe.ts')).observe);

/** Does the work of a security message after the response; a failure is reported to the operator. */
export function notify(as: AuthServer, work: () => Promise<void>): void {
  const done = work().catch((error: unknown) =>
    as.emit({ kind: 'request.failed', endpoint: 'security-mail', requestId: as.secrets.id(), error }),
  );
  as.runtime.waitUntil?.(done);
}

function signUpUrlOf({ origin, paths, logins }: Settings): string | null {
  const open = logins.filter(isForm).some((login) => login.pages?.some(({ id }) => id === 'sign-up'));
  return open ? `${origin}${paths.login}/sign-up` : null;
}

/** Loaded when something is first sealed. */
function keyringOf(keyringSecrets: readonly string[], runtime: Runtime, secrets: Secrets): Keyring | null {
  if (keyringSecrets.length === 0) return null;
  return lazyObject<Keyring>({ seal: true, open: true, knows: true, renew: true, keysFor: true }, async () =>
    (await import('./records/keyring.ts')).makeKeyring(keyringSecrets, runtime, secrets),
  );
}

/** In development a document may be on loopback, which the runtime's own fetch must never reach (SEC-088). */
function allowedFetch({ fetchPublic }: Runtime, isLoopback: boolean): FetchPublic | null {
  if (fetchPublic === undefined) return null;
  return (url, init) => (isLoopback && parseLoopback(url) ? fetch(url, { ...init, redirect: 'manual' }) : fetchPublic(url, init));
}
