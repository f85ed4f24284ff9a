/**
 * OAuthProvider: the whole of it behind one `fetch`: authorization server, pages, guard and your handlers.
 *
 *   endpoint of ours → resource metadata → protected route (guard, then your handler) → your default handler → 404
 */
import { requestState } from '../model/request-state.ts';
import { type AuthServer, makeAuthServer } from '../core/auth-server.ts';
import { requireKeyring } from '../core/records/require-keyring.ts';
import { withStoreRetry } from '../core/store-retry.ts';
import { verifyAccess } from '../core/verify.ts';
import { makeCall } from '../endpoints/endpoint.ts';
import { guard, isGood, isRefusal, preflight, withAccess, withCors, type Guard } from '../guard/guard.ts';
import type { OnRefused } from '../guard/refused.ts';
import { unavailable } from '../guard/challenge.ts';
import { checkOrigin } from '../guard/origin.ts';
import { metadataAnswer } from '../guard/resource-metadata.ts';
import type { TokenSource, Verifier } from '../guard/token-source.ts';
import { networkOf } from '../lib/network.ts';
import { lazy } from '../lib/lazy.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { Access, Checked } from '../model/access.ts';
import type { Context, FetchFunction } from '../model/handler.ts';
import type { ProofCheck } from '../model/dpop.ts';
import { covers } from '../model/resource.ts';
import type { Runtime } from '../model/runtime.ts';
import { UpstreamTokenError } from '../model/upstream.ts';
import { isOurs } from '../model/token.ts';
import { checkFetch } from '../options/parse.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import { secretsOf } from '../options/option-checks.ts';
import { settingsOf } from '../options/settings.ts';
import { answer, type Route, routesOf } from '../server.ts';
import { fetchOf, notFound } from './handlers.ts';
import { LazyStates } from './lazy-states.ts';
import { isOff, loginFault, readEnv, storeOf } from './environment.ts';
import { makeHelpers, type OAuthHelpers } from './helpers.ts';
import {
  findIssuerServer,
  type IssuerServer,
  issuerServerFor,
  issuerServers,
  pathOf,
  type Standing,
  standingOf,
  withBase,
  withoutPrefix,
} from './servers.ts';
import { epochStore } from '../stores/epoch.ts';
import { tenantStore } from '../stores/tenant.ts';

/** Where it cannot be loaded, the call fails: its handler never runs. */
const withPermissions = lazy(async () => (await import('./permissions.ts')).withPermissions);

/** What a runtime brings along: its machine, and how it knows a caller's address. */
export interface Platform {
  readonly runtime: Runtime;
  address(request: Request, ctx: Context): string | undefined;
}

interface Protected<Env> {
  readonly path: string;
  readonly guard: Guard<null>;
  readonly fetch: FetchFunction<Env>;
}

/** One issuer on one store, with everything that is made once. */
interface Host<Env> {
  readonly as: AuthServer;
  /** Path of the issuer, of a tenant that has one. */
  readonly prefix: string;
  readonly allowedOrigins: readonly string[] | undefined;
  readonly routes: ReadonlyMap<string, Route>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly apis: readonly Protected<Env>[];
  readonly helpers: OAuthHelpers;
  /** What the environment lacks for a login. */
  readonly fault: unknown;
}

const MAX_HOSTS = 16;
/** Rounds of one cron run, and records looked at in each. */
const SWEEPS = 20;
const SWEPT_AT_ONCE = 1000;

/** The provider. Make it once, at the top level of a module. */
export class OAuthProvider<Env = unknown> {
  readonly #options: OAuthProviderOptions<Env>;
  readonly #sites: readonly IssuerServer<Env>[];
  readonly #platform: Platform;
  readonly #fallback: FetchFunction<Env> | null;
  #lastEnv: { readonly of: Env; readonly host: Host<Env>; readonly given: Env } | undefined;
  readonly #hosts = new Map<string, { readonly source: unknown; readonly host: Host<Env> }>();

  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>, platform: Platform) {
    this.#options = options;
    this.#sites = issuerServers(options);
    this.#platform = platform;
    this.#fallback = options.defaultHandler ? fetchOf(options.defaultHandler) : null;
    for (const { parsed } of this.#sites) {
      checkFetch(parsed.options, platform.runtime.fetchPublic !== undefined);
      for (const login of parsed.settings.logins) login.check?.({ scrypt: platform.runtime.scrypt !== undefined });
    }
  }

  /** Answers a request. Bound: may be passed around alone. */
  readonly fetch = async (asked: Request, env: Env, ctx: Context = { waitUntil() {} }): Promise<Response> => {
    const { basePath } = this.#options;
    const request = basePath === undefined ? asked : withBase(asked, basePath);
    const path = pathOf(request.url);
    const site = findIssuerServer(this.#sites, request.url, path, () => this.#origin(env, request.url));
    if (!site) return this.#fallback ? this.#fallback(asked, env, ctx) : notFound();
    const host = this.#host(site, env, request.url);
    const route = host.routes.get(path);
    const network = (): string => networkOf(this.#platform.address(request, ctx));
    if (route) {
      return answer(
        route,
        makeCall(request, host.as, env, {
          network,
          waitUntil: (work) => ctx.waitUntil(work),
          answered: () => requestState(ctx).answered?.(),
        }),
      );
    }
    const text = host.metadata.get(path);
    if (text !== undefined) return metadataAnswer(request, text);
    const api = host.apis.find((one) => covers(one.path, path));
    if (api) return this.#protected(host, api, request, env, ctx);
    if (this.#fallback) {
      const helpers = makeHelpers(host.as, network()); // which know who asks, for what they may have to fetch
      return this.#fallback(asked, { ...env, OAUTH_PROVIDER: helpers }, ctx);
    }
    return notFound();
  };

  /** Whether the options name the issuer: else it comes from the environment, or on loopback from the request. */
  get isNamed(): boolean {
    return this.#options.issuer !== undefined;
  }

  /** The tenants; none where this is one server. */
  get tenants(): readonly string[] {
    return this.#sites.flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
  }

  /** The helpers, outside a request: accounts, clients, grants; with tenants, of one. @throws {TypeError} naming what the environment lacks. */
  helpers(env: Env, tenant: string | null = null): OAuthHelpers {
    const { fault, helpers } = this.#host(issuerServerFor(this.#sites, tenant), env, null);
    if (fault !== null) throw fault;
    return helpers;
  }

  /** Answers a cron trigger of a Worker: sweeps expired records, so many at most that one run stays short. Bound, as `fetch` is. */
  readonly scheduled = async (_controller: unknown, env: Env): Promise<void> => {
    const helpers = this.helpers(env, this.tenants[0]); // the store is one, and so is what has expired in it
    for (let round = 0; round < SWEEPS; round++) await helpers.sweep(SWEPT_AT_ONCE);
  };

  async #protected(host: Host<Env>, api: Protected<Env>, request: Request, env: Env, ctx: Context): Promise<Response> {
    if (request.headers.get('origin') === null) return this.#called(host, api, request, env, ctx);
    const foreign = checkOrigin(request, host.allowedOrigins, host.as.settings.issuer);
    if (foreign) {
      host.as.emit({ kind: 'request.refused', endpoint: 'guard', ...(await import('../guard/refused.ts')).originRefusal(request) });
      return foreign; // which a foreign page may not even read
    }
    return withCors(request, await this.#called(host, api, request, env, ctx));
  }

  async #called(host: Host<Env>, api: Protected<Env>, request: Request, env: Env, ctx: Context): Promise<Response> {
    if (request.method === 'OPTIONS') return preflight(request);
    const state = requestState(ctx);
    state.emit = host.as.emit;
    const access = await api.guard(request);
    if (isRefusal(access)) return access;
    state.stillGood = async () => isGood(await api.guard(request));
    const own = this.#envFor(host, env);
    const inside = withoutPrefix(request, host.prefix);
    if (access === null) return api.fetch(inside, own, withAccess(ctx, null, api.guard.challenge));
    const again = { guard: api.guard, check: () => api.guard(request) };
    const known = ofTenant(access, host.as);
    const allowed = host.as.settings.permissions === null ? known : await withPermissions(host.as, known, own, again);
    if (isRefusal(allowed)) return allowed;
    state.states = new LazyStates(host.as, allowed);
    try {
      return await api.fetch(inside, own, withAccess(ctx, allowed, api.guard.challenge));
    } catch (error) {
      const refusal = error instanceof UpstreamTokenError && (await this.#refusal(api, request, error));
      if (!refusal) throw error;
      return refusal;
    }
  }

  /** What a call comes to whose handler got no token of another site: 503, or 401 where that was the end of the grant. */
  async #refusal(api: Protected<Env>, request: Request, { failure, retryAfter }: UpstreamTokenError): Promise<Response | null> {
    if (failure === 'unavailable') return unavailable(retryAfter);
    const verdict = failure === 'ended' ? await api.guard(request) : null;
    return isRefusal(verdict) ? verdict : null;
  }

  /** The environment as handlers see it, with the helpers in it; made once for each environment. */
  #envFor(host: Host<Env>, env: Env): Env {
    if (this.#lastEnv?.of !== env || this.#lastEnv.host !== host) {
      this.#lastEnv = { of: env, host, given: { ...env, OAUTH_PROVIDER: host.helpers } };
    }
    return this.#lastEnv.given;
  }

  #host(site: IssuerServer<Env>, env: Env, url: string | null): Host<Env> {
    const standing = standingOf(site.origin ?? this.#origin(env, url), site, this.#options.basePath);
    const { issuer } = standing;
    const source = this.#options.store ?? readEnv(env, 'PORTCULLIS');
    const known = this.#hosts.get(issuer);
    if (known && known.source === source && source !== undefined) return known.host;
    const host = this.#makeHost(site, standing, env);
    if (host.fault !== null) return host; // the next request may come with what is missing
    if (this.#hosts.size >= MAX_HOSTS + this.#sites.length) this.#hosts.clear();
    this.#hosts.set(issuer, { source, host });
    return host;
  }

  /** The issuers of all tenants; those without an address of their own stand beside this one. */
  #issuersBeside(issuer: string, prefix: string): readonly string[] {
    const origin = issuer.slice(0, issuer.length - prefix.length);
    return [issuer, ...this.#sites.map((site) => (site.origin ?? origin) + site.prefix)];
  }

  #makeHost({ parsed, tenant }: IssuerServer<Env>, { issuer, prefix }: Standing, env: Env): Host<Env> {
    const { options, routes } = parsed;
    const settings = settingsOf(parsed, { issuer, tenant, prefix, issuers: this.#issuersBeside(issuer, prefix) }, !isOff(env, issuer), env);
    const whole = storeOf(options, env, readEnv(env, 'PORTCULLIS'));
    const own = tenant === null ? whole : tenantStore(whole, tenant);
    const epoch = readEnv(env, 'PORTCULLIS_EPOCH') ?? '';
    const store = withStoreRetry(epoch === '' ? own : epochStore(own, epoch));
    const as = makeAuthServer(
      settings,
      this.#platform.runtime,
      store,
      parsed.secrets ?? secretsOf(undefined, readEnv(env, 'PORTCULLIS_SECRET')),
      env,
    );
    if (settings.resources.some(({ accessTokenSigning }) => accessTokenSigning !== undefined))
      requireKeyring(as.keyring, '`accessTokenSigning`');
    if (settings.dpopNonces) requireKeyring(as.keyring, '`dpopNonces`');
    if (settings.secondFactor?.needsSecret) requireKeyring(as.keyring, `secondFactor: ${settings.secondFactor.id}()`);
    const { externalTokens, anonymous } = options;
    const outside = async (source: TokenSource, ...sent: Parameters<TokenSource['verify']>): Promise<Checked | null> => {
      const found = await source.verify(...sent);
      return found && { ...found, scope: settings.expandScopes(found.scope) };
    };
    const verify: Verifier = (token, resource, tell) =>
      externalTokens && !isOurs(token) ? outside(externalTokens, token, resource, tell) : verifyAccess(as, token, resource, tell);
    const told = new WeakSet<Request>(); // one request may be judged again while it is answered
    const onRefused: OnRefused = (refusal, request) => {
      if (!told.has(request)) as.emit({ kind: 'request.refused', endpoint: 'guard', ...refusal });
      told.add(request);
    };
    const authorizationServers = [issuer, ...(externalTokens?.authorizationServers ?? [])];
    const onError = (error: unknown): void => as.emit({ kind: 'request.failed', endpoint: 'guard', requestId: as.secrets.id(), error });
    const checkProof: ProofCheck = async (...proof) => (await import('../core/dpop.ts')).findProofProblem(as, ...proof);
    const alike = { authorizationServers, checkProof, verify, onError, onRefused, anonymous };
    const apis = routes.map(({ path: route, handler }): Protected<Env> => {
      const path = prefix + route;
      const { uri: resource = issuer, requiredScopes, name } = settings.resources.find((one) => one.path === path) ?? {};
      const about = { ...alike, resource, name };
      return {
        path,
        fetch: fetchOf(handler),
        guard: guard({ ...about, requiredScopes, allowedOrigins: ['*'] }), // whose page calls is looked at before
      };
    });
    const metadata = new Map(apis.flatMap((api) => [...api.guard.documents]));
    if (apis.length === 1 && apis[0]) metadata.set(`/.well-known/oauth-protected-resource${prefix}`, apis[0].guard.metadata.text);
    const { allowedOrigins } = options;
    return {
      prefix,
      allowedOrigins,
      as,
      routes: routesOf(settings),
      metadata,
      apis,
      helpers: makeHelpers(as),
      fault: loginFault(settings.logins, env),
    };
  }

  #origin(env: Env, url: string | null): string {
    const configured = this.#options.issuer ?? readEnv(env, 'PORTCULLIS_ISSUER');
    if (typeof configured === 'string' && configured !== '') return configured;
    const own = url === null ? null : new URL(url);
    if (own && isLoopbackHost(own.hostname)) return own.origin;
    throw new TypeError(
      'OAuthProvider: `issuer` is missing. Give the option, or set PORTCULLIS_ISSUER to the public origin, such as https://mcp.example.',
    );
  }
}

/** Says whose names `userId` and `clientId` are, so that nothing that is kept by them is kept for two. */
function ofTenant(access: Access, { settings: { issuer, tenant } }: AuthServer): Access {
  return tenant === null ? access : { ...access, tenant, issuer: access.issuer ?? issuer };
}
