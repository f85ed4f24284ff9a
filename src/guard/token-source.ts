/**
 * Token source: the issuers whose tokens a guard accepts, and their verifier: `guard({ resource, ...auth0({ domain }) })`.
 * `portcullis/verifiers` makes them for other authorization servers.
 */
import type { Checked, Tell } from '../model/access.ts';
import type { Awaitable } from '../model/runtime.ts';

/**
 * Verifies a token for a resource; null if it is invalid there. Rejects if it cannot be checked.
 *
 * @param tell takes the reason of a null, for the operator.
 */
export type Verifier = (token: string, resource: string, tell?: Tell) => Awaitable<Checked | null>;

/** Which tokens belong to a source. A token is shown to no other. */
export interface OwnTokens {
  /** What all of them begin with. A token that begins so belongs to this source, whatever it may say. */
  readonly prefix?: string | undefined;
  /** Values of `iss` in signed tokens, or what says of claims, which are not verified yet, whether their `iss` is one. */
  readonly issuers?: readonly string[] | ((claims: { readonly [claim: string]: unknown }) => boolean);
  /** Whether its tokens may also be opaque: neither signed nor told apart by a prefix. */
  readonly opaque?: boolean;
}

/** A verifier with the issuers of its tokens. */
export interface TokenSource {
  /** Exactly as they call themselves; they go into the protected-resource metadata. */
  readonly authorizationServers: readonly string[];
  readonly verify: Verifier;
  /** Needed for `anyOf`: which tokens it is shown. */
  readonly own?: readonly OwnTokens[];
  /**
   * What its tokens name in place of the guarded resource, each with its issuer: a client, a project. Such a token is good at every resource
   * that the source guards, so it may guard one only.
   */
  readonly fixedAudience?: readonly string[];
}
