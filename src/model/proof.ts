/**
 * Results of a sign-in attempt, for every kind of login.
 */
import { defined, type Defined } from '../lib/defined.ts';
import type { Text } from '../words/words.ts';
import type { ErrorCode } from './error.ts';
import type { Identity, Organization } from './identity.ts';
import type { Json, Seconds } from './store.ts';
import type { LinkedAccount, UpstreamTokens } from './upstream.ts';

/** The user is authenticated. */
export type Authenticated = {
  readonly kind: 'proven';
  readonly identity: Identity;
  /** The user's permissions, if the login knows them; stored in `props.permissions`. */
  readonly permissions?: readonly string[];
  /** Upstream tokens, if the login keeps them: stored in the vault, sealed. */
  readonly upstream?: { readonly account: LinkedAccount; readonly tokens: UpstreamTokens };
  /** Organizations that the user may act for. With several, the user chooses one for each client; stored in `props.organization`. */
  readonly organizations?: readonly Organization[];
  /** An address that the upstream verified, if accounts may be linked by address: the identity is linked to the account that verified the same. */
  readonly joinByEmail?: string;
  /** The account's stamp at authentication. Compared again after the session is written, in case the credentials have changed. */
  readonly stamp?: string;
  /** When the user authenticated. Absent if unknown: the session starts, but does not count as a recent sign-in. */
  readonly authenticatedAt?: Seconds;
  /** What the login needs to check later whether the user still has access (`recheck`). */
  readonly standing?: Json;
  /** Set if it was two factors in one, like a passkey with user verification: no second factor is asked for. */
  readonly multiFactor?: true;
};

/** Another page before the user is authenticated (SEC-158). */
export type Step = {
  readonly kind: 'step';
  /** What the login needs when the page is submitted. Stored sealed, bound to this browser and sign-in; the page does not contain it. */
  readonly keep: Json;
  /** Attempts before the user must start again; 5 by default. With 1, the step is used up before the input is checked. */
  readonly tries?: number;
  /** Lifetime in seconds; 600 by default. */
  readonly ttl?: Seconds;
};

/**
 * The user is not authenticated. `text` explains it if the default message for the reason does not. `field` names the form field to mark as
 * wrong; it must not depend on whether the account exists. `userId` is the user who was named, for the event alone.
 */
export type Refused = {
  readonly kind: 'refused';
  readonly reason: string;
  readonly text?: Text;
  readonly field?: string;
  readonly userId?: string | undefined;
};

/** Too many attempts: try again in so many seconds. */
export type Limited = { readonly kind: 'limited'; readonly retryAfter: Seconds; readonly userId?: string | undefined };

/** Result of a sign-in attempt. */
export type LoginResult = Authenticated | Refused | Limited | Step;

/** Result of an upstream callback. */
export type ReturnResult =
  | Authenticated
  | Refused
  /** The upstream is down (`unavailable`), or its answer is not acceptable (`broken`). */
  | { readonly kind: 'unavailable' | 'broken'; readonly reason: string; readonly retryAfter?: Seconds }
  /** The upstream returned an error; the client gets it. */
  | {
      readonly kind: 'declined';
      readonly error: Extract<ErrorCode, 'access_denied' | 'server_error' | 'temporarily_unavailable'>;
      readonly reason: string;
    };

/** How far the clock of another site may be ahead. */
const MAX_AHEAD: Seconds = 300;

/** When a user authenticated; 0 if that is not known. A time that has not come, such as one in milliseconds, would be recent for ever. */
export function timeOfProof(at: Seconds | undefined, now: Seconds): Seconds {
  return typeof at === 'number' && at <= now + MAX_AHEAD ? Math.min(at, now) : 0;
}

/** What an event says of a sign-in that failed. */
export function failureOf(result: Refused | Limited): Defined<{ reason: string; userId: string | undefined }> {
  return defined({ reason: result.kind === 'limited' ? 'limited' : result.reason, userId: result.userId });
}
