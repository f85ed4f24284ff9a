/**
 * Identity: what a login proved. Identified by (issuer, subject), never by e-mail (OpenID Connect Core §5.7).
 */

/** An organization that a user may act for. */
export type Organization = {
  readonly id: string;
  /** Shown on pages. */
  readonly name: string;
  /** What the user may do there; replaces the user's own permissions. */
  readonly permissions?: readonly string[];
};

/** A user, as an issuer identifies them. */
export interface Identity {
  /** Our own issuer for built-in accounts, the upstream's for others. */
  readonly issuer: string;
  /** The stable id at the issuer. */
  readonly subject: string;
  /** Other claims: name, e-mail … */
  readonly claims: { readonly [claim: string]: unknown };
  /** The organization that the user signed in with, as the upstream names it: tenant, workspace, hosted domain. */
  readonly organization?: string;
  /** Permissions from the upstream's roles, as its `roles` option maps them. `mapIdentity` can override them. */
  readonly permissions?: readonly string[];
}
