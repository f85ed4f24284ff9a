/**
 * Types of the options of `@cloudflare/workers-oauth-provider`.
 */
import type { FetchClass, FetchFunction, WorkerContext } from '../model/context.ts';
import type { EmaOptions } from './ema-types.ts';
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
