/**
 * OAuthProvider: authorization server, pages, guard and your handlers behind one `fetch`.
 *
 *   endpoint of ours → resource metadata → protected route (guard, then your handler) → your default handler → 404
 */
import type { AuthServer } from '../core/auth-server.ts';
import { type Context, type FetchFunction, requestState, withAccess } from '../model/context.ts';
import { makeCall } from '../endpoints/endpoint.ts';
import { isGood, isRefusal } from '../guard/guard.ts';
import { checkOrigin, metadataAnswer, notFound, preflight, unavailable, withCors } from '../guard/answers.ts';
import { CROSS_ORIGIN, networkOf, prefersHtml } from '../lib/http.ts';
import { lazy } from '../lib/async.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { Access } from '../model/access.ts';
import { covers } from '../model/resource.ts';
import type { Place } from '../model/token.ts';
import type { Runtime } from '../model/runtime.ts';
import type { NewEvent, Span } from '../model/event.ts';
import { UpstreamTokenError } from '../model/upstream.ts';
import { checkFetch } from '../options/parse.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import type { Parts } from './parts.ts';
import { answer } from '../server.ts';
import { fetchOf, type Host, LazyStates, makeHost, type Protected } from './host.ts';
import { readEnv } from './environment.ts';
import { makeHelpers, type OAuthHelpers } from './helpers.ts';
import {
  decodedPath,
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

/** If it cannot be loaded, the call fails and its handler does not run. */
const readPermissions = lazy(async () => (await import('./permissions.ts')).readPermissions);
const withPermissions = lazy(async () => (await import('./permissions.ts')).withPermissions);

/** Whether a person opened the URL in a browser. */
const isBrowser = ({ method, headers }: Request): boolean => method === 'GET' && prefersHtml(headers.get('accept'));

/** What a runtime adds: its services, and how it finds a caller's address. */
export interface Platform {
  readonly runtime: Runtime;
  address(request: Request, ctx: Context): string | undefined;
  /** Where a request comes from; null if that is unknown. Absent where no runtime says so. */
  place?(request: Request): Place | null;
}

const MAX_HOSTS = 16;
/** Places of metadata (RFC 8414 §3.1, RFC 9728 §3.1, OpenID Connect Discovery §4). */
const DISCOVERY = /\/\.well-known\/(oauth-(authorization-server|protected-resource)|openid-configuration)(\/|$)/;
/** Rounds of one cron run, and the records checked in each. */
const SWEEPS = 20;
const SWEPT_AT_ONCE = 1000;

/** An authorization server with your API behind it, as one fetch handler. Make it once, at the top level of a module. */
export class Provider<Env = unknown> {
  readonly #options: OAuthProviderOptions<Env>;
  readonly #sites: readonly IssuerServer<Env>[];
  readonly #platform: Platform;
  readonly #parts: Parts;
  readonly #fallback: FetchFunction<Env> | null;
  #lastEnv: { readonly of: Env; readonly host: Host<Env>; readonly given: Env } | undefined;
  #lastStanding: { readonly site: IssuerServer<Env>; readonly given: string; readonly standing: Standing } | undefined;
  readonly #hosts = new Map<string, { readonly source: unknown; readonly host: Host<Env> }>();

  /** @internal @throws {TypeError} for a wrong option; the message names the option and the fix. */
  constructor(options: OAuthProviderOptions<Env>, platform: Platform, parts: Parts) {
    this.#options = options;
    this.#sites = issuerServers(options, parts);
    this.#platform = platform;
    this.#parts = parts;
    this.#fallback = options.defaultHandler ? fetchOf(options.defaultHandler) : null;
    for (const { parsed } of this.#sites) {
      checkFetch(parsed.options, platform.runtime.fetchPublic !== undefined);
      for (const login of parsed.settings.logins) login.check?.({ scrypt: platform.runtime.scrypt !== undefined });
    }
  }

  /** Answers a request. Bound to this provider, so that it can be passed as a function. */
  readonly fetch = (asked: Request, env: Env, ctx: Context = { waitUntil() {} }): Promise<Response> => {
    const { telemetry } = this.#options;
    return telemetry ? telemetry.request(asked, (span) => this.#answer(asked, env, ctx, span)) : this.#answer(asked, env, ctx);
  };

  async #answer(asked: Request, env: Env, ctx: Context, span?: Span): Promise<Response> {
    const { basePath } = this.#options;
    const request = basePath === undefined ? asked : withBase(asked, basePath);
    const path = pathOf(request.url);
    const own = (): string => this.#origin(env, request.url);
    const site = findIssuerServer(this.#sites, request.url, path, own);
    const decoded = decodedPath(path);
    if (!site)
      return this.#fallback && !findIssuerServer(this.#sites, request.url, decoded, own) ? this.#fallback(asked, env, ctx) : notFound();
    const host = this.#host(site, env, request.url);
    const route = host.routes.get(path);
    const network = (): string => networkOf(this.#platform.address(request, ctx));
    if (route) {
      span?.set({ 'http.route': path });
      return answer(
        route,
        makeCall(request, host.as, env, {
          network,
          place: this.#placeOf(asked),
          waitUntil: (work) => ctx.waitUntil(work),
          answered: () => requestState(ctx).answered?.(),
        }),
      );
    }
    const text = host.metadata.get(path);
    if (text !== undefined) return metadataAnswer(request, text);
    const api = host.apis.find((one) => covers(one.path, path));
    if (api) span?.set({ 'http.route': api.path });
    if (api) return this.#protected(host, api, request, env, ctx);
    if (this.#fallback && !host.apis.some((one) => covers(one.path, decoded))) {
      const place = this.#placeOf(asked);
      const helpers = makeHelpers(place === null ? host.as : { ...host.as, place }, network()); // the caller's network, to count fetches
      const given = await this.#fallback(asked, { ...env, OAUTH_PROVIDER: helpers }, ctx);
      // Clients look at several places, and give up at a page that an application shows for every path.
      return DISCOVERY.test(path) && !given.headers.get('content-type')?.includes('json') ? notFound(CROSS_ORIGIN) : given;
    }
    const isHome = path === (host.prefix || '/') || path === `${host.prefix}/`;
    return isHome && isBrowser(request) && this.#parts.pages
      ? this.#parts.pages.home(makeCall(request, host.as, env, { network, waitUntil() {} }))
      : notFound(DISCOVERY.test(path) ? CROSS_ORIGIN : {});
  }

  /** Whether the options set the issuer: else it comes from the environment, or on loopback from the request. */
  get isNamed(): boolean {
    return this.#options.issuer !== undefined;
  }

  /** The tenants; empty for a single server. */
  get tenants(): readonly string[] {
    return this.#sites.flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
  }

  /** The helpers, outside a request: accounts, clients, grants; with tenants, those of one. @throws {TypeError} naming what the environment lacks. */
  helpers(env: Env, tenant: string | null = null): OAuthHelpers {
    const { fault, helpers } = this.#host(issuerServerFor(this.#sites, tenant), env, null);
    if (fault !== null) throw fault;
    return helpers;
  }

  /** Handles a cron trigger of a Worker: deletes expired records, limited so that one run stays short. Bound, as `fetch` is. */
  readonly scheduled = async (_controller: unknown, env: Env): Promise<void> => {
    const helpers = this.helpers(env, this.tenants[0]); // all tenants share one store
    for (let round = 0; round < SWEEPS; round++) await helpers.sweep(SWEPT_AT_ONCE);
  };

  async #protected(host: Host<Env>, api: Protected<Env>, request: Request, env: Env, ctx: Context): Promise<Response> {
    if (request.headers.get('origin') === null) return this.#called(host, api, request, env, ctx);
    const forbidden = checkOrigin(request, host.allowedOrigins, host.as.settings.issuer);
    if (forbidden) {
      host.as.emit({ kind: 'request.refused', endpoint: 'guard', ...(await import('../guard/refused.ts')).originRefusal(request) });
      return forbidden; // without CORS headers: a page of another origin must not read it
    }
    return withCors(request, await this.#called(host, api, request, env, ctx));
  }

  async #called(host: Host<Env>, api: Protected<Env>, request: Request, env: Env, ctx: Context): Promise<Response> {
    if (request.method === 'OPTIONS') return preflight(request);
    const state = requestState(ctx);
    if (host.as.settings.telemetry) state.telemetry = host.as.settings.telemetry;
    const emit = (event: NewEvent): void => {
      const region = this.#placeOf(request);
      host.as.emit(region === null ? event : { region, ...event });
    };
    state.emit = emit;
    const own = this.#envFor(host, env);
    const reading = host.as.settings.permissions === null ? null : readPermissions(host.as, request); // beside the check
    const check = (): Promise<Access | Response | null> => api.guard(request, own);
    const { telemetry } = host.as.settings;
    const access = await (telemetry ? telemetry.step('guard', guarded(check)) : check());
    if (isRefusal(access)) {
      if (access.status !== 401 || !isBrowser(request) || !this.#parts.pages) return access;
      return this.#parts.pages.unauthorizedPage(makeCall(request, host.as, env, { network: () => '', waitUntil() {} }), access);
    }
    const stillGood = async (): Promise<boolean> => isGood(await api.guard(request, own));
    state.stillGood = stillGood;
    const inside = withoutPrefix(request, host.prefix);
    if (access === null) return api.fetch(inside, own, withAccess(ctx, null, api.guard.challenge));
    const again = { guard: api.guard, check: () => api.guard(request, own), read: await reading };
    const known = ofTenant(access, host.as);
    const allowed = host.as.settings.permissions === null ? known : await withPermissions(host.as, known, own, again);
    if (isRefusal(allowed)) return allowed;
    const current = async (): Promise<Access | null> => {
      const now = await withPermissions(host.as, known, own, { ...again, read: null });
      return isGood(now) ? (now as Access) : null;
    };
    if (allowed !== known) state.current = current;
    state.states = new LazyStates(host.as, allowed);
    try {
      return await api.fetch(inside, own, withAccess(ctx, allowed, api.guard.challenge));
    } catch (error) {
      const refusal = error instanceof UpstreamTokenError && (await this.#refusal(api, request, own, error));
      if (!refusal) throw error;
      return refusal;
    }
  }

  /** The response if a handler got no upstream token: 503, or 401 if the grant has ended with it. */
  async #refusal(api: Protected<Env>, request: Request, env: Env, { failure, retryAfter }: UpstreamTokenError): Promise<Response | null> {
    if (failure === 'unavailable') return unavailable(retryAfter);
    const verdict = failure === 'ended' ? await api.guard(request, env) : null;
    return isRefusal(verdict) ? verdict : null;
  }

  /** Asked only by what needs it: workerd parses `request.cf` when it is first read, which is 4 % of the CPU of a guarded call. */
  #placeOf(request: Request): Place | null {
    return this.#platform.place?.(request) ?? null;
  }

  /** The environment that handlers get, with the helpers in it; made once for each environment. */
  #envFor(host: Host<Env>, env: Env): Env {
    if (this.#lastEnv?.of !== env || this.#lastEnv.host !== host) {
      this.#lastEnv = { of: env, host, given: { ...env, OAUTH_PROVIDER: host.helpers } };
    }
    return this.#lastEnv.given;
  }

  #host(site: IssuerServer<Env>, env: Env, url: string | null): Host<Env> {
    const standing = this.#standing(site, site.origin ?? this.#origin(env, url));
    const { issuer } = standing;
    const source = this.#options.store ?? readEnv(env, 'PORTCULLIS');
    const known = this.#hosts.get(issuer);
    if (known && known.source === source && source !== undefined) return known.host;
    const host = makeHost(
      site,
      { ...standing, issuers: this.#issuersBeside(standing.issuer, standing.prefix) },
      env,
      this.#platform,
      this.#parts,
    );
    if (host.fault !== null) return host; // the next environment may have what is missing
    if (this.#hosts.size >= MAX_HOSTS + this.#sites.length) this.#hosts.clear();
    this.#hosts.set(issuer, { source, host });
    return host;
  }

  /** Computed when it changes: parsing a URL costs more than the rest of finding the host. */
  #standing(site: IssuerServer<Env>, given: string): Standing {
    if (this.#lastStanding?.site !== site || this.#lastStanding.given !== given)
      this.#lastStanding = { site, given, standing: standingOf(given, site, this.#options.basePath) };
    return this.#lastStanding.standing;
  }

  /** The issuers of all tenants; a path is relative to the given issuer. */
  #issuersBeside(issuer: string, prefix: string): readonly string[] {
    const origin = issuer.slice(0, issuer.length - prefix.length);
    return [issuer, ...this.#sites.map((site) => (site.origin ?? origin) + site.prefix)];
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

/** Says on the span of the guard what became of a request. */
function guarded(check: () => Promise<Access | Response | null>): (span: Span) => Promise<Access | Response | null> {
  return async (span) => {
    const verdict = await check();
    span.set({ 'portcullis.guard.status': isRefusal(verdict) ? verdict.status : 200 });
    return verdict;
  };
}

/** Adds issuer and tenant to the caller: `userId` and `clientId` are unique within them only. */
function ofTenant(access: Access, { settings: { issuer, tenant } }: AuthServer): Access {
  return tenant === null ? access : { ...access, tenant, issuer: access.issuer ?? issuer };
}
