/**
 * Trusted issuers: other issuers whose assertions get tokens here (RFC 7523 §2.1). An enterprise identity provider says what its users allow
 * a client (Enterprise-Managed Authorization); a platform says which of its workloads is calling (workload identity federation).
 */
import type { Claims } from './assertion.ts';
import type { JwkSet } from './key-set.ts';
import type { Awaitable } from './runtime.ts';

/** A user or workload of a trusted issuer, as known here. */
export interface MappedUser {
  /** Your own user id. By default one of ours, the same for every assertion with this issuer and subject. */
  readonly userId?: string;
  /** `props` for tools. By default `claims` with `sub`, and `name` and `email` if the issuer sends them. */
  readonly props?: unknown;
}

/** An issuer, and how far it is trusted. */
export interface TrustedIssuer {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  /** `enterprise`: its assertions name users (ID-JAG). `workload`: they name programs. */
  readonly kind: 'enterprise' | 'workload';
  /** Its public keys. */
  readonly jwks?: JwkSet;
  /** URL of the keys instead. */
  readonly jwksUri?: string;
  /** The most that its assertions can get. */
  readonly scope: readonly string[];
  /** Enterprise only: clients that it may name. By default every client that is registered for the grant type. */
  readonly clients?: readonly string[];
  /** Claims that must have this value, or one of these. A platform speaks for all its customers, so it needs such claims or `user`. */
  readonly claims?: { readonly [claim: string]: string | readonly string[] };
  /** Maps verified claims to a user, or null to refuse. */
  readonly user?: (claims: Claims) => Awaitable<MappedUser | null>;
}

/** The profile in metadata if an enterprise is trusted. */
export const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag';
