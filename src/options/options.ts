/**
 * Options of `OAuthProvider`. Their checks are in `option-checks.ts`, their defaults in `parse.ts`.
 */
import type { SendEmail } from '../model/email.ts';
import type { TokenSource } from '../guard/token-source.ts';
import type { AdminApi, DocumentPolicy, ExchangePolicy, GrantableScopes, OnError, Permissions, SecondFactor } from '../model/settings.ts';
import type { Event, Telemetry } from '../model/event.ts';
import type { ConfiguredClient } from '../model/client-spec.ts';
import type { Context, GuardedContext, Handler } from '../model/context.ts';
import type { FormerStore } from '../model/former.ts';
import type { Login } from '../model/login.ts';
import type { OnTokens } from '../model/on-tokens.ts';
import { SIGNING_ALGS, type SigningAlg } from '../model/key-set.ts';
import type { Seconds, Store } from '../model/store.ts';
import type { IssuerFinder, TrustedIssuer } from '../model/assertion.ts';
import {
  ACCESS_TTL,
  flag,
  functionOf,
  type Kind,
  object,
  oneOf,
  origins,
  type RegistrationOptions,
  scopeNames,
  seconds,
  texts,
  word,
} from './option-checks.ts';
import type { AccessKeyOptions, AuditOptions, ClientPolicyOptions, MonitoringOptions } from './features.ts';
import type { PagesOptions } from './pages.ts';
import type { ResourceOptions, ScopeWords } from './resources.ts';

const DAY = 86_400;

/** Options of `OAuthProvider`. */
export type OAuthProviderOptions<Env = unknown> = CommonOptions<Env> & (GuardedApi<Env> | OpenApi<Env>);

/** An API for callers with a valid token only: `ctx.auth` and `ctx.props` are set. */
interface GuardedApi<Env> extends Api<Env, GuardedContext> {
  readonly anonymous?: false | undefined;
}

/** An API that also accepts callers without a token: `ctx.auth` may be absent. */
interface OpenApi<Env> extends Api<Env, Context> {
  /** Also accepts calls without a token, without `ctx.auth`: for servers with tools that need no user. Default false. */
  readonly anonymous: boolean;
}

/** The handlers of the protected routes. */
interface Api<Env, Ctx extends Context> {
  /** Handles requests with a valid token: `MyMCP.serve('/mcp')`, `MyMCP.Router`, `{ fetch }`, a function, a `WorkerEntrypoint` class. */
  readonly apiHandler?: Handler<Env, Ctx> | undefined;
  /** Several routes with a handler each, instead of `apiRoute` and `apiHandler`. */
  readonly apiHandlers?: { readonly [route: string]: Handler<Env, Ctx> } | undefined;
}

/** Every other option. */
interface CommonOptions<Env> {
  /** Path or paths that need a token, such as `/mcp`; each is a resource (RFC 8707). Used with `apiHandler`. */
  readonly apiRoute?: string | readonly string[] | undefined;
  /** Handles all other requests. Without `logins` it also handles `authorizeEndpoint`. */
  readonly defaultHandler?: Handler<Env> | undefined;
  /** The logins that this server offers: `[password()]`. With them Portcullis renders the consent and sign-in pages. */
  readonly logins?: readonly Login[] | undefined;
  /** Second factor, `totp()`: asked after a login, of users who have set it up. Not asked after a passkey, which is two factors in one. */
  readonly secondFactor?: SecondFactor | undefined;
  /** Path of the authorization endpoint (RFC 6749 §3.1). Default `/authorize`. */
  readonly authorizeEndpoint?: string | undefined;
  /** Path of the token endpoint (RFC 6749 §3.2). Default `/token`. */
  readonly tokenEndpoint?: string | undefined;
  /** Path of dynamic client registration (RFC 7591). Default: off. */
  readonly clientRegistrationEndpoint?: string | undefined;
  /** Path of the device authorization endpoint (RFC 8628), for devices without a browser. Default: off. */
  readonly deviceAuthorizationEndpoint?: string | undefined;
  /** Which clients may register, and how many. Default: every client, up to 100,000. */
  readonly clientRegistration?: RegistrationOptions | undefined;
  /** Accepts clients whose id is the URL of their metadata document (CIMD). Default: true where the runtime can fetch safely. */
  readonly clientIdMetadataDocumentEnabled?: boolean | undefined;
  /** Hosts whose metadata documents are accepted (`['claude.ai']`, subdomains included), or a function that decides for each URL. Default: all. */
  readonly clientIdMetadataPolicy?: DocumentPolicy | undefined;
  /** The issuer: the public origin, `https://mcp.example`. Default: the variable `PORTCULLIS_ISSUER`; on loopback, the origin of the request. */
  readonly issuer?: string | undefined;
  /**
   * The path of the issuer, `/mcp-server`, if a proxy in front removes it from requests. Without this option an issuer with a path
   * expects requests below that path.
   */
  readonly basePath?: string | undefined;
  /** Several authorization servers, by id: `{ acme: { issuer: '/acme' }, other: { issuer: 'https://other.example' } }`. They share code and store only. */
  readonly tenants?: { readonly [id: string]: TenantOptions<Env> } | undefined;
  /** The store of all records, or a function that takes it from the environment. Default: `env.PORTCULLIS`, a Durable Object namespace or a store. */
  readonly store?: (Store | ((env: Env) => Store)) | undefined;
  /**
   * Accepts a store without conditional writes (Cloudflare KV). A code can then be redeemed twice, a rotated refresh token can work for two
   * clients, and a revoked token can work for a minute or more. For demonstrations only; a warning is printed at start-up.
   */
  readonly dangerouslyAllowEventualStore?: boolean | undefined;
  /**
   * Clients and grants of the server that this one replaced, so that no one has to sign in again: `workersOAuthKv((env) => env.OAUTH_KV)` of
   * `portcullis/former`. Only read; a grant moves at its first refresh.
   */
  readonly formerStore?: (FormerStore | ((env: Env) => FormerStore)) | undefined;
  /**
   * The server's key, 32 random bytes (`openssl rand -base64 32`), for records that the server must decrypt without a token. A list rotates
   * keys: the first one encrypts, all of them decrypt. Default: the variable `PORTCULLIS_SECRET`. Options that need it fail at start-up without it.
   */
  readonly secret?: string | readonly string[] | undefined;
  /** The name that pages show. Default: the issuer's host. */
  readonly name?: string | undefined;
  /** Look and texts of our pages: logo, colours, words, templates. */
  readonly pages?: PagesOptions | undefined;
  /** Scopes of this server: names, or names with the words of the consent page ("Read your notes", `{ text, sensitive }`), or `scopes()` of a catalogue. */
  readonly scopesSupported?: readonly string[] | { readonly [scope: string]: string | ScopeWords } | undefined;
  /**
   * What happens to requested scopes that are not in the list: they are ignored (default), the request fails with `refuse`, or they are granted
   * like the others, for an application whose own page decides (`grant`; not with `logins`).
   */
  readonly unknownScopes?: 'ignore' | 'refuse' | 'grant' | undefined;
  /**
   * Identifier of all routes as one resource (RFC 8707, RFC 9728): `https://mcp.example`. Tokens for it are valid at every route. Never change it:
   * existing tokens are for the one before. Default: each route is a resource of its own, identified by its URL.
   */
  readonly resource?: string | undefined;
  /** Settings of one resource, by its route (`/mcp`), or by the full URL of a resource on another server that tokens are issued for. */
  readonly resources?: { readonly [route: string]: ResourceOptions } | undefined;
  /** The resource of a request without `resource` (RFC 8707), if there are several. Default: its tokens are valid at every route of this server. */
  readonly defaultResource?: string | undefined;
  /** Scopes that every call needs: published in the metadata, requested by clients, checked by the guard. */
  readonly requiredScopes?: readonly string[] | undefined;
  /** Returns the scopes that this user may grant now; all others are removed, and the user sees which remain. If it throws, nothing is granted. Default: all. */
  readonly grantableScopes?: GrantableScopes<Env> | undefined;
  /**
   * Returns the user's permissions, on each request, for `props.permissions`. If it throws, the request is refused: 401 if the account at another
   * site that it asks has ended, 403 if none is linked, else 503.
   */
  readonly permissions?: Permissions<Env> | undefined;
  /**
   * Called whenever tokens are issued or refreshed, by one request at a time for each grant: returns new props, fewer scopes or other
   * lifetimes, `{ props, scope, accessTokenTTL, refreshTokenTTL, refreshTokenIdleTTL }`. `throw new OAuthError('invalid_grant', reason)` ends the grant; any other exception is a
   * 503 that keeps it, and nothing is spent.
   */
  readonly onTokens?: OnTokens<Env> | undefined;
  /**
   * Signs access tokens (RFC 9068), so that resource servers elsewhere can verify them with the keys at `/jwks`. Our own guard still
   * checks the grant. Needs `secret`. Default `none`: opaque tokens, which only this server can verify.
   */
  readonly accessTokenSigning?: SigningAlg | 'none' | undefined;
  /** Lifetime of access tokens in seconds; default 3,600. */
  readonly accessTokenTTL?: Seconds | undefined;
  /**
   * Seconds, 1 to 30, for which a verified token is accepted again without a read of the store. A token that another process or isolate
   * revokes works that much longer here; one revoked in this process ends at once. Default: every call is checked.
   */
  readonly dangerouslyCacheTokens?: Seconds | undefined;
  /** Seconds from the consent to the end of the grant, however often it is refreshed; 0 for no refresh tokens. Default a year. */
  readonly refreshTokenTTL?: Seconds | undefined;
  /** Seconds without a refresh after which a grant ends. Default 30 days, or `refreshTokenTTL` if that is set. */
  readonly refreshTokenIdleTTL?: Seconds | undefined;
  /** Seconds in which a rotated refresh token still gets the same new tokens, for clients that lost the response; 0 for none. Default 120. */
  readonly refreshTokenGrace?: Seconds | undefined;
  /** Lifetime of authorization codes in seconds, 10 to 600; default 60. */
  readonly authorizationCodeTTL?: Seconds | undefined;
  /** Preregistered clients, or a function that makes them from the environment, which has their secrets. Add others with `helpers().clients`. */
  readonly clients?: (readonly ConfiguredClient[] | ((env: Env) => readonly ConfiguredClient[])) | undefined;
  /** Rejects authorization requests that were not pushed (RFC 9126). Most MCP clients cannot push. Default false. */
  readonly requirePushedAuthorizationRequests?: boolean | undefined;
  /** Requires a server nonce in DPoP proofs (RFC 9449 §8), so that none can be made in advance. Costs round trips; needs `secret`. Default false. */
  readonly dpopNonces?: boolean | undefined;
  /**
   * Issuers whose signed assertions are exchanged for tokens (RFC 7523): an enterprise's identity provider (ID-JAG), a platform for its workloads.
   * Or a function that finds one for each request, `(iss, { client, request, env }) => issuer`.
   */
  readonly trustedIssuers?: readonly TrustedIssuer[] | IssuerFinder<Env> | undefined;
  /** Decides which client may exchange which token for a narrower one (RFC 8693). Default: none. */
  readonly tokenExchange?: ExchangePolicy | undefined;
  /** The administration, a page and an API: `adminApi({ permission })` of `portcullis/admin`. Unset: none, and its paths do not exist. */
  readonly admin?: AdminApi | undefined;
  /**
   * Keeps events that matter for security in the store, append-only and chained by hash: `{ keep: '90d' }`. The administration API lists, verifies and
   * exports them. Unset: none are kept.
   */
  readonly audit?: AuditOptions | undefined;
  /** Paths for a load balancer, `/health` and `/ready`, and with a token `/metrics` for Prometheus: `{}` or `{ scrapeToken }`. Unset: none of them exist. */
  readonly monitoring?: MonitoringOptions<Env> | undefined;
  /** Spans and metrics of OpenTelemetry: `openTelemetry(api)` of `portcullis/opentelemetry`. Unset: none. */
  readonly telemetry?: Telemetry | undefined;
  /** Which clients may be connected: new ones wait for approval (`newClients: 'approve'`), lists of hosts. Unset: all, and none can be blocked. */
  readonly clientPolicy?: ClientPolicyOptions | undefined;
  /**
   * Personal access tokens, which users make on the account page, and service keys, which you make with `helpers().keys`: for scripts and
   * clients that cannot sign in. Unset: none, and one that was made before is refused.
   */
  readonly accessKeys?: AccessKeyOptions | undefined;
  /** Seconds after its last grant at which a registration ends; an unused one ends after a day. Default 90 days. */
  readonly clientRegistrationTTL?: Seconds | undefined;
  /** Origins of browser pages that may call the API, besides our own; `['*']` for all. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Also accepts tokens of another authorization server (`portcullis/verifiers`). It gets only tokens that do not have our own format. */
  readonly externalTokens?: TokenSource | undefined;
  /** Called with every success, refusal and failure. Never gets a secret. */
  readonly on?: ((event: Event) => void | Promise<void>) | undefined;
  /**
   * Sends a message to the verified address of an account, or else of an upstream account, when an app or access token is new, a password or
   * way to sign in has changed, or someone signs in from a new place. Its link ends every session and grant. If it rejects, `on` gets
   * `request.failed`. Default: no messages.
   */
  readonly securityEmails?: SendEmail<Env> | undefined;
  /** Called with each error response of our endpoints; may return another response. If it throws, ours is sent. */
  readonly onError?: OnError | undefined;
}

/** Options that all tenants share: store, keys and handlers. */
type Common =
  | 'tenants' | 'issuer' | 'basePath' | 'store' | 'dangerouslyAllowEventualStore' | 'secret' | 'defaultHandler' | 'apiRoute' | 'authorizeEndpoint' | 'tokenEndpoint' | 'clientRegistrationEndpoint'
  | 'deviceAuthorizationEndpoint' | 'on' | 'telemetry'; // prettier-ignore

/** One tenant: its issuer, and the options in which it differs from the others. */
export type TenantOptions<Env = unknown> = Partial<Omit<CommonOptions<Env>, Common>> & {
  /** Also accepts calls without a token of this tenant, without `ctx.auth`. */
  readonly anonymous?: boolean | undefined;
  /**
   * `https://mcp.example/acme`, `https://acme.example`, or a path such as `/acme`, below the provider's own `issuer`
   * (or PORTCULLIS_ISSUER; on loopback the origin of the request). Never change it: clients store it.
   */
  readonly issuer: string;
};

/** Every option, with its kind if no other check is needed. */
export const KNOWN: { readonly [option in keyof Required<OAuthProviderOptions>]: Kind | null } = {
  apiRoute: null,
  apiHandler: null,
  apiHandlers: null,
  defaultHandler: null,
  logins: null,
  secondFactor: null,
  authorizeEndpoint: null,
  tokenEndpoint: null,
  clientRegistrationEndpoint: null,
  issuer: null,
  basePath: null,
  tenants: null,
  store: null,
  dangerouslyAllowEventualStore: flag,
  formerStore: null,
  secret: null,
  name: word,
  pages: null,
  scopesSupported: scopeNames,
  requiredScopes: texts,
  permissions: functionOf('(access, env) → permissions'),
  grantableScopes: functionOf('(who, env) → scopes'),
  onTokens: functionOf('(request, env) → changes or nothing'),
  accessTokenTTL: ACCESS_TTL,
  dangerouslyCacheTokens: seconds(1, 30),
  refreshTokenTTL: seconds(60, 3650 * DAY, true),
  refreshTokenIdleTTL: seconds(60, 3650 * DAY),
  refreshTokenGrace: seconds(0, 3600),
  authorizationCodeTTL: seconds(10, 600),
  clientRegistrationTTL: seconds(3600, 3650 * DAY),
  allowedOrigins: origins,
  on: functionOf('that takes an event'),
  securityEmails: functionOf('(email, env) → nothing'),
  onError: functionOf('(refusal, response, request) → response or nothing'),
  clientIdMetadataDocumentEnabled: flag,
  clientIdMetadataPolicy: null,
  externalTokens: null,
  anonymous: flag,
  clients: null,
  trustedIssuers: null,
  tokenExchange: functionOf('that says whether an exchange may be'),
  accessKeys: null,
  clientPolicy: null,
  admin: null,
  audit: null,
  monitoring: null,
  telemetry: null,
  clientRegistration: null,
  requirePushedAuthorizationRequests: flag,
  deviceAuthorizationEndpoint: null,
  dpopNonces: flag,
  unknownScopes: oneOf('ignore', 'refuse', 'grant'),
  accessTokenSigning: oneOf(...SIGNING_ALGS, 'none'),
  resource: null,
  resources: object,
  defaultResource: null,
};
