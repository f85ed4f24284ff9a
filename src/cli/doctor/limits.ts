/** Limits of one run, so that no server can make the doctor wait, use its memory or redirect without end. */

/** The limits of a run. */
export interface Limits {
  /** Seconds for one request, its body included. */
  readonly requestSeconds: number;
  /** Seconds for the whole run. */
  readonly totalSeconds: number;
  /** Maximum bytes read of a body. */
  readonly bytes: number;
  readonly redirects: number;
  readonly requests: number;
  /** Seconds until the first byte after which a server counts as slow. */
  readonly slowSeconds: number;
}

/** The default limits. */
export const LIMITS: Limits = {
  requestSeconds: 10,
  totalSeconds: 120,
  bytes: 262_144,
  redirects: 5,
  requests: 250,
  slowSeconds: 3,
};
