/**
 * Identity: what a login proved. Keyed by (issuer, subject), never by e-mail (OpenID Connect Core §5.7).
 */

/** One of the organizations that somebody may act for. */
export type Organization = {
  readonly id: string;
  /** As pages show it. */
  readonly name: string;
  /** What the user may do there; counts instead of the permissions of the user alone. */
  readonly permissions?: readonly string[];
};

/** Who somebody is, and who says so. */
export interface Identity {
  /** Who vouches: our own issuer for own accounts, the upstream's for others. */
  readonly issuer: string;
  /** The stable name that the issuer gave. */
  readonly subject: string;
  /** What else is known: name, e-mail … */
  readonly claims: { readonly [claim: string]: unknown };
  /** The one organization that the user came with, as its site names it: tenant, workspace, domain of the accounts. */
  readonly organization?: string;
  /** What the site's roles let the user do, where its option `roles` says so. A mapping can say otherwise. */
  readonly permissions?: readonly string[];
}
