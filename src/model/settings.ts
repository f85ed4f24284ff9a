/**
 * Settings: the options of the application after every default and every start-up check; frozen, per issuer.
 */
import type { Brand } from './brand.ts';
import type { Languages } from '../words/languages.ts';
import type { Access } from './access.ts';
import type { Accounts } from './account.ts';
import type { Client } from './client.ts';
import type { ErrorCode } from './error.ts';
import type { Event } from './event.ts';
import type { Lifetimes } from './grant.ts';
import type { Organization } from './identity.ts';
import type { Login } from './login.ts';
import type { Resource } from './resource.ts';
import type { Awaitable } from './runtime.ts';
import type { ScopeCover, ScopeInfo } from './scope.ts';
import type { SecondFactor } from './second-factor.ts';
import type { Seconds } from './store.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** Paths of the endpoints below the origin, the issuer's own path included; null for one that is switched off. */
export interface Paths {
  readonly authorize: string;
  readonly approve: string;
  readonly login: string;
  /** The account page; its parts stand below it. */
  readonly account: string;
  readonly step: string;
  readonly token: string;
  readonly register: string | null;
  readonly revoke: string;
  readonly introspect: string;
  /** Where devices without a browser ask (RFC 8628). */
  readonly deviceAuthorization: string | null;
  /** Where people type a device's code. */
  readonly device: string;
  readonly jwks: string;
  /** Where clients push their requests (RFC 9126). */
  readonly push: string;
}

/** Looks up what a user may do at this very moment. */
export type Permissions<Env = unknown> = (access: Access, env: Env & WithAccounts) => Awaitable<readonly string[]>;

/** Who may give scopes to a client, and for which organization. */
export interface Grantor {
  readonly userId: string;
  readonly claims: { readonly [claim: string]: unknown };
  readonly permissions?: readonly string[];
  readonly organization?: Organization;
}

/** Says which scopes a user may give to clients at this very moment. */
export type GrantableScopes<Env = unknown> = (who: Grantor, env: Env) => Awaitable<readonly string[]>;

/** The part of the environment's helpers that a look-up of permissions mostly needs. */
export interface WithAccounts {
  readonly OAUTH_PROVIDER: { readonly accounts: Accounts };
}

/** Which hosts' client metadata documents are taken: names, which stand for their subdomains too, or a decision for each URL. */
export type DocumentPolicy = readonly string[] | ((url: URL) => Awaitable<boolean>);

/** A client of the options. */
export interface SecretClient {
  readonly client: Client;
  readonly secret?: string;
}

/** An exchange that somebody asks for: everything of it is checked already, and only the operator's yes is missing. */
export interface Exchange {
  /** Who exchanges. */
  readonly clientId: string;
  /** What the given token says. */
  readonly subject: Access;
  readonly resource: string;
  readonly scope: readonly string[];
  /** Thumbprint of the key that the new token is bound to: a key that the client proved, else that of the subject token (`subject.cnf`). */
  readonly jkt?: string;
}

/** Says whether an exchange may be. */
export type ExchangePolicy = (exchange: Exchange) => Awaitable<boolean>;

/** How clients may register themselves. */
export interface RegistrationRules {
  /** Only with an initial access token. */
  readonly isInvited: boolean;
  readonly most: number;
  readonly policy: ((metadata: RegisteredMetadata) => Awaitable<boolean>) | null;
  /** Private-use schemes of redirect URIs that are good. */
  readonly redirectSchemes: readonly string[];
}

/** What a client that registers itself says of itself, checked. */
export type RegisteredMetadata = Omit<
  Client,
  'id' | 'createdAt' | 'expiresAt' | 'unused' | 'secretHash' | 'formerSecret' | 'managementHash' | 'documentHost' | 'freshUntil'
>;

/** What an answer of ours refuses or fails with. */
export interface Refusal {
  readonly endpoint: string;
  readonly requestId: string;
  readonly status: number;
  /** As it goes on the wire. */
  readonly code: ErrorCode;
  /** Why, in one snake_case word; not for the wire. */
  readonly reason: string;
  /** What was thrown, where that is our fault. Never for the wire. */
  readonly error?: unknown;
}

/** Sees an error before it goes out, and may answer in our place; nothing, and ours goes. */
export type OnError = (refusal: Refusal, response: Response, request: Request) => Awaitable<Response | undefined | void>;

/** Everything the server goes by. */
export interface Settings {
  /** Identifier of the authorization server. */
  readonly issuer: string;
  /** Those of all tenants of this provider: no trusted issuer may have one of them. */
  readonly issuers: readonly string[];
  /** Its origin, below which the paths stand. */
  readonly origin: string;
  /** Which tenant this is; null where the provider is one server. */
  readonly tenant: string | null;
  readonly paths: Paths;
  readonly resources: readonly Resource[];
  /** What a request means that names no resource; null where there are several and none was chosen. */
  readonly defaultResource: string | null;
  /** What a request means instead that names none of several routes. */
  readonly everyRoute: Resource | undefined;
  readonly scopes: readonly ScopeInfo[];
  /** All that some scopes stand for. */
  readonly covered: ScopeCover;
  /** Whether a request for an unknown scope is refused as a whole. */
  readonly strictScopes: boolean;
  /** Given when a request names no scope. */
  readonly defaultScope: readonly string[];
  readonly lifetimes: Lifetimes;
  /** Whether every authorization request has to be pushed first. */
  readonly pushedOnly: boolean;
  /** Whether proofs of keys have to hold a nonce of this server. */
  readonly dpopNonces: boolean;
  /** Absolute life of a grant. */
  readonly grantTtl: Seconds;
  readonly codeTtl: Seconds;
  /** Clients that are there from the start, by id. */
  readonly clients: ReadonlyMap<string, SecretClient>;
  /** Issuers whose signed word is enough for tokens. */
  readonly trustedIssuers: readonly TrustedIssuer[];
  /** Null where no token is exchanged. */
  readonly exchangePolicy: ExchangePolicy | null;
  readonly registration: RegistrationRules;
  /** Life of a self-registered client that nobody uses. */
  readonly clientTtl: Seconds;
  /** Absolute life of a session. */
  readonly sessionTtl: Seconds;
  /** How long a session that nobody uses lives. */
  readonly sessionIdleTtl: Seconds;
  /** Whether attempts are counted and refused; off only for load tests. */
  readonly limits: boolean;
  /** Whether clients may be known by a metadata document, where the machine can fetch one. */
  readonly documents: boolean;
  /** Null for every host. */
  readonly documentPolicy: DocumentPolicy | null;
  readonly logins: readonly Login[];
  /** Asked for after every login that is not two factors in itself, of users who have set it up. */
  readonly secondFactor: SecondFactor | null;
  /** How long a token that was good is taken for good without a look at the store; 0 for not at all. */
  readonly believedFor: Seconds;
  readonly permissions: Permissions<never> | null;
  /** Null where everybody may give every scope. */
  readonly grantableScopes: GrantableScopes<never> | null;
  /** The name that pages show. */
  readonly name: string;
  /** The name and how the pages look. */
  readonly brand: Brand;
  /** What pages say, in every language. */
  readonly languages: Languages;
  /** Null for ours, which prints failures, and on loopback refusals. */
  readonly on: ((event: Event) => void | Promise<void>) | null;
  /** Null where our answers stand as they are. */
  readonly onError: OnError | null;
}
