/**
 * `OAuthProvider`, `OAuthAuthorizationServer` and `OAuthResourceServer` of `@cloudflare/workers-oauth-provider`, over the core.
 */
import { guard } from '../guard/guard.ts';
import type { Checked } from '../model/access.ts';
import { checkNames } from '../lib/names.ts';
import type { Context, FetchClass, Handler } from '../model/handler.ts';
import type { OAuthProviderOptions as CoreOptions } from '../options/options.ts';
import { OAuthProvider as CoreProvider, type Platform } from '../provider/oauth-provider.ts';
import { fetchOf } from '../provider/host.ts';
import type { OAuthHelpers as CoreHelpers } from '../provider/helpers.ts';
import { externalTokensOf } from './callbacks.ts';
import { coreErrorOf, OAuthError } from './errors.ts';
import { helpersOver, type OAuthHelpers } from './helpers.ts';
import { type OAuthAuthorizationServerOptions, type OAuthProviderOptions, pathOf } from './option-types.ts';
import { commonOptions, PROVIDER_OPTIONS, SERVER_OPTIONS, withOldAuth } from './options.ts';
import type { OAuthResourceMetadata, PurgeOptions, PurgeResult, ValidatedAccessToken } from './types.ts';

/** Options that were removed there, with what to do. */
const REMOVED = {
  allowImplicitFlow: 'the implicit flow is gone (OAuth 2.1)',
  allowPlainPKCE: 'only S256 is accepted',
  resourceMatchOriginOnly: 'tokens are for one resource',
};
const UNSUPPORTED = { enterpriseManagedAuthorization: 'give `trustedIssuers` to `OAuthProvider` of "portcullis" instead' };

function checkOptions(owner: string, options: object, known: string): void {
  for (const [name, fix] of Object.entries({ ...REMOVED, ...UNSUPPORTED }))
    if ((options as Record<string, unknown>)[name]) throw new TypeError(`${owner}: \`${name}\` is not supported; ${fix}.`);
  const { allowImplicitFlow: _a, allowPlainPKCE: _b, enterpriseManagedAuthorization: _c, ...rest } = options as Record<string, unknown>;
  checkNames(owner, rest, known);
}

/** Authorization server and guarded API in one Worker. */
export class AdaptedProvider<Env = Cloudflare.Env> {
  readonly #core: CoreProvider<Env>;
  readonly #registration: string | undefined;

  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>, platform: Platform) {
    checkOptions('OAuthProvider', options, PROVIDER_OPTIONS);
    const issuer = issuerOf(options);
    this.#registration = options.clientRegistrationEndpoint;
    const { apiRoute, apiHandler, apiHandlers, requiredScopes, resourceMetadata, resolveExternalToken } = options;
    const routes = apiRoute === undefined ? {} : { apiRoute: [apiRoute].flat().map(pathOf) };
    this.#core = new CoreProvider(
      {
        ...commonOptions(options, issuer),
        ...routes,
        ...(apiHandler ? { apiHandler: inOldShape(apiHandler) } : {}),
        ...(apiHandlers
          ? { apiHandlers: Object.fromEntries(Object.entries(apiHandlers).map(([route, one]) => [pathOf(route), inOldShape(one)])) }
          : {}),
        defaultHandler: inOldShape(options.defaultHandler),
        authorizeEndpoint: pathOf(options.authorizeEndpoint),
        tokenEndpoint: pathOf(options.tokenEndpoint),
        resource: resourceMetadata.resource,
        ...(resourceMetadata.resource_name === undefined ? {} : { name: resourceMetadata.resource_name }),
        ...(requiredScopes ? { requiredScopes } : {}),
        ...(resolveExternalToken ? { externalTokens: externalTokensOf(resolveExternalToken, issuer) } : {}),
        ...(options.allowedOrigins ? { allowedOrigins: options.allowedOrigins } : {}),
      } as CoreOptions<Env>,
      platform,
    );
  }

  /** Answers a request. Bound: may be passed around alone. */
  readonly fetch = async (request: Request, env: Env, ctx: Context): Promise<Response> =>
    this.#core.fetch(await withRefreshTokens(request, this.#registration), env, ctx);

  /** The helpers, outside of a request. */
  getOAuthApi(env: Env): OAuthHelpers {
    return helpersOver(this.#core.helpers(env));
  }

  /** Removes records that have expired. */
  purgeExpiredData(env: Env, options?: PurgeOptions): Promise<PurgeResult> {
    return this.getOAuthApi(env).purgeExpiredData(options);
  }
}

const MAX_BODY = 1024 * 1024;

/** There a client that registers for codes alone gets refresh tokens, too; here a client gets what it registered for, so that is added. */
async function withRefreshTokens(request: Request, registration: string | undefined): Promise<Request> {
  if (registration === undefined || request.method !== 'POST' || new URL(request.url).pathname !== pathOf(registration)) return request;
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY) return request; // refused by its length
  const text = await request.clone().text();
  const types = grantTypesIn(text);
  if (types === null || !types.includes('authorization_code') || types.includes('refresh_token')) return request;
  const body = JSON.stringify({ ...(JSON.parse(text) as object), grant_types: [...types, 'refresh_token'] });
  const headers = new Headers(request.headers);
  headers.delete('content-length');
  return new Request(request.url, { method: 'POST', headers, body });
}

/** The `grant_types` of a registration; null if the body is for the core to refuse. */
function grantTypesIn(text: string): readonly unknown[] | null {
  try {
    const { grant_types: types } = Object(JSON.parse(text)) as { readonly grant_types?: unknown };
    return Array.isArray(types) ? types : null;
  } catch {
    return null;
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
function inOldShape<Env>(handler: Handler<Env>): Handler<Env> {
  const own = fetchOf(handler);
  return {
    ...(typeof handler === 'object' && 'servedPaths' in handler && handler.servedPaths ? { servedPaths: handler.servedPaths } : {}),
    fetch: (request: Request, env: Env, ctx: Context) => {
      const { OAUTH_PROVIDER: core } = env as { readonly OAUTH_PROVIDER: CoreHelpers };
      return own(request, { ...env, OAUTH_PROVIDER: helpersOver(core) }, withOldAuth(ctx, request));
    },
  };
}

/** An authorization server whose resources are other Workers. */
export class AdaptedAuthorizationServer<Env = Cloudflare.Env> {
  readonly #core: CoreProvider<Env>;
  readonly #registration: string | undefined;

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
    return helpersOver(this.#core.helpers(env));
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
