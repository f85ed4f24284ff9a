/**
 * Token source: whose tokens are good, and who says so, in one value that a guard takes: `guard({ resource, ...auth0({ domain }) })`.
 * `portcullis/verifiers` makes them for authorization servers that are not ours.
 */
import type { Checked } from '../model/access.ts';
import type { Awaitable } from '../model/runtime.ts';

/** Says what a token is worth at a resource; null for whatever is not good there. Rejects when it cannot tell. */
export type Verifier = (token: string, resource: string) => Awaitable<Checked | null>;

/** A verifier with the issuers whose tokens it knows. */
export interface TokenSource {
  /** Exactly as they call themselves; they go into the protected-resource metadata. */
  readonly authorizationServers: readonly string[];
  readonly verify: Verifier;
}
