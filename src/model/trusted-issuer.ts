/**
 * Trusted issuer: somebody else whose signed word is enough for tokens of ours (RFC 7523 §2.1). Two kinds: an enterprise's identity
 * provider, which says what a user of it may let a client do here (Enterprise-Managed Authorization), and a platform, which says
 * which of its workloads calls (workload identity federation).
 */
import type { Claims } from './assertion.ts';
import type { JwkSet } from './key-set.ts';
import type { Awaitable } from './runtime.ts';

/** Who somebody of a trusted issuer is here. */
export interface MappedUser {
  /** Your own id of the user or workload. Default: one of ours, the same for every assertion with this issuer and subject. */
  readonly userId?: string;
  /** What tools find in `props`. Default: `claims` with `sub`, and `name` and `email` where the issuer tells them. */
  readonly props?: unknown;
}

/** An issuer and how far it is trusted. */
export interface TrustedIssuer {
  /** Exactly what stands in `iss`. */
  readonly issuer: string;
  readonly kind: 'enterprise' | 'workload';
  /** Its public keys. */
  readonly jwks?: JwkSet;
  /** Where they stand instead. */
  readonly jwksUri?: string;
  /** Everything that may come of its word. */
  readonly scope: readonly string[];
  /** Clients it may speak for. Default: every client that is registered for the grant type. Of an enterprise only. */
  readonly clients?: readonly string[];
  /** Claims that must have this value, or one of these. A platform speaks for all its customers: without such claims, or `user`, it is refused. */
  readonly claims?: { readonly [claim: string]: string | readonly string[] };
  /** Says who it is here, or null to refuse. Gets verified claims. */
  readonly user?: (claims: Claims) => Awaitable<MappedUser | null>;
}

/** The profile that metadata names where an enterprise is trusted. */
export const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag';
