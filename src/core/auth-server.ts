/**
 * The server as a value: settings, machine, storage and keys of one issuer. Endpoints and grant types take it as an
 * argument; nothing of it is global.
 */
import { lazy, lazyObject } from '../lib/lazy.ts';
import type { SafeFetch } from '../lib/safe-fetch.ts';
import { isLoopbackHost, parseLoopback } from '../lib/url.ts';
import { isForm } from '../model/login.ts';
import { endedEvent, type NewEvent } from '../model/event.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Settings } from '../model/settings.ts';
import type { Seconds, Store } from '../model/store.ts';
import { defaultListener } from './default-listener.ts';
import type { Keyring } from './records/keyring.ts';
import { makeSecrets, type Secrets } from './records/secrets.ts';
import { makeGrantCache, type GrantCache } from './records/grant-cache.ts';
import { makeUserServices, type UserServices } from './user-services.ts';
import { makeRecords, type Records } from './records/records.ts';

/** One issuer, ready to answer. */
export interface AuthServer extends UserServices {
  readonly settings: Settings;
  readonly runtime: Runtime;
  /** The environment that the application was called with. */
  readonly env: unknown;
  /** Where records live. Spoken to through named verbs only: `records`, and the modules of `core` that are made over it. */
  readonly store: Store;
  readonly records: Records;
  readonly secrets: Secrets;
  /** The server's own secrets; null where none were given (`core/records/require-keyring` tells how to say so at start-up). */
  readonly keyring: Keyring | null;
  readonly grantCache: GrantCache;
  /** Reads client metadata documents; null where there are none. */
  readonly fetchDocument: SafeFetch | null;
  /** Reads public keys at an address that a client or the operator named; null where the machine cannot fetch safely. */
  readonly fetchKeys: SafeFetch | null;
  /** Whether this is development: the issuer is this very computer. */
  readonly isLoopback: boolean;
  now(): Seconds;
  /** Tells the operator's listener. What the listener throws changes no answer. */
  readonly emit: (event: NewEvent) => void;
  /** Counts an attempt; the seconds to wait when there were too many, else null. */
  readonly limit: (name: string, attempts: number, per: Seconds) => Promise<Seconds | null>;
  /** Forgets the attempts counted under a name. */
  readonly forgive: (name: string) => Promise<void>;
}

/** Puts a server together. @param keyringSecrets, newest first. @param env where providers find their secrets. */
export function makeAuthServer(
  settings: Settings,
  runtime: Runtime,
  store: Store,
  keyringSecrets: readonly string[] = [],
  env: unknown = {},
): AuthServer {
  const now = (): Seconds => runtime.now();
  const whose = settings.tenant === null ? {} : { tenant: settings.tenant };
  const isLoopback = isLoopbackHost(new URL(settings.issuer).hostname);
  const on = settings.on ?? defaultListener(isLoopback);
  const emit = (event: NewEvent): void => {
    // The listener may be asynchronous; however it fails, it fails alone.
    new Promise((done) => done(on({ ...event, ...whose, at: now() }))).catch((error: unknown) => {
      console.error('portcullis: the `on` listener failed', error);
    });
  };
  const secrets = makeSecrets(runtime, settings.tenant);
  const keyring = keyringOf(keyringSecrets, runtime, secrets);
  const fetched = documentFetch(runtime, isLoopback);
  const records = makeRecords(
    store,
    (grant) => {
      const event = endedEvent(grant);
      if (event) emit(event);
    },
    (id) => grantCache.changed(id),
    runtime,
  );
  const grantCache = makeGrantCache(records);
  return {
    settings,
    runtime,
    env,
    store,
    records,
    secrets,
    keyring,
    ...makeUserServices({ settings, runtime, store, records, secrets, keyring, env, signUpUrl: signUpUrlOf(settings), emit }),
    fetchDocument: settings.documents ? fetched : null,
    fetchKeys: fetched,
    isLoopback,
    grantCache,
    now,
    emit,
    async limit(name, attempts, per) {
      if (!settings.limits) return null;
      const { count, endsAt } = await records.count(await secrets.hash(name), per, now());
      return count > attempts ? Math.max(1, endsAt - now()) : null;
    },
    forgive: async (name) => (settings.limits ? records.forgetCount(await secrets.hash(name)) : undefined),
  };
}

function signUpUrlOf({ origin, paths, logins }: Settings): string | null {
  const open = logins.filter(isForm).some((login) => login.pages?.some(({ id }) => id === 'sign-up'));
  return open ? `${origin}${paths.login}/sign-up` : null;
}

/** Loaded when something is first sealed under it. */
function keyringOf(keyringSecrets: readonly string[], runtime: Runtime, secrets: Secrets): Keyring | null {
  if (keyringSecrets.length === 0) return null;
  return lazyObject<Keyring>({ seal: true, open: true, knows: true, renew: true, keysFor: true }, async () =>
    (await import('./records/keyring.ts')).makeKeyring(keyringSecrets, runtime, secrets),
  );
}

/** In development a document may stand on this very computer, which is what the machine's own fetch must never reach (SEC-088). */
function documentFetch({ fetchPublic }: Runtime, isLoopback: boolean): SafeFetch | null {
  if (fetchPublic === undefined) return null;
  return lazy(async () =>
    (await import('../lib/safe-fetch.ts')).makeSafeFetch((url, init) =>
      isLoopback && parseLoopback(url) ? fetch(url, { ...init, redirect: 'manual' }) : fetchPublic(url, init),
    ),
  );
}
