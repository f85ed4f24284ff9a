/**
 * What a login proves: the result of a sign-in attempt, for every kind of login; the identity in it, known by (issuer, subject) and never by e-mail
 * (OpenID Connect Core §5.7); and what a session or grant keeps of the sign-in, to check later whether the user still has access.
 */
import { defined, type Defined } from '../lib/json.ts';
import type { Text } from '../words/words.ts';
import type { ErrorCode } from './error.ts';
import type { Json, Seconds } from './store.ts';
import type { LinkedAccount, UpstreamTokens } from './upstream.ts';

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
  /** The result for a user who signs in for the first time: why the upstream did not tell the address to link by. */
  readonly ifNew?: Exclude<ReturnResult, Authenticated>;
  /** The account's stamp at authentication. Compared again after the session is written, in case the credentials have changed. */
  readonly stamp?: string;
  /** The id of the passkey that was used. Looked up again after the session is written, in case it was removed. */
  readonly passkey?: string;
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

/** What an event says of a sign-in that failed. */
export function failureOf(result: Refused | Limited): Defined<{ reason: string; userId: string | undefined }> {
  return defined({ reason: result.kind === 'limited' ? 'limited' : result.reason, userId: result.userId });
}

/** Refuses permissions that are no list, which a tool's `includes` would search like a text. @param from where they come from. @throws {TypeError} */
export function checkPermissions(from: string, permissions: unknown): void {
  if (permissions && !Array.isArray(permissions)) throw new TypeError(`${from}: the permissions of a user must be a list.`);
}
