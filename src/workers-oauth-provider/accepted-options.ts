/**
 * The options of `@cloudflare/workers-oauth-provider`: their types and start-up checks. What is refused there at the start is refused here, and so
 * is what would be ignored.
 */
import { checkTypes } from '../lib/check-options.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { FetchClass, FetchFunction, WorkerContext } from '../model/context.ts';
import { isScopeToken } from '../model/scope.ts';
import type { EmaOptions } from './ema.ts';
import type {
  ClientRegistrationCallbackOptions,
  ClientRegistrationCallbackResult,
  ErrorReport,
  OAuthProtectedResourceMetadata,
  ResolveExternalTokenInput,
  ResolveExternalTokenResult,
  TokenExchangeCallbackOptions,
  TokenExchangeCallbackResult,
} from './types.ts';

type Awaitable<T> = T | Promise<T>;
// oxlint-disable-next-line typescript/no-explicit-any
type Any = any;

/** The `ExecutionContext` of a Worker, whose types an application on Node does not have. */
export interface OldContext extends WorkerContext {
  waitUntil(promise: Promise<unknown>): void;
  readonly exports: Any;
  readonly tracing: Any;
  mapVirtualHost: Any;
  abort: Any;
}

/** The other events of an `ExportedHandler`; they belong to the Worker. */
interface OldEvents<Env> {
  connect?(event: Any, env: Env, ctx: OldContext): Any;
  email?(event: Any, env: Env, ctx: OldContext): Any;
  queue?(event: Any, env: Env, ctx: OldContext): Any;
  scheduled?(event: Any, env: Env, ctx: OldContext): Any;
  tail?(event: Any, env: Env, ctx: OldContext): Any;
  tailStream?(event: Any, env: Env, ctx: OldContext): Any;
  test?(event: Any, env: Env, ctx: OldContext): Any;
  trace?(event: Any, env: Env, ctx: OldContext): Any;
}

/** What answers requests: an `ExportedHandler` with `fetch`, a Hono app, or a `WorkerEntrypoint` class. */
export type OldHandler<Env> =
  | FetchClass
  | FetchFunction<Env, OldContext>
  | (OldEvents<Env> & { fetch?(request: Request, env: Env, ctx: OldContext): Awaitable<Response> });

/** Options of both servers. */
export interface CommonOptions<Env> {
  /** Where clients register themselves (RFC 7591). Unset: they cannot. */
  clientRegistrationEndpoint?: string;
  /** Seconds; default 3,600. */
  accessTokenTTL?: number;
  /** Seconds from the sign-in; default 30 days; 0 for no refresh tokens; `undefined` for ten years. */
  refreshTokenTTL?: number | undefined;
  /** Seconds without a refresh after which a grant ends, instead of a fixed end. */
  refreshTokenIdleTTL?: number;
  /** Seconds; default 90 days. */
  clientRegistrationTTL?: number | undefined;
  scopesSupported?: string[];
  /** Lets clients that the operator registered exchange their tokens (RFC 8693). */
  allowTokenExchangeGrant?: boolean;
  disallowPublicClientRegistration?: boolean;
  clientRegistrationCallback?: (options: ClientRegistrationCallbackOptions) => Awaitable<ClientRegistrationCallbackResult | void>;
  tokenExchangeCallback?: (options: TokenExchangeCallbackOptions<Env>) => Awaitable<TokenExchangeCallbackResult | void>;
  /** Takes assertions of enterprises' identity providers (ID-JAG). Experimental there. */
  enterpriseManagedAuthorization?: EmaOptions<Env>;
  onError?: (error: ErrorReport) => Response | void;
  /** Not used: private-use schemes of known clients and reversed domain names are accepted. */
  allowPrivateUseRedirectUris?: boolean;
  clientIdMetadataDocumentEnabled?: boolean;
  /** Not used: the cookies have names of their own. */
  cookiePrefix?: string;
}

/** Options of {@link OAuthProvider}. */
export interface OAuthProviderOptions<Env = Cloudflare.Env> extends CommonOptions<Env> {
  apiRoute?: string | string[];
  apiHandler?: OldHandler<Env>;
  apiHandlers?: Record<string, OldHandler<Env>>;
  defaultHandler: OldHandler<Env>;
  authorizeEndpoint: string;
  tokenEndpoint: string;
  resourceMetadata: OAuthProtectedResourceMetadata;
  /** Scopes without which no call is accepted; also advertised. There they are advertised only. */
  requiredScopes?: string[];
  /** Not there: origins of browser pages that may call the API. Default: its own; there every origin may. */
  allowedOrigins?: string[];
  resolveExternalToken?: (input: ResolveExternalTokenInput<Env>) => Promise<ResolveExternalTokenResult | null>;
}

/** Options of {@link OAuthAuthorizationServer}. */
export interface OAuthAuthorizationServerOptions<Env = Cloudflare.Env> extends CommonOptions<Env> {
  issuer: string;
  authorizeEndpoint?: string;
  tokenEndpoint?: string;
  resources: readonly string[];
  defaultResource?: string;
  /** Resource of grants that the other server stored without one. Default: as there, the only resource, or `defaultResource`. */
  legacyGrantResource?: string;
}

/** The path of an endpoint that is given as a path or as a URL. */
export function pathOf(text: string): string {
  return text.startsWith('/') ? text : new URL(text).pathname;
}

const COMMON =
  'clientRegistrationEndpoint accessTokenTTL refreshTokenTTL refreshTokenIdleTTL clientRegistrationTTL scopesSupported:string[] allowTokenExchangeGrant:boolean disallowPublicClientRegistration:boolean clientRegistrationCallback:function tokenExchangeCallback:function onError:function allowPrivateUseRedirectUris clientIdMetadataDocumentEnabled:boolean cookiePrefix enterpriseManagedAuthorization';
/** Names of the options, with spaces between. */
export const PROVIDER_OPTIONS: string = `${COMMON} apiRoute apiHandler apiHandlers defaultHandler authorizeEndpoint tokenEndpoint resourceMetadata:object requiredScopes:string[] allowedOrigins resolveExternalToken:function`;
/** The same of an authorization server on its own. */
export const SERVER_OPTIONS: string = `${COMMON} issuer authorizeEndpoint tokenEndpoint resources defaultResource legacyGrantResource`;

/** Options that were removed there, with what to do. */
const REMOVED = {
  allowImplicitFlow: 'the implicit flow is gone (OAuth 2.1)',
  allowPlainPKCE: 'only S256 is accepted',
  resourceMatchOriginOnly: 'tokens are for one resource',
};

/** @throws {TypeError} for an option that is unknown or gone. */
export function checkOptions(owner: string, options: object, known: string): void {
  for (const [name, fix] of Object.entries(REMOVED))
    if ((options as Record<string, unknown>)[name]) throw new TypeError(`${owner}: \`${name}\` is not supported; ${fix}.`);
  const { allowImplicitFlow: _a, allowPlainPKCE: _b, ...rest } = options as Record<string, unknown>;
  checkTypes(owner, rest, known);
  const { scopesSupported = [] } = options as { readonly scopesSupported?: readonly string[] };
  if (new Set(scopesSupported).size < scopesSupported.length) fail('scopesSupported', 'names a scope twice; name each once');
}

/** @throws {TypeError} for resources that are not listed, listed twice, or no identifiers. */
export function checkServerOptions({
  issuer,
  resources,
  defaultResource,
  legacyGrantResource,
}: OAuthAuthorizationServerOptions<never>): void {
  if (!Array.isArray(resources) || resources.length === 0)
    fail('resources', 'must list at least one resource, such as "https://mcp.example/mcp"');
  const listed: readonly unknown[] = resources;
  if (new Set(listed).size < listed.length || !listed.every((one) => typeof one === 'string' && isIssuer(one)))
    fail('resources', 'must list URLs such as "https://mcp.example/mcp", each once');
  for (const [name, one] of Object.entries({ defaultResource, legacyGrantResource }))
    if (one !== undefined && !listed.includes(one)) fail(name, 'must be one of `resources`');
  if (!isIssuer(String(issuer)) || /[?#]/.test(issuer))
    fail('issuer', 'must be a URL such as "https://auth.example", without query and fragment');
}

/** @throws {TypeError} for handlers, routes and metadata with which the provider would do something else than they say. */
export function checkProviderOptions<Env>(options: OAuthProviderOptions<Env>, issuer: string): void {
  const { apiRoute = [], apiHandler, apiHandlers = {}, defaultHandler, resourceMetadata, requiredScopes } = options;
  for (const [name, handler] of Object.entries({ apiHandler, defaultHandler, ...apiHandlers }))
    if (handler !== undefined && !isHandler(handler))
      fail(name, 'must be an object with a `fetch` method, or a class that extends WorkerEntrypoint');
  const {
    resource,
    authorization_servers: servers,
    bearer_methods_supported: methods = ['header'],
    scopes_supported: scopes = [],
  } = resourceMetadata;
  if (new URL(resource).href !== (new URL(resource).pathname === '/' && !resource.endsWith('/') ? `${resource}/` : resource))
    fail('resourceMetadata.resource', `must be written as clients compare it: ${JSON.stringify(new URL(resource).href)}`);
  for (const route of [apiRoute, Object.keys(apiHandlers)].flat()) checkRoute(route, new URL(resource).origin);
  for (const name of ['tokenEndpoint', 'clientRegistrationEndpoint'] as const) checkEndpoint(name, options[name], issuer);
  if (servers && (servers.length === 0 || !servers.every(isIssuer)))
    fail('resourceMetadata.authorization_servers', 'must list the issuers, such as ["https://auth.example"]; leave it out for this server');
  if (methods.length !== 1 || methods[0] !== 'header')
    fail('resourceMetadata.bearer_methods_supported', 'must be ["header"]: a token elsewhere ends up in logs');
  if (scopes.length > 0 && requiredScopes)
    fail('resourceMetadata.scopes_supported', 'cannot be set beside `requiredScopes`; keep `requiredScopes`');
  if (!scopes.every(isScopeToken)) fail('resourceMetadata.scopes_supported', 'must list scopes, such as ["read"]');
}

function checkRoute(route: string, origin: string): void {
  if (!URL.canParse(route)) return; // a path, which the core checks
  const url = new URL(route);
  if (url.origin !== origin) fail('apiRoute', `${JSON.stringify(route)} must be on the origin of the resource, ${origin}`);
  if (url.pathname === '/')
    fail(
      'apiRoute',
      `${JSON.stringify(route)} would cover your pages and the token endpoint, too; name the paths of the API, such as "/mcp"`,
    );
}

function checkEndpoint(name: string, endpoint: string | undefined, issuer: string): void {
  if (endpoint !== undefined && URL.canParse(endpoint) && new URL(endpoint).origin !== issuer)
    fail(name, `must be on the origin of this server, ${issuer}; give its path`);
}

/** An object with `fetch`, or a function or class. */
export function isHandler(handler: unknown): boolean {
  return typeof handler === 'function' || typeof (handler as { fetch?: unknown } | null | undefined)?.fetch === 'function';
}

/** A URL as of an issuer or a resource: https, or http on this computer. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}

/** @throws {TypeError} naming the option and the fix. */
export function fail(name: string, fix: string): never {
  throw new TypeError(`OAuthProvider: \`${name}\` ${fix}.`);
}
