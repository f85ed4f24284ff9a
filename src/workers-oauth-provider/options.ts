/**
 * The options of `@cloudflare/workers-oauth-provider`, translated into those of the core. What is not kept, and why, is listed in
 * docs/guide/from-workers-oauth-provider.md.
 */
import { type FormerKv, workersOAuthKv } from '../former/workers-oauth-kv.ts';
import type { FormerStore } from '../model/former.ts';
import type { Context } from '../model/context.ts';
import type { Store } from '../model/store.ts';
import type { OAuthProviderOptions as CoreOptions } from '../options/options.ts';
import { d1Store } from '../stores/d1.ts';
import { exchangePolicy, onErrorOf, onTokensOf, registrationPolicy } from './callbacks.ts';
import { issuerFinderOf } from './ema.ts';
import { type CommonOptions, type OAuthAuthorizationServerOptions, pathOf } from './accepted-options.ts';
import type { Requests } from './wire.ts';

type D1Binding = Parameters<typeof d1Store>[0];

const DAY = 86_400;
/** The longest lifetime, for what never expires there. */
const TEN_YEARS = 3650 * DAY;
const MINIMUM = 60;

/** The options that both servers have. */
export function commonOptions<Env>(options: CommonOptions<Env>, issuer: string, requests: Requests): Partial<CoreOptions<Env>> {
  const {
    accessTokenTTL,
    scopesSupported = [],
    clientRegistrationEndpoint: registration,
    onError,
    tokenExchangeCallback: callback,
    refreshTokenIdleTTL: idle,
  } = options;
  checkTTLs(options);
  return {
    issuer,
    store: storeIn,
    formerStore: (env) => formerStoreIn(env, (options as Partial<OAuthAuthorizationServerOptions<Env>>).legacyGrantResource),
    scopesSupported,
    unknownScopes: 'grant',
    ...lifetimesOf(options),
    ...(accessTokenTTL === undefined ? {} : { accessTokenTTL }),
    ...(registration === undefined ? {} : { clientRegistrationEndpoint: pathOf(registration) }),
    clientIdMetadataDocumentEnabled: options.clientIdMetadataDocumentEnabled ?? false,
    clientRegistration: { policy: registrationPolicy(options, requests) },
    ...(callback || idle !== undefined ? { onTokens: onTokensOf(callback, { fixed: fixedOf(options), idle }) } : {}),
    ...(options.enterpriseManagedAuthorization ? { trustedIssuers: issuerFinderOf(options.enterpriseManagedAuthorization) } : {}),
    ...(options.allowTokenExchangeGrant ? { tokenExchange: exchangePolicy(callback) } : {}),
    onError: onErrorOf(onError),
  };
}

/** `refreshTokenTTL`; ten years for one that is undefined, which is without end. */
function fixedOf(options: CommonOptions<never>): number {
  return 'refreshTokenTTL' in options ? (options.refreshTokenTTL ?? TEN_YEARS) : 30 * DAY;
}

/** `refreshTokenTTL` is fixed from the sign-in; `refreshTokenIdleTTL` moves with each refresh, and there is no other end. */
function lifetimesOf(
  options: CommonOptions<never>,
): Pick<CoreOptions, 'refreshTokenTTL' | 'refreshTokenIdleTTL' | 'clientRegistrationTTL'> {
  const { refreshTokenIdleTTL: idle } = options;
  const fixed = fixedOf(options);
  const registration = 'clientRegistrationTTL' in options ? (options.clientRegistrationTTL ?? TEN_YEARS) : 90 * DAY;
  const refresh =
    fixed === 0 ? { refreshTokenTTL: 0 } : { refreshTokenTTL: idle === undefined ? fixed : TEN_YEARS, refreshTokenIdleTTL: idle ?? fixed };
  return { ...refresh, clientRegistrationTTL: Math.max(3600, registration) };
}

function checkTTLs(options: CommonOptions<never>): void {
  for (const name of ['accessTokenTTL', 'refreshTokenTTL', 'refreshTokenIdleTTL', 'clientRegistrationTTL'] as const) {
    const value = options[name];
    if (value === undefined || (name === 'refreshTokenTTL' && value === 0)) continue;
    if (!Number.isSafeInteger(value) || value < MINIMUM)
      throw new TypeError(
        `OAuthProvider: \`${name}\` must be a whole number of seconds, at least ${MINIMUM}; it is ${JSON.stringify(value)}.`,
      );
  }
}

/** The store of the binding `PORTCULLIS`: a D1 database, a Durable Object namespace, or a store. */
function storeIn(env: unknown): Store {
  const binding = (env as { readonly PORTCULLIS?: unknown }).PORTCULLIS;
  if (isD1(binding)) return d1For(binding);
  if (binding === undefined)
    throw new TypeError(
      'OAuthProvider: the binding PORTCULLIS is missing. Add to wrangler.jsonc: "d1_databases": [{ "binding": "PORTCULLIS", "database_name": "portcullis" }]; OAUTH_KV stays and is only read.',
    );
  return binding as Store; // a namespace, which the core recognizes
}

const stores = new WeakMap<object, Store>();
function d1For(binding: D1Binding): Store {
  const store = stores.get(binding) ?? d1Store(binding);
  stores.set(binding, store);
  return store;
}

function isD1(binding: unknown): binding is D1Binding {
  return typeof binding === 'object' && binding !== null && 'prepare' in binding && 'batch' in binding;
}

const NOTHING: FormerStore = { findClient: () => null, findGrant: () => null };

/** What the other server stored, if its namespace is still bound. @param legacy the resource of grants that were stored without one. */
function formerStoreIn(env: unknown, legacy: string | undefined): FormerStore {
  const kv = (env as { readonly OAUTH_KV?: FormerKv }).OAUTH_KV;
  if (kv === undefined) return NOTHING;
  const former = workersOAuthKv(() => kv)(env);
  if (legacy === undefined) return former;
  return {
    ...former,
    async findGrant(...asked) {
      const found = await former.findGrant(...asked);
      return found === null || 'problem' in found ? found : { resource: legacy, ...found };
    },
  };
}

/** The context of a handler as it is there: `auth` also has the token and its audience. */
export function withOldAuth(ctx: Context, request: Request): Context {
  if (!ctx.auth) return ctx;
  const auth: { -readonly [name in 'userId' | 'clientId' | 'expiresAt']?: unknown } = Object.assign(ctx.auth, {
    token: /^bearer +(\S+)/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '',
    audience: ctx.auth.resource,
  });
  // What the validator did not say is not there.
  for (const name of ['userId', 'clientId'] as const) if (auth[name] === '') delete auth[name];
  if (auth.expiresAt === Number.MAX_SAFE_INTEGER) delete auth.expiresAt;
  return ctx;
}
