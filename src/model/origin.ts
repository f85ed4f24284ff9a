/**
 * Origin: which login brought somebody in, and what it wants to be told when it is asked again whether they may stay.
 */
import type { Json, Seconds } from './store.ts';

/** A sign-in, for as long as something lives that came of it. */
export interface Origin {
  readonly login: string;
  /** What the login needs to judge again; absent where it always says yes. */
  readonly standing?: Json;
}

/** The same as a session or a grant keeps it. */
export type KeptOrigin = {
  readonly login: string;
  /** Under the cookie of the session, or the key of the grant. */
  readonly sealed?: string;
  /** Of a grant: when the site itself was last asked. */
  readonly askedAt?: Seconds;
};

/** Whether somebody may stay: yes, a definite no, or that it cannot be told just now. */
export type Verdict = 'yes' | 'no' | 'unknown';

/** What a login may use to judge. */
export interface Rechecking {
  readonly env: unknown;
  /** A token of the site, where one was kept and the site was not asked for an hour; else null. */
  readonly token: string | null;
}
