/**
 * Origin: the login a user came from, and what it needs to check later whether they still have access.
 */
import type { Json, Seconds } from './store.ts';

/** The sign-in that a session or grant came from. */
export interface Origin {
  readonly login: string;
  /** What the login needs for the check; absent if it always agrees. */
  readonly standing?: Json;
}

/** The same as stored in a session or grant. */
export type StoredOrigin = {
  readonly login: string;
  /** `standing`, sealed under the session's cookie or the grant's key. */
  readonly sealed?: string;
  /** For a grant: when the upstream itself was last asked. */
  readonly askedAt?: Seconds;
};

/** Whether a user still has access; `unknown` if that cannot be found out now. */
export type Verdict = 'yes' | 'no' | 'unknown';

/** What a login can use for the check. */
export interface RecheckContext {
  readonly env: unknown;
  /** An upstream token if one is kept and the upstream was not asked within the hour; else null. */
  readonly token: string | null;
}
