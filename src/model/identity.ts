/**
 * Identity: what a login proved. Keyed by (issuer, subject), never by e-mail (OpenID Connect Core §5.7).
 */

/** Who somebody is, and who says so. */
export interface Identity {
  /** Who vouches: our own issuer for own accounts, the upstream's for others. */
  readonly issuer: string;
  /** The stable name that the issuer gave. */
  readonly subject: string;
  /** What else is known: name, e-mail … */
  readonly claims: { readonly [claim: string]: unknown };
}
