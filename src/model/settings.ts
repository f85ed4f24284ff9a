/**
 * Settings: the application's options with all defaults, after the start-up checks; frozen, per issuer; and the grant types that they enable, by
 * name, so that metadata does not load their code.
 */
import type { Languages } from '../words/words.ts';
import type { Access } from './access.ts';
import type { Accounts } from './account.ts';
import type { Brand } from './display.ts';
import type { ClientPolicy } from './client-policy.ts';
import { type Client, DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE } from './client.ts';
import type { SendEmail } from './email.ts';
import type { ErrorCode } from './error.ts';
import type { Event, NewEvent, Telemetry } from './event.ts';
import type { FormerStore } from './former.ts';
import type { Organization } from './identity.ts';
import type { AccountSection, Login, LoginServices, Step, Steps } from './login.ts';
import type { OnTokens } from './on-tokens.ts';
import type { Resource } from './resource.ts';
import type { Awaitable } from './runtime.ts';
import type { ScopeExpansion, ScopeInfo } from './scope.ts';
import type { Seconds } from './store.ts';
import type { AccessKeyRules } from './token.ts';
import type { IssuerFinder, TrustedIssuer } from './assertion.ts';

/** Paths of the endpoints below the origin, including the issuer's path; null if switched off. */
export interface Paths {
  readonly authorize: string;
  readonly approve: string;
  readonly login: string;
  /** The account page; its sections are below it. */
  readonly account: string;
  readonly step: string;
  readonly token: string;
  readonly register: string | null;
  readonly revoke: string;
  readonly introspect: string;
  /** Device authorization endpoint (RFC 8628). */
  readonly deviceAuthorization: string | null;
  /** Page where users type a user code. */
  readonly device: string;
  readonly jwks: string;
  /** Pushed authorization request endpoint (RFC 9126). */
  readonly push: string;
  /** First page of the administration; below it are the others, and the acts of its API below `/api`. */
  readonly admin: string | null;
  /** Probes of a load balancer, and metrics. */
  readonly health: string | null;
  readonly ready: string | null;
  readonly metrics: string | null;
}

/** Looks up what a user may do now. */
export type Permissions<Env = unknown> = (access: Access, env: Env & WithAccounts) => Awaitable<readonly string[]>;

/** The user who grants scopes to a client, and for which organization. */
export interface Grantor {
  readonly userId: string;
  readonly claims: { readonly [claim: string]: unknown };
  readonly permissions?: readonly string[];
  readonly organization?: Organization;
  /** The client that asks; absent for a personal access token, which the user makes without one. */
  readonly client?: GrantorClient;
}

/** The client that scopes are granted to, as far as it is known. */
export interface GrantorClient {
  readonly id: string;
  /** As it calls itself; unverified unless `entered`. */
  readonly name?: string;
  /** Host of its metadata document, which was fetched from there. */
  readonly documentHost?: string;
  readonly redirectUris: readonly string[];
  /** Set if the operator registered it. */
  readonly entered?: boolean;
}

/** The scopes that a user may currently grant to clients. */
export type GrantableScopes<Env = unknown> = (who: Grantor, env: Env) => Awaitable<readonly string[]>;

/** The helpers in the environment that a permission lookup usually needs. */
export interface WithAccounts {
  readonly OAUTH_PROVIDER: { readonly accounts: Accounts };
}

/** Hosts whose client metadata documents are accepted (including their subdomains), or a decision for each URL. */
export type DocumentPolicy = readonly string[] | ((url: URL) => Awaitable<boolean>);

/** A client of the `clients` option. */
export interface SecretClient {
  readonly client: Client;
  readonly secret?: string;
}

/** A requested token exchange, fully checked; only the policy's decision is missing. */
export interface Exchange {
  /** The client that exchanges. */
  readonly clientId: string;
  /** Access of the subject token. */
  readonly subject: Access;
  readonly resource: string;
  readonly scope: readonly string[];
  /** Thumbprint of the key that the new token is bound to: the client's own key, or the subject token's (`subject.cnf`). */
  readonly jkt?: string;
}

/** Decides whether an exchange is allowed. */
export type ExchangePolicy = (exchange: Exchange, env: unknown) => Awaitable<boolean>;

/** Rules for dynamic client registration. */
export interface RegistrationRules {
  /** Whether an initial access token is required. */
  readonly needsInitialAccessToken: boolean;
  readonly most: number;
  readonly policy: ((metadata: RegisteredMetadata, request: Request) => Awaitable<boolean>) | null;
  /** Accepted private-use schemes for redirect URIs. */
  readonly redirectSchemes: readonly string[];
}

/** Validated metadata of a client that registers itself. */
export type RegisteredMetadata = Omit<
  Client,
  'id' | 'createdAt' | 'expiresAt' | 'unused' | 'secretHash' | 'formerSecret' | 'managementHash' | 'documentHost' | 'freshUntil'
>;

/** An error response. */
export interface Refusal {
  readonly endpoint: string;
  readonly requestId: string;
  readonly status: number;
  /** As sent. */
  readonly code: ErrorCode;
  /** Why, in one snake_case word; not sent. */
  readonly reason: string;
  /** What was thrown, if the error is ours. Never sent. */
  readonly error?: unknown;
}

/** Sees an error response before it is sent, and may replace it. */
export type OnError = (refusal: Refusal, response: Response, request: Request) => Awaitable<Response | undefined | void>;

/** The settings of one authorization server. */
export interface Settings {
  /** Identifier of the authorization server. */
  readonly issuer: string;
  /** Issuers of all tenants of this provider: no trusted issuer may be one of them. */
  readonly issuers: readonly string[];
  /** Its origin; the paths are below it. */
  readonly origin: string;
  /** The tenant; null without tenants. */
  readonly tenant: string | null;
  readonly paths: Paths;
  readonly resources: readonly Resource[];
  /** For a request that names no resource; null if there are several and no default. */
  readonly defaultResource: string | null;
  /** For a request that names none of several routes. */
  readonly everyRoute: Resource | undefined;
  readonly scopesSupported: readonly ScopeInfo[];
  /** Adds to scopes those that they include. */
  readonly expandScopes: ScopeExpansion;
  readonly unknownScopes: 'ignore' | 'refuse' | 'grant';
  /** For a request without a scope. */
  readonly defaultScope: readonly string[];
  readonly accessTokenTTL: Seconds;
  /** The absolute lifetime of a grant; 0 for no refresh tokens. */
  readonly refreshTokenTTL: Seconds;
  /** 0 for no refresh tokens. */
  readonly refreshTokenIdleTTL: Seconds;
  readonly refreshTokenGrace: Seconds;
  /** Whether every authorization request must be pushed. */
  readonly requirePushedAuthorizationRequests: boolean;
  /** Whether DPoP proofs must contain a nonce. */
  readonly dpopNonces: boolean;
  readonly authorizationCodeTTL: Seconds;
  /** The administration API; null if it is off. */
  readonly admin: AdminApi | null;
  /** Null if nothing is traced. */
  readonly telemetry: Telemetry | null;
  /** With which Prometheus asks for metrics; null if nothing is counted. */
  readonly scrapeToken: string | null;
  /** How long the audit log is kept; null if there is none. */
  readonly audit: { readonly keep: Seconds } | null;
  /** Which clients may be connected; null if all may. */
  readonly clientPolicy: ClientPolicy | null;
  /** Rules for personal access tokens and service keys; null if they are off. */
  readonly accessKeys: AccessKeyRules | null;
  /** Clients of the `clients` option, by id. */
  readonly clients: ReadonlyMap<string, SecretClient>;
  /** Issuers whose assertions get tokens. */
  readonly trustedIssuers: readonly TrustedIssuer[];
  /** Finds further ones for each request; null if the option is a list. */
  readonly issuerFinder: IssuerFinder<never> | null;
  /** Null if token exchange is off. */
  readonly tokenExchange: ExchangePolicy | null;
  readonly clientRegistration: RegistrationRules;
  /** Lifetime of an unused self-registered client. */
  readonly clientRegistrationTTL: Seconds;
  /** Absolute lifetime of a session. */
  readonly sessionTtl: Seconds;
  /** Idle lifetime of a session. */
  readonly sessionIdleTtl: Seconds;
  /** Whether attempts are limited; off only for load tests. */
  readonly limits: boolean;
  /** Whether client metadata documents are accepted, if the runtime can fetch them. */
  readonly clientIdMetadataDocumentEnabled: boolean;
  /** Null to accept every host. */
  readonly clientIdMetadataPolicy: DocumentPolicy | null;
  readonly logins: readonly Login[];
  /** Asked for after every login that is not multi-factor itself, if the user has set it up. */
  readonly secondFactor: SecondFactor | null;
  /** How long a valid token is accepted without reading the store, in seconds; 0 for off. */
  readonly dangerouslyCacheTokens: Seconds;
  readonly permissions: Permissions<never> | null;
  /** Null if this server replaced no other. */
  readonly formerStore: FormerStore | null;
  /** Null if no one is asked when tokens are issued. */
  readonly onTokens: OnTokens<never> | null;
  /** Null if every user may grant every scope. */
  readonly grantableScopes: GrantableScopes<never> | null;
  /** The name shown on pages. */
  readonly name: string;
  /** Name and look of the pages. */
  readonly brand: Brand;
  /** Texts of the pages, in every language. */
  readonly languages: Languages;
  /** Null for the default listener, which prints failures, and on loopback refusals. */
  readonly on: ((event: Event) => void | Promise<void>) | null;
  /** Sends messages about the security of accounts; null for none. */
  readonly securityEmails: SendEmail<never> | null;
  /** Null to send error responses unchanged. */
  readonly onError: OnError | null;
}

/** The second factor was verified, which is asked for after any login, if the user has set it up. */
export type SecondFactorPassed = { readonly kind: 'passed' };

/** A second factor. */
export interface SecondFactor {
  /** Used in paths and events: `totp`. */
  readonly id: string;
  /** The step for this user; null if they have not set it up. */
  ask(userId: string, services: LoginServices): Promise<Step | null>;
  readonly steps: Steps<SecondFactorPassed>;
  /** Whether it seals data under the server's `secret`, which is then required. */
  readonly needsSecret?: true;
  /** Sections that it adds to the account page. */
  readonly account?: readonly AccountSection[];
}

/** Whether the settings enable a grant type, by `grant_type`. */
const OFFERED: ReadonlyMap<string, (settings: Settings) => boolean> = new Map<string, (settings: Settings) => boolean>([
  ['authorization_code', () => true],
  ['refresh_token', () => true],
  ['client_credentials', () => true],
  [DEVICE_CODE, ({ paths }) => paths.deviceAuthorization !== null],
  [TOKEN_EXCHANGE, ({ tokenExchange }) => tokenExchange !== null],
  [JWT_BEARER, ({ trustedIssuers, issuerFinder }) => trustedIssuers.length > 0 || issuerFinder !== null],
]);

/** Whether this server offers a grant type. */
export function isOffered(name: string, settings: Settings): boolean {
  return OFFERED.get(name)?.(settings) ?? false;
}

/** The names of all grant types that this server offers. */
export function offeredGrantTypes(settings: Settings): readonly string[] {
  return [...OFFERED.keys()].filter((name) => isOffered(name, settings));
}

/** What `adminApi()` of `portcullis/admin` makes, for the option `admin`: a value, so that a server without it carries none of its code. */
export interface AdminApi {
  /** The permission that an administrator has. */
  readonly permission: string;
  /** Its acts, each at a path of its own below `/admin/api`. */
  readonly acts: readonly { readonly name: string; readonly method: 'GET' | 'POST' }[];
  /** Answers a request to an act. @param call of the server's endpoints. */
  readonly answer: (name: string, call: never) => Promise<Response>;
  /** Counts an event of a server for the act `measures`. */
  readonly note: (server: never, event: NewEvent) => void;
  /** Its pages, by path below `/admin`; the first one is empty. */
  readonly pages: readonly string[];
  /** Answers a request to a page. */
  readonly page: (name: string, call: never) => Promise<Response>;
}
