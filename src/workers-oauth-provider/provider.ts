/**
 * `OAuthProvider`, `OAuthAuthorizationServer` and `OAuthResourceServer` of `@cloudflare/workers-oauth-provider`, over the core.
 */
import { guard } from '../guard/guard.ts';
import type { Checked } from '../model/access.ts';
import type { Context, FetchClass, Handler } from '../model/handler.ts';
import type { OAuthProviderOptions as CoreOptions } from '../options/options.ts';
import { OAuthProvider as CoreProvider, type Platform } from '../provider/oauth-provider.ts';
import { fetchOf } from '../provider/host.ts';
import type { OAuthHelpers as CoreHelpers } from '../provider/helpers.ts';
import { externalTokensOf } from './callbacks.ts';
import { coreErrorOf, OAuthError } from './errors.ts';
import { helpersOver, type OAuthHelpers, type RequestDefaults } from './helpers.ts';
import { checkOptions, checkProviderOptions, PROVIDER_OPTIONS, SERVER_OPTIONS } from './option-checks.ts';
import { type OAuthAuthorizationServerOptions, type OAuthProviderOptions, pathOf } from './option-types.ts';
import { commonOptions, withOldAuth } from './options.ts';
import { type Published, publishedBy, withPublished, withRefreshTokens } from './wire.ts';
import type { OAuthResourceMetadata, PurgeOptions, PurgeResult, ValidatedAccessToken } from './types.ts';

/** Authorization server and guarded API in one Worker. */
export class AdaptedProvider<Env = Cloudflare.Env> {
  readonly #core: CoreProvider<Env>;
  readonly #registration: string | undefined;
  readonly #defaults: RequestDefaults;
  readonly #published: Published;

  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>, platform: Platform) {
    checkOptions('OAuthProvider', options, PROVIDER_OPTIONS);
    const issuer = issuerOf(options);
    checkProviderOptions(options, issuer);
    this.#registration = options.clientRegistrationEndpoint;
    const { apiRoute, apiHandler, apiHandlers, requiredScopes, resourceMetadata, resolveExternalToken } = options;
    const resource = resourceMetadata.resource.replace(/^(https?:\/\/[^/]+)\/$/, '$1'); // another spelling of a bare origin
    this.#defaults = { issuer, resource };
    this.#published = publishedBy(options, resource);
    const routes = apiRoute === undefined ? {} : { apiRoute: [apiRoute].flat().map(pathOf) };
    this.#core = new CoreProvider(
      {
        ...commonOptions(options, issuer),
        ...routes,
        ...(apiHandler ? { apiHandler: inOldShape(apiHandler, this.#defaults) } : {}),
        ...(apiHandlers
          ? {
              apiHandlers: Object.fromEntries(
                Object.entries(apiHandlers).map(([route, one]) => [pathOf(route), inOldShape(one, this.#defaults)]),
              ),
            }
          : {}),
        defaultHandler: inOldShape(options.defaultHandler, this.#defaults),
        authorizeEndpoint: pathOf(options.authorizeEndpoint),
        tokenEndpoint: pathOf(options.tokenEndpoint),
        resource,
        ...(resourceMetadata.resource_name === undefined ? {} : { name: resourceMetadata.resource_name }),
        ...(requiredScopes ? { requiredScopes: [...new Set(requiredScopes)].filter((one) => one !== 'offline_access') } : {}),
        ...(resolveExternalToken ? { externalTokens: externalTokensOf(resolveExternalToken, issuer) } : {}),
        ...(options.allowedOrigins ? { allowedOrigins: options.allowedOrigins } : {}),
      } as CoreOptions<Env>,
      platform,
    );
  }

  /** Answers a request. Bound: may be passed around alone. */
  readonly fetch = async (request: Request, env: Env, ctx: Context): Promise<Response> => {
    const response = await this.#core.fetch(await withRefreshTokens(request, this.#registration), env, ctx);
    return withPublished(request, response, this.#published);
  };

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
function inOldShape<Env>(handler: Handler<Env>, defaults: RequestDefaults): Handler<Env> {
  const own = fetchOf(handler);
  return {
    ...(typeof handler === 'object' && 'servedPaths' in handler && handler.servedPaths ? { servedPaths: handler.servedPaths } : {}),
    fetch: (request: Request, env: Env, ctx: Context) => {
      const { OAUTH_PROVIDER: core } = env as { readonly OAUTH_PROVIDER: CoreHelpers };
      return own(request, { ...env, OAUTH_PROVIDER: helpersOver(core, defaults) }, withOldAuth(ctx, request));
    },
  };
}

/** An authorization server whose resources are other Workers. */
export class AdaptedAuthorizationServer<Env = Cloudflare.Env> {
  readonly #core: CoreProvider<Env>;
  readonly #registration: string | undefined;
  readonly #defaults: RequestDefaults;

  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthAuthorizationServerOptions<Env>, platform: Platform) {
    checkOptions('OAuthAuthorizationServer', options, SERVER_OPTIONS);
    const {
      issuer,
      resources,
      defaultResource,
      authorizeEndpoint = `${issuer}/authorize`,
      tokenEndpoint = `${issuer}/oauth/token`,
    } = options;
    if (!Array.isArray(resources) || resources.length === 0)
      throw new TypeError('OAuthAuthorizationServer: `resources` must list at least one resource, such as "https://mcp.example/mcp".');
    this.#registration = options.clientRegistrationEndpoint;
    const usual = defaultResource ?? (resources.length === 1 ? resources[0] : undefined);
    this.#defaults = { issuer, ...(usual === undefined ? {} : { resource: usual }) };
    const { pathname: base } = new URL(issuer);
    const inside = (endpoint: string): string => (base === '/' ? pathOf(endpoint) : pathOf(endpoint).slice(base.length));
    this.#core = new CoreProvider(
      {
        ...commonOptions(options, issuer),
        authorizeEndpoint: inside(authorizeEndpoint),
        tokenEndpoint: inside(tokenEndpoint),
        resources: Object.fromEntries((resources as readonly string[]).map((one) => [one, {}])),
        ...(defaultResource === undefined ? {} : { defaultResource }),
        defaultHandler: () => new Response('Not found', { status: 404 }), // the application answers the authorize endpoint itself
      } as CoreOptions<Env>,
      platform,
    );
  }

  /** Answers metadata, tokens, revocation and registration. Bound. */
  readonly fetch = async (request: Request, env: Env, ctx: Context): Promise<Response> =>
    this.#core.fetch(await withRefreshTokens(request, this.#registration), env, ctx);

  /** What a valid access token is worth; null for any other. For a resource server over a service binding. @throws {TypeError} for a resource that is not listed. */
  // oxlint-disable-next-line typescript/no-explicit-any
  async validateToken<T = any>(resource: string, token: string, env: Env): Promise<ValidatedAccessToken<T> | null> {
    const helpers = this.#core.helpers(env);
    const found = await helpers.verifyToken(token, resource);
    if (!found) return null;
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

/** What a token validator returns. */
export interface OAuthResourceTokenValidation<Props> {
  props: Props;
  audience: string;
  expiresAt?: number;
  scope?: string[];
  userId?: string;
  clientId?: string;
}

/** The caller, in `ctx.auth`. */
export interface OAuthResourceAuth {
  token: string;
  audience: string;
  expiresAt?: number;
  scope: string[];
  userId?: string;
  clientId?: string;
}

/** The context of a resource handler. */
export type OAuthResourceContext<Props> = Context & { readonly auth: OAuthResourceAuth; readonly props: Props };
/** Validates a token. */
export type OAuthResourceTokenValidator<Props> = (resource: string, token: string) => Promise<OAuthResourceTokenValidation<Props> | null>;
/** The API behind a resource server. */
export type OAuthResourceHandler<Env, Props> =
  | { fetch(request: Request, env: Env, ctx: OAuthResourceContext<Props>): Response | Promise<Response> }
  | FetchClass;

/** Options of {@link OAuthResourceServer}. */
export interface OAuthResourceServerOptions<Env = Cloudflare.Env, Props = unknown> {
  resourceMetadata: OAuthResourceMetadata;
  requiredScopes?: string[];
  /** Not there: origins of browser pages that may call the API. Default: its own; there every origin may. */
  allowedOrigins?: string[];
  handler: OAuthResourceHandler<Env, Props>;
  validateToken(env: Env, request: Request): OAuthResourceTokenValidator<Props>;
}

/** An API whose tokens another Worker issues. */
export class OAuthResourceServer<Env = Cloudflare.Env, Props = unknown> {
  /** Answers a request. Bound. */
  readonly fetch: (request: Request, env: Env, ctx: Context) => Promise<Response>;

  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthResourceServerOptions<Env, Props>) {
    const { resourceMetadata, requiredScopes = [], handler } = options;
    const { resource, authorization_servers: authorizationServers, resource_name: name } = resourceMetadata;
    const own = fetchOf(handler as Handler<Env>);
    const check = guard({
      resource,
      authorizationServers,
      requiredScopes,
      ...(name === undefined ? {} : { name }),
      ...(options.allowedOrigins ? { allowedOrigins: options.allowedOrigins } : {}),
      async verify(token, _resource, _tell, call) {
        const validate = options.validateToken(call?.env as Env, call?.request ?? new Request(resource));
        const found = await validate(resource, token).catch((error: unknown) => {
          throw error instanceof OAuthError ? coreErrorOf(error) : error;
        });
        return found && checked(found, resource);
      },
    });
    const guarded = check.protect((request, env, ctx) => own(request, env as Env, withOldAuth(ctx, request)));
    this.fetch = (request, env, ctx) => guarded(request, env, ctx);
  }
}

/** Fails closed: what a validator returns decides who gets in. */
function checked<Props>(found: OAuthResourceTokenValidation<Props>, resource: string): Checked | null {
  const { props, audience, expiresAt = Number.MAX_SAFE_INTEGER, scope = [], userId = '', clientId = '' } = found;
  const isWhole =
    audience === resource &&
    typeof expiresAt === 'number' &&
    Number.isFinite(expiresAt) &&
    Array.isArray(scope) &&
    [...scope, userId, clientId].every((one) => typeof one === 'string');
  if (!isWhole || expiresAt <= Date.now() / 1000) return null;
  return { props, resource, expiresAt, scope, userId, clientId, grantId: '' };
}

/** 403 for a call that needs more scopes, with its challenge (RFC 6750 §3.1). */
export function insufficientScope(
  auth: OAuthResourceAuth,
  scope: string[],
  description = 'The token lacks a scope that this call needs.',
): Response {
  const { origin, pathname } = new URL(auth.audience);
  const metadata = `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
  const challenge = `Bearer error="insufficient_scope", resource_metadata="${metadata}", scope="${scope.join(' ')}"`;
  return Response.json(
    { error: 'insufficient_scope', error_description: description },
    { status: 403, headers: { 'www-authenticate': challenge } },
  );
}
