/**
 * Options of `OAuthProvider`. Their checks are in `option-checks.ts`, their defaults in `settings.ts`.
 */
import type { TokenSource } from '../guard/token-source.ts';
import type { Event } from '../model/event.ts';
import type { ConfiguredClient } from '../model/client-spec.ts';
import type { Context, GuardedContext, Handler } from '../model/handler.ts';
import type { Login } from '../model/login.ts';
import type { OnTokens } from '../model/on-tokens.ts';
import { SIGNING_ALGS, type SigningAlg } from '../model/signing-key.ts';
import type { SecondFactor } from '../model/second-factor.ts';
import type { DocumentPolicy, ExchangePolicy, GrantableScopes, OnError, Permissions } from '../model/settings.ts';
import type { Seconds, Store } from '../model/store.ts';
import type { TrustedIssuer } from '../model/trusted-issuer.ts';
import { ACCESS_TTL, flag, functionOf, oneOf, origins, scopeNames, seconds, texts, type Kind } from './kinds.ts';
import type { PagesOptions } from './pages.ts';
import type { RegistrationOptions } from './option-checks.ts';
import type { ResourceOptions } from './resources.ts';

const DAY = 86_400;

/** A scope in the words of the consent page. */
export interface ScopeWords {
  /** "Read your notes"; the scope's name by default. */
  readonly text?: string;
  /** The same as `text`, under the name that `catalogue().scopes()` gives it. */
  readonly description?: string;
  /** The consent page does not select it in advance. Use it for what cannot be undone: deleting, paying, publishing. */
  readonly sensitive?: boolean;
  /** Names of the tools that it opens. */
  readonly unlocks?: readonly string[];
  /** Scopes that it stands for as well: `admin` includes `write`, which includes `read`. */
  readonly includes?: readonly string[];
}

/** Options of `OAuthProvider`. */
export type OAuthProviderOptions<Env = unknown> = CommonOptions<Env> & (GuardedApi<Env> | OpenApi<Env>);

/** The API that only callers with a valid token reach: `ctx.auth` and `ctx.props` are there. */
interface GuardedApi<Env> extends Api<Env, GuardedContext> {
  readonly anonymous?: false | undefined;
}

/** The API that callers without a token reach as well: `ctx.auth` may be absent. */
interface OpenApi<Env> extends Api<Env, Context> {
  /** Lets callers without a token reach the API handler, without `ctx.auth`: for servers where some tools need no user. Default false. */
  readonly anonymous: boolean;
}

/** What answers at the protected routes. */
interface Api<Env, Ctx extends Context> {
  /** Answers requests with a good token: `MyMCP.serve('/mcp')`, `MyMCP.Router`, `{ fetch }`, a function, a `WorkerEntrypoint` class. */
  readonly apiHandler?: Handler<Env, Ctx>;
  /** Several routes with a handler each, instead of `apiRoute` and `apiHandler`. */
  readonly apiHandlers?: { readonly [route: string]: Handler<Env, Ctx> };
}

/** Every other option. */
interface CommonOptions<Env> {
  /** Path or paths that need a token; each is a resource of its own (`/mcp`). Goes with `apiHandler`. */
  readonly apiRoute?: string | readonly string[];
  /** Answers everything else. Without `logins` it also owns `authorizeEndpoint`. */
  readonly defaultHandler?: Handler<Env>;
  /** Ways to sign in that we run: `[password()]`. With them the consent and sign-in pages are ours. */
  readonly logins?: readonly Login[];
  /** Asked for after a login, of users who have set it up: `totp()`. Never after a passkey, which is two factors in itself. */
  readonly secondFactor?: SecondFactor;
  /** Default `/authorize`. */
  readonly authorizeEndpoint?: string;
  /** Default `/token`. */
  readonly tokenEndpoint?: string;
  /** Where clients register themselves (RFC 7591). Unset: they cannot. */
  readonly clientRegistrationEndpoint?: string;
  /** Where devices without a browser ask for a code that a person types elsewhere (RFC 8628); for clients with that grant type. Unset: nowhere. */
  readonly deviceAuthorizationEndpoint?: string;
  /** Which clients may register, and how many. Default: all, up to 100,000. */
  readonly clientRegistration?: RegistrationOptions;
  /** Whether clients may be known by a metadata document at the URL that is their id. Default: where the machine can fetch safely. */
  readonly clientIdMetadataDocumentEnabled?: boolean;
  /** Hosts whose documents are taken (`['claude.ai']`, subdomains included), or a decision for each URL. Default: all. */
  readonly clientIdMetadataPolicy?: DocumentPolicy;
  /** Public origin, `https://mcp.example`. Default: the variable `PORTCULLIS_ISSUER`; on loopback, the request's own origin. */
  readonly issuer?: string;
  /**
   * The path of the issuer, `/mcp-server`, where a proxy in front takes it off before requests come here. Without it an issuer with a path
   * expects requests below that path.
   */
  readonly basePath?: string;
  /** Several servers in one, by id: `{ acme: { issuer: '/acme' }, other: { issuer: 'https://other.example' } }`. Nothing is shared but code and store. */
  readonly tenants?: { readonly [id: string]: TenantOptions<Env> };
  /** Where records live, or how to find that in the environment. Default: `env.PORTCULLIS`, a Durable Object namespace or a store. */
  readonly store?: Store | ((env: Env) => Store);
  /**
   * Takes a store without conditional writes (Cloudflare KV) for everything. A code can then be spent twice, a rotated token be good in
   * two hands, and what was revoked go on working for a minute or more. For demonstrations only; the start prints what is lost.
   */
  readonly dangerouslyAllowEventualStore?: boolean;
  /**
   * The server's own key, 32 random bytes (`openssl rand -base64 32`), for what it must be able to read by itself. Several, newest
   * first: the newest seals, all open. Default: the variable `PORTCULLIS_SECRET`. What needs one says so at start-up.
   */
  readonly secret?: string | readonly string[];
  /** The name that pages show. Default: the issuer's host. */
  readonly name?: string;
  /** How our pages look and what they say: logo, colours, words, templates. */
  readonly pages?: PagesOptions;
  /** Scopes of this server: names, or names with the words of the consent page ("Read your notes", `{ text, sensitive }`), or `scopes()` of a catalogue. */
  readonly scopesSupported?: readonly string[] | { readonly [scope: string]: string | ScopeWords };
  /** What a request for a scope comes to that is not among them: the rest is given (`ignore`, the default), or nothing (`refuse`). */
  readonly unknownScopes?: 'ignore' | 'refuse';
  /** What is special about a resource, by its route (`/mcp`); or, by its full URL, a resource elsewhere that tokens are issued for too. */
  readonly resources?: { readonly [route: string]: ResourceOptions };
  /** The route or URL that a request means which names no resource, where there are several. Default: its tokens are good at every route, and nowhere else. */
  readonly defaultResource?: string;
  /** Scopes without which no call is let in; published, asked for, enforced. */
  readonly requiredScopes?: readonly string[];
  /** Scopes that this user may give to clients at this moment. Others fall away, and the person is shown what is left. When it throws, nothing is granted. Default: all. */
  readonly grantableScopes?: GrantableScopes<Env>;
  /** What a user may do, looked up on every request and put into `props.permissions`. When it throws, the request is refused with 503. */
  readonly permissions?: Permissions<Env>;
  /**
   * Asked whenever tokens are issued or refreshed, by one request at a time for each grant: returns new props, fewer scopes or another
   * lifetime, `{ props, scope, accessTokenTTL }`. `throw new OAuthError('invalid_grant', reason)` ends the grant; any other exception is a
   * 503 that keeps it, and nothing is spent.
   */
  readonly onTokens?: OnTokens<Env>;
  /**
   * Signs access tokens, so that resource servers elsewhere can check them by themselves, against the keys at `/jwks` (RFC 9068). Our own
   * guard still checks the grant. Needs `secret`. Default `none`: opaque tokens, which only this server can verify.
   */
  readonly accessTokenSigning?: SigningAlg | 'none';
  /** Seconds; default 3,600. */
  readonly accessTokenTTL?: Seconds;
  /**
   * Seconds, at most 30, for which a token that was good is good again without a look at the store. What another process or isolate
   * revokes or narrows takes so long to be felt in this one; what this one revokes is gone at once. Default: every call is checked.
   */
  readonly dangerouslyCacheTokens?: Seconds;
  /** Seconds from consent to the end of everything, however often refreshed; 0 for no refresh tokens. Default a year. */
  readonly refreshTokenTTL?: Seconds;
  /** Seconds without a refresh after which a grant ends. Default 30 days, or `refreshTokenTTL` where that is given. */
  readonly refreshTokenIdleTTL?: Seconds;
  /** Seconds in which a rotated refresh token still gets the same successor; 0 is strict. Default 120. */
  readonly refreshTokenGrace?: Seconds;
  /** Seconds, at most 600; default 60. */
  readonly authorizationCodeTTL?: Seconds;
  /** Clients that are there from the start, or how to find them in the environment, where secrets stand. More: `helpers().clients`. */
  readonly clients?: readonly ConfiguredClient[] | ((env: Env) => readonly ConfiguredClient[]);
  /** Takes authorization requests only from clients that pushed them to the server first (RFC 9126). Most MCP clients cannot. Default false. */
  readonly requirePushedAuthorizationRequests?: boolean;
  /** Requires a server nonce in DPoP proofs (RFC 9449 §8): none can be made in advance. Extra round trips; needs `secret`. Default false. */
  readonly dpopNonces?: boolean;
  /** Issuers whose signed word is enough for tokens: an enterprise's identity provider (ID-JAG), a platform for its workloads. */
  readonly trustedIssuers?: readonly TrustedIssuer[];
  /** Says which client may exchange which token for one with less in it (RFC 8693). Unset: none. */
  readonly tokenExchange?: ExchangePolicy;
  /** Seconds after its last grant at which a registration ends; one that was never used ends after a day. Default 90 days. */
  readonly clientRegistrationTTL?: Seconds;
  /** Origins of browser pages that may call the API, beside our own; `['*']` for all. */
  readonly allowedOrigins?: readonly string[];
  /** Tokens of another authorization server that are good here too (`portcullis/verifiers`); asked for tokens that are not of our own shape. */
  readonly externalTokens?: TokenSource;
  /** Told of every success, refusal and failure. Never gets a secret. */
  readonly on?: (event: Event) => void | Promise<void>;
  /** Sees each error of our endpoints before it goes out, and may return another response. When it throws, ours goes. */
  readonly onError?: OnError;
}

/** What all tenants share: the store and the keys below them, and what answers requests. */
type Common =
  | 'tenants' | 'issuer' | 'basePath' | 'store' | 'dangerouslyAllowEventualStore' | 'secret' | 'defaultHandler' | 'apiRoute' | 'authorizeEndpoint' | 'tokenEndpoint' | 'clientRegistrationEndpoint'
  | 'deviceAuthorizationEndpoint' | 'on'; // prettier-ignore

/** One tenant: where it stands, and every option in which it differs from the others. */
export type TenantOptions<Env = unknown> = Partial<Omit<CommonOptions<Env>, Common>> & {
  /** Lets callers without a token of this tenant reach the API handler, without `ctx.auth`. */
  readonly anonymous?: boolean;
  /**
   * `https://mcp.example/acme`, `https://acme.example`, or a path alone, `/acme`, which stands below the provider's own `issuer`
   * (or PORTCULLIS_ISSUER; on loopback the request's own origin). Never changes: it is in every token's metadata.
   */
  readonly issuer: string;
};

/** Every option there is, with its kind where that is all to be said of it. */
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
  secret: null,
  name: null,
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
  onError: functionOf('(refusal, response, request) → response or nothing'),
  clientIdMetadataDocumentEnabled: flag,
  clientIdMetadataPolicy: null,
  externalTokens: null,
  anonymous: flag,
  clients: null,
  trustedIssuers: null,
  tokenExchange: functionOf('that says whether an exchange may be'),
  clientRegistration: null,
  requirePushedAuthorizationRequests: flag,
  deviceAuthorizationEndpoint: null,
  dpopNonces: flag,
  unknownScopes: oneOf('ignore', 'refuse'),
  accessTokenSigning: oneOf(...SIGNING_ALGS, 'none'),
  resources: null,
  defaultResource: null,
};
