/**
 * `OAuthResourceServer` of `@cloudflare/workers-oauth-provider`, over the guard.
 */
import { guard } from '../guard/guard.ts';
import type { Checked } from '../model/access.ts';
import type { Context, FetchClass, Handler } from '../model/context.ts';
import { canonicalResource, covers } from '../model/resource.ts';
import { isScopeToken } from '../model/scope.ts';
import { fetchOf } from '../provider/host.ts';
import { coreErrorOf, OAuthError } from './errors.ts';
import { fail, isHandler, type OldContext } from './accepted-options.ts';
import { withOldAuth } from './options.ts';
import type { OAuthResourceMetadata } from './types.ts';

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
export type OAuthResourceContext<Props> = OldContext & { readonly auth: OAuthResourceAuth; readonly props: Props };
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
  readonly #answer: (request: Request, env: Env, ctx: Context) => Promise<Response>;

  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthResourceServerOptions<Env, Props>) {
    checkResourceServer(options);
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
          throw error instanceof OAuthError ? refusalOf(error, requiredScopes) : error;
        });
        return found && checked(found, resource);
      },
    });
    const guarded = check.protect((request, env, ctx) => own(request, env as Env, withOldAuth(ctx, request)));
    const { pathname: served } = new URL(resource);
    this.#answer = async (request, env, ctx) => {
      const { pathname } = new URL(request.url);
      const isOwn = served === '/' || covers(served, pathname) || check.documents.has(pathname);
      return isOwn ? guarded(request, env, ctx) : new Response('Not found', { status: 404 });
    };
    this.fetch = this.fetch.bind(this);
  }

  /** Answers a request. Bound. */
  fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    return this.#answer(request, env, ctx);
  }
}

/** @throws {TypeError} for a resource server that could not check a token. */
function checkResourceServer(options: OAuthResourceServerOptions<never>): void {
  const { resourceMetadata, requiredScopes = [], handler } = options;
  if (!isHandler(handler)) fail('handler', 'must be an object with a `fetch` method, or a class that extends WorkerEntrypoint');
  if (typeof options.validateToken !== 'function') fail('validateToken', 'must be a function of the environment that returns a validator');
  if (!requiredScopes.every(isScopeToken)) fail('requiredScopes', 'must list scopes, such as ["read"]');
  if (!Array.isArray(resourceMetadata?.authorization_servers) || resourceMetadata.authorization_servers.length === 0)
    fail('resourceMetadata.authorization_servers', 'must list the issuers, such as ["https://auth.example"]');
}

/** `invalid_token` is a 401, `insufficient_scope` a 403, whatever their status is. */
function refusalOf({ code, options }: OAuthError, requiredScopes: string[]): Error {
  const statusCode = { invalid_token: 401, insufficient_scope: 403 }[code] ?? options.statusCode;
  return coreErrorOf(new OAuthError(code, { requiredScopes, ...options, statusCode }));
}

/** Fails closed: what a validator returns decides who gets in. */
function checked<Props>(found: OAuthResourceTokenValidation<Props>, resource: string): Checked | null {
  const { props, audience, expiresAt = Number.MAX_SAFE_INTEGER, scope = [], userId = '', clientId = '' } = found;
  const isWhole =
    typeof audience === 'string' &&
    canonicalResource(audience) === canonicalResource(resource) &&
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
    { status: 403, headers: { 'www-authenticate': challenge, 'cache-control': 'no-store' } },
  );
}
