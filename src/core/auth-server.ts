/**
 * One issuer as a value: its settings, runtime, storage, secrets, and the operations on accounts, consents, passkeys, TOTP, links and upstream tokens,
 * each loaded on first use. Endpoints and grant types get it as an argument; nothing is global.
 */
import { lazy, lazyObject, memoize } from '../lib/async.ts';
import type { FetchPublic, SafeFetch, SafeImageFetch } from '../lib/safe-fetch.ts';
import { isLoopbackHost, parseLoopback } from '../lib/url.ts';
import type { Accounts } from '../model/account.ts';
import type { NewEvent } from '../model/event.ts';
import type { Links } from '../model/login-services.ts';
import { isForm } from '../model/login.ts';
import type { Passkeys } from '../model/passkey.ts';
import { type Place, withPlace } from '../model/token.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Settings } from '../model/settings.ts';
import type { Seconds, Store } from '../model/store.ts';
import type { Totps } from '../model/totp.ts';
import type { Upstreams } from '../model/upstream.ts';
import { defaultListener } from './listeners.ts';
import type { CoreParts } from './parts.ts';
import { type ClientPlaces, makeClientPlaces } from './records/client-places.ts';
import type { Consents } from './records/consents.ts';
import { type GrantCache, makeGrantCache } from './records/grant-cache.ts';
import type { Keyring } from './records/keyring.ts';
import { makeRecords, type Records } from './records/records.ts';
import { makeSecrets, type Secrets } from './records/secrets.ts';
import type { Vault } from './vault/vault.ts';

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
  /** The server's own secrets; null if none are configured (`requireKeyring` reports that at start-up). */
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
  /** Where hosted clients call from; null where the store has one place. */
  readonly clientPlaces: ClientPlaces | null;
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
    tell('the `on` listener', () => on({ ...event, ...tenant, at: now() }));
    if (settings.securityEmails) noticeEvent(server, event);
    settings.admin?.note(server as never, event);
    if (settings.telemetry) tell('`telemetry`', () => settings.telemetry?.event(event));
    if (!settings.audit && !settings.scrapeToken) return;
    const observed = observe(server, event);
    runtime.waitUntil?.(observed);
  };
  const secrets = makeSecrets(runtime, settings.tenant);
  const keyring = keyringOf(keyringSecrets, runtime, secrets);
  const fetchAllowed = allowedFetch(runtime, isLoopback);
  const safeFetch: SafeFetch | null = fetchAllowed && lazy(async () => (await import('../lib/safe-fetch.ts')).makeSafeFetch(fetchAllowed));
  const records = makeRecords(store, emit, (...changed) => grantCache.invalidate(...changed), runtime);
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
    clientPlaces: store.placed ? makeClientPlaces(store, secrets, runtime) : null,
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

/** Calls a listener, which may be asynchronous. Its failure must not affect the request. */
function tell(listener: string, work: () => unknown): void {
  (async () => work())().catch((error: unknown) => console.error(`portcullis: ${listener} failed`, error));
}

/** Tells the user of an event, if it concerns the security of an account. */
function noticeEvent(as: AuthServer, event: NewEvent): void {
  if (event.kind !== 'factor.changed' && event.kind !== 'grant.opened') return;
  notify(as, () => as.parts.notice(as, event));
}

const observe = lazy(async () => (await import('./audit/append.ts')).observe);

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

/** What the services are made over. */
interface UserServicesParts {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly keyring: Keyring | null;
  /** Where upstream providers find their secrets. */
  readonly env: unknown;
  /** URL of the sign-up page; null if there is none. */
  readonly signUpUrl: string | null;
  readonly emit: (event: NewEvent) => void;
}

/** The services. */
export interface UserServices {
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  readonly links: Links;
  /** Upstream tokens. */
  readonly vault: Vault;
}

/** Makes the services. */
function makeUserServices(parts: UserServicesParts, load: CoreParts): UserServices {
  const { runtime, store, secrets } = parts;
  const over = { ...parts, now: () => runtime.now() };
  const consents = lazyObject<Consents>({ find: true, readAhead: true, keep: true, forget: true, forgetAll: true }, async () =>
    (await import('./records/consents.ts')).makeConsents(store, secrets, over.now, runtime),
  );
  const passkeys = lazyObject<Passkeys>(
    { openChallenge: true, takeChallenge: true, add: true, find: true, of: true, use: true, rename: true, remove: true, removeAll: true },
    () => load.passkeys(over),
  );
  const totps = lazyObject<Totps>(
    { statusOf: true, offer: true, openOffer: true, confirm: true, useCode: true, useRecovery: true, renewRecovery: true, remove: true },
    () => load.totps(parts),
  );
  const links = lazyObject<Links>({ make: true, find: true, take: true }, () => load.links(over));
  const vault = lazyVault(parts, load);
  const accounts = lazyObject<Accounts>(
    {
      create: true, seed: true, find: true, findByUsername: true, findByEmail: true, checkPassword: true, removeSecondFactor: true, setPassword: true,
      setEmail: true, invite: true, setPermissions: true, permissionsOf: true, remove: true,
    }, // prettier-ignore
    () => load.accounts({ ...parts, consents, vault, passkeys, totps, links }),
  );
  return { accounts, consents, passkeys, totps, links, vault };
}

function lazyVault(parts: UserServicesParts, load: CoreParts): Vault {
  const { once } = memoize(() => load.vault(parts));
  return {
    ...lazyObject<Omit<Vault, 'upstreamsOf'>>({ keep: true, allExist: true, release: true, releaseAll: true }, once),
    upstreamsOf: (grantId, open) => (provider, options) =>
      lazyObject<ReturnType<Upstreams>>({ token: true, scopes: true, accounts: true }, async () =>
        (await once()).upstreamsOf(grantId, open)(provider, options),
      ),
  };
}
