/** Upper bounds of one run, so that no server can keep the doctor waiting, fill its memory or send it in circles. */

/** The bounds of a run. */
export interface Limits {
  /** Seconds for one request, its body included. */
  readonly requestSeconds: number;
  /** Seconds for the whole run. */
  readonly totalSeconds: number;
  /** Bytes of a body that are read. */
  readonly bytes: number;
  readonly redirects: number;
  readonly requests: number;
  /** Seconds until the first byte after which a server counts as slow. */
  readonly slowSeconds: number;
}

/** The bounds unless a test brings others. */
export const LIMITS: Limits = {
  requestSeconds: 10,
  totalSeconds: 120,
  bytes: 262_144,
  redirects: 5,
  requests: 250,
  slowSeconds: 3,
};
