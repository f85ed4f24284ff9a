/**
 * `OAuthProvider`, `OAuthAuthorizationServer` and `OAuthResourceServer` of `@cloudflare/workers-oauth-provider`, over the core.
 */
import type { ErrorCode } from '../model/error.ts';
import type { Context, Handler } from '../model/context.ts';
import { covers } from '../model/resource.ts';
import type { OAuthProviderOptions as CoreOptions } from '../options/options.ts';
import { NO_PARTS, type Parts } from '../provider/parts.ts';
import { type Platform, Provider as CoreProvider } from '../provider/provider.ts';
import { rareGrants } from '../provider/rare-grants.ts';
import { fetchOf } from '../provider/host.ts';
import type { OAuthHelpers as CoreHelpers } from '../provider/helpers.ts';
import { externalTokensOf, type OldOnError, onErrorOf } from './callbacks.ts';
import { helpersOver, type OAuthHelpers, type RequestDefaults } from './helpers.ts';
import {
  checkOptions,
  checkProviderOptions,
  checkServerOptions,
  type OAuthAuthorizationServerOptions,
  type OAuthProviderOptions,
  type OldHandler,
  pathOf,
  PROVIDER_OPTIONS,
  SERVER_OPTIONS,
} from './accepted-options.ts';
import { commonOptions, withOldAuth } from './options.ts';
import { type Published, publishedBy, Requests, withPublished } from './wire.ts';
import type { PurgeOptions, PurgeResult, ValidatedAccessToken } from './types.ts';

/** It renders no page of ours: the application has its own. */
const PARTS: Parts = { ...NO_PARTS, rareGrants };

/** Authorization server and guarded API in one Worker. */
export class AdaptedProvider<Env = Cloudflare.Env> {
  readonly #core: CoreProvider<Env>;
  readonly #requests: Requests;
  readonly #defaults: RequestDefaults;
  readonly #published: Published;
  readonly #routes: readonly string[];
  readonly #onError: OldOnError;
  /** Contexts of requests that reached the application. */
  readonly #handled = new WeakSet<Context>();

  /** @internal @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>, platform: Platform) {
    checkOptions('OAuthProvider', options, PROVIDER_OPTIONS);
    const issuer = issuerOf(options);
    checkProviderOptions(options, issuer);
    this.#requests = new Requests(options.tokenEndpoint, options.clientRegistrationEndpoint);
    const { apiRoute, apiHandler, apiHandlers, requiredScopes, resourceMetadata, resolveExternalToken } = options;
    const resource = resourceMetadata.resource.replace(/^(https?:\/\/[^/]+)\/$/, '$1'); // another spelling of a bare origin
    this.#defaults = { issuer, resource };
    this.#published = publishedBy(options, [resource]);
    const routes = apiRoute === undefined ? {} : { apiRoute: [apiRoute].flat().map(pathOf) };
    this.#routes = [apiRoute ?? [], Object.keys(apiHandlers ?? {})].flat().map((route) => pathOf(route).replace(/(.)\/$/, '$1'));
    this.#onError = onErrorOf(options.onError);
    const inOldShape = (handler: OldHandler<Env>): Handler<Env> =>
      handlerOf(handler as Handler<Env>, this.#defaults, (ctx) => this.#handled.add(ctx));
    this.#core = new CoreProvider(
      {
        ...commonOptions(options, issuer, this.#requests),
        ...routes,
        ...(apiHandler ? { apiHandler: inOldShape(apiHandler) } : {}),
        ...(apiHandlers
          ? {
              apiHandlers: Object.fromEntries(Object.entries(apiHandlers).map(([route, one]) => [pathOf(route), inOldShape(one)])),
            }
          : {}),
        defaultHandler: inOldShape(options.defaultHandler),
        authorizeEndpoint: pathOf(options.authorizeEndpoint),
        tokenEndpoint: pathOf(options.tokenEndpoint),
        resource,
        ...(resourceMetadata.resource_name === undefined ? {} : { name: resourceMetadata.resource_name }),
        ...(requiredScopes ? { requiredScopes: [...new Set(requiredScopes)] } : {}),
        ...(resolveExternalToken ? { externalTokens: externalTokensOf(resolveExternalToken, issuer) } : {}),
        ...(options.allowedOrigins ? { allowedOrigins: options.allowedOrigins } : {}),
      } as CoreOptions<Env>,
      platform,
      PARTS,
    );
    this.fetch = this.fetch.bind(this);
  }

  /** Answers a request. Bound: may be passed around alone. A method, so that a class that extends this one can override it. */
  async fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    const response = await this.#requests.answer(request, (one) => this.#core.fetch(one, env, ctx));
    return (await this.#refused(request, response, ctx)) ?? withPublished(request, response, this.#published);
  }

  /** The guard has no `onError`: what `onError` makes of a refused call, if it was not the application that refused it. */
  async #refused(request: Request, response: Response, ctx: Context): Promise<Response | undefined> {
    const code = /^Bearer .*\berror="(\w+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];
    if (code === undefined || this.#handled.has(ctx) || !this.#isApi(request)) return undefined;
    const { status } = response;
    return this.#onError({ code: code as ErrorCode, endpoint: 'guard', reason: 'token_refused', status }, response, request);
  }

  #isApi({ url }: Request): boolean {
    return this.#routes.some((route) => covers(route, new URL(url).pathname));
  }

  /** The helpers, outside of a request. */
  getOAuthApi(env: Env): OAuthHelpers {
    return helpersOver(this.#core.helpers(env), this.#defaults);
  }

  /** Removes records that have expired. */
  purgeExpiredData(env: Env, options?: PurgeOptions): Promise<PurgeResult> {
    return this.getOAuthApi(env).purgeExpiredData(options);
  }
}

/** The public origin, never taken from a request. */
function issuerOf({ tokenEndpoint, resourceMetadata }: Pick<OAuthProviderOptions<never>, 'tokenEndpoint' | 'resourceMetadata'>): string {
  if (typeof resourceMetadata?.resource !== 'string' || !URL.canParse(resourceMetadata.resource))
    throw new TypeError(
      'OAuthProvider: `resourceMetadata.resource` must be the URL of the protected resource, such as "https://mcp.example/mcp".',
    );
  const named = [tokenEndpoint, ...(resourceMetadata.authorization_servers ?? []), resourceMetadata.resource].find((one) =>
    URL.canParse(one),
  );
  return new URL(named ?? '').origin;
}

/** The handler, with `env.OAUTH_PROVIDER` in the old shape. */
function handlerOf<Env>(handler: Handler<Env>, defaults: RequestDefaults, reached: (ctx: Context) => void): Handler<Env> {
  const own = fetchOf(handler);
  return {
    ...(typeof handler === 'object' && 'servedPaths' in handler && handler.servedPaths ? { servedPaths: handler.servedPaths } : {}),
    fetch: (request: Request, env: Env, ctx: Context) => {
      reached(ctx);
      const { OAUTH_PROVIDER: core } = env as { readonly OAUTH_PROVIDER: CoreHelpers };
      return own(request, { ...env, OAUTH_PROVIDER: helpersOver(core, defaults) }, withOldAuth(ctx, request));
    },
  };
}

/** An authorization server whose resources are other Workers. */
export class AdaptedAuthorizationServer<Env = Cloudflare.Env> {
  readonly #core: CoreProvider<Env>;
  readonly #requests: Requests;
  readonly #defaults: RequestDefaults;
  readonly #resources: readonly string[];

  /** @internal @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthAuthorizationServerOptions<Env>, platform: Platform) {
    checkOptions('OAuthAuthorizationServer', options, SERVER_OPTIONS);
    checkServerOptions(options);
    const {
      issuer,
      resources,
      defaultResource,
      authorizeEndpoint = `${issuer}/authorize`,
      tokenEndpoint = `${issuer}/oauth/token`,
    } = options;
    this.#requests = new Requests(tokenEndpoint, options.clientRegistrationEndpoint);
    this.#resources = resources;
    const usual = defaultResource ?? (resources.length === 1 ? resources[0] : undefined);
    const authorizeUrl = new URL(authorizeEndpoint, issuer).href;
    this.#defaults = { issuer, authorizeUrl, ...(usual === undefined ? {} : { resource: usual }) };
    const { pathname: base } = new URL(issuer);
    const inside = (endpoint: string): string => (base === '/' ? pathOf(endpoint) : pathOf(endpoint).slice(base.length));
    this.#core = new CoreProvider(
      {
        ...commonOptions(options, issuer, this.#requests),
        authorizeEndpoint: inside(authorizeEndpoint),
        tokenEndpoint: inside(tokenEndpoint),
        resources: Object.fromEntries((resources as readonly string[]).map((one) => [one, {}])),
        ...(defaultResource === undefined ? {} : { defaultResource }),
        defaultHandler: () => new Response('Not found', { status: 404 }), // the application answers the authorize endpoint itself
      } as CoreOptions<Env>,
      platform,
      PARTS,
    );
    this.fetch = this.fetch.bind(this);
  }

  /** Answers metadata, tokens, revocation and registration. Bound. */
  async fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    const response = await this.#requests.answer(request, (one) => this.#core.fetch(one, env, ctx));
    return withPublished(request, response, publishedBy({}, this.#resources));
  }

  /** What a valid access token is worth; null for any other. For a resource server over a service binding. @throws {TypeError} for a resource that is not listed. */
  // oxlint-disable-next-line typescript/no-explicit-any
  async validateToken<T = any>(resource: string, token: string, env: Env): Promise<ValidatedAccessToken<T> | null> {
    if (!this.#resources.includes(resource))
      throw new TypeError(`OAuthAuthorizationServer: ${JSON.stringify(resource)} is not one of \`resources\`.`);
    const helpers = this.#core.helpers(env);
    const found = await helpers.verifyToken(token, resource);
    if (!found || found.cnf) return null; // RFC 9449 §7.1: no bearer token, and a resource server here asks for no proof
    const { props, expiresAt, scope, userId, clientId } = found;
    return { props: props as T, audience: resource, expiresAt, scope: [...scope], userId, clientId };
  }

  /** The helpers. */
  getOAuthApi(env: Env): OAuthHelpers {
    return helpersOver(this.#core.helpers(env), this.#defaults);
  }

  /** Removes records that have expired. */
  purgeExpiredData(env: Env, options?: PurgeOptions): Promise<PurgeResult> {
    return this.getOAuthApi(env).purgeExpiredData(options);
  }
}
