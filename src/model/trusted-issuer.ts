/**
 * Trusted issuers: other issuers whose assertions get tokens here (RFC 7523 §2.1). An enterprise identity provider says what its users allow
 * a client (Enterprise-Managed Authorization); a platform says which of its workloads is calling (workload identity federation).
 */
import type { Claims } from './assertion.ts';
import type { Client } from './client.ts';
import type { JwkSet } from './key-set.ts';
import type { Awaitable } from './runtime.ts';
import type { Json, Seconds } from './store.ts';

/** A user or workload of a trusted issuer, as known here. */
export interface MappedUser {
  /** Your own user id. By default one of ours, the same for every assertion with this issuer and subject. */
  readonly userId?: string;
  /** `props` for tools. By default `claims` with `sub`, and `name` and `email` if the issuer sends them. */
  readonly props?: unknown;
  /** Fewer scopes than the issuer, the assertion and the request allow; also by the user's role. Default: all of those. */
  readonly scope?: readonly string[];
  /** What you note about the grant; readable, unlike its props. */
  readonly metadata?: Json;
  /** Lifetime of the access token. */
  readonly accessTokenTTL?: Seconds;
}

/** What a function of yours is told of the request. */
export interface AssertionRequest<Env = unknown> {
  /** The client that presents the assertion; null for a workload. */
  readonly client: Client | null;
  readonly request: Request;
  readonly env: Env;
}

/** The same, once the assertion was checked. */
export interface AssertedRequest extends AssertionRequest {
  readonly resource: string;
  /** The scopes that would be granted. */
  readonly scope: readonly string[];
}

/** Finds an issuer by the `iss` of an assertion, which is not verified yet. Null for one that is not trusted. */
export type IssuerFinder<Env = unknown> = (iss: string, asked: AssertionRequest<Env>) => Awaitable<FoundIssuer | null>;

/** An issuer that {@link IssuerFinder} found. Without `scope`, its function `user` says the scopes, within those of the assertion. */
export type FoundIssuer = Omit<TrustedIssuer, 'scope'> & {
  readonly scope?: readonly string[];
  /** Enterprise only: clients need not be registered for the grant type, except those of the option `clients`. They prove who they are all the same. */
  readonly anyClient?: boolean;
  /** How far its clock may differ from ours. Default: 30 seconds. */
  readonly clockSkew?: Seconds;
  /** How long keys from `jwksUri` are used before they are read again. Default: 10 minutes. */
  readonly jwksMaxAge?: Seconds;
};

/** An issuer, and how far it is trusted. */
export interface TrustedIssuer {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  /** `enterprise`: its assertions name users (ID-JAG). `workload`: they name programs. */
  readonly kind: 'enterprise' | 'workload';
  /** Its public keys. */
  readonly jwks?: JwkSet | undefined;
  /** URL of the keys instead. */
  readonly jwksUri?: string | undefined;
  /** The most that its assertions can get. */
  readonly scope: readonly string[];
  /** Enterprise only: clients that it may name. By default every client that is registered for the grant type. */
  readonly clients?: readonly string[] | undefined;
  /** Claims that must have this value, or one of these. A platform speaks for all its customers, so it needs such claims or `user`. */
  readonly claims?: { readonly [claim: string]: string | readonly string[] } | undefined;
  /** The `aud` of its assertions, instead of our issuer. */
  readonly audience?: string | undefined;
  /** Algorithms that it signs with. Default: every one that is accepted here. */
  readonly algorithms?: readonly string[] | undefined;
  /** The longest time in seconds from `iat` to `exp` of its assertions. */
  readonly maxAssertionLife?: Seconds | undefined;
  /** Maps verified claims to a user, or null to refuse. */
  readonly user?: ((claims: Claims, asked: AssertedRequest) => Awaitable<MappedUser | null>) | undefined;
}

/** The profile in metadata if an enterprise is trusted. */
export const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag';
