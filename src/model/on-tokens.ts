/**
 * The option `onTokens`: the application is asked whenever tokens are issued, and may change what they stand for. Its shapes, and how its
 * answer changes them.
 */
import type { OAuthError } from './error.ts';
import type { Grant, GrantAccess } from './grant.ts';
import type { Awaitable } from './runtime.ts';
import type { Seconds } from './store.ts';

/** Which request the tokens are for: the `grant_type` (RFC 6749 §4, RFC 7523, RFC 8628, RFC 8693). */
export type TokensReason =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:device_code'
  | 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  | 'urn:ietf:params:oauth:grant-type:token-exchange';

/** What is about to be issued. */
export interface TokensRequest {
  /** The grant that the tokens belong to. */
  readonly grant: {
    readonly id: string;
    readonly userId: string;
    readonly clientId: string;
    readonly resource: string;
    /** All scopes of the grant. */
    readonly scope: readonly string[];
    readonly organization?: { readonly id: string; readonly name: string };
    /** When the user granted, in seconds since 1970. */
    readonly createdAt: Seconds;
    /** The absolute end, in seconds since 1970. */
    readonly expiresAt: Seconds;
  };
  /** The props of the grant. */
  readonly props: unknown;
  /** Scopes of the access token. */
  readonly scope: readonly string[];
  readonly reason: TokensReason;
  /** Aborts after 30 seconds. Pass it to your own fetch: the grant is held for you for a minute. */
  readonly signal: AbortSignal;
}

/** What to change. Absent members stay as they are. */
export interface TokensChange {
  /** The new props of the grant; JSON. */
  readonly props?: unknown;
  /** The props of this access token alone; JSON. By default those of the grant. */
  readonly accessTokenProps?: unknown;
  /** Fewer scopes for this access token. */
  readonly scope?: readonly string[];
  /** Lifetime of this access token in seconds; never beyond the end of the grant. */
  readonly accessTokenTTL?: Seconds;
}

/**
 * Asked before tokens are issued or refreshed, by one request at a time for each grant; nothing is spent before it answers.
 * `throw new OAuthError('invalid_grant', reason)` ends the grant; any other exception is a 503 that keeps it.
 */
export type OnTokens<Env = unknown> = (request: TokensRequest, env: Env) => Awaitable<TokensChange | undefined | void>;

/** What the application sees of a grant. */
export function tokensGrant(grant: Grant): TokensRequest['grant'] {
  const { id, userId, clientId, resource, scope, organization, createdAt, expiresAt } = grant;
  return { id, userId, clientId, resource, scope, ...(organization ? { organization } : {}), createdAt, expiresAt };
}

/** A change whose props are sealed already. */
export interface SealedChange {
  readonly sealedProps?: string;
  readonly accessProps?: string;
  readonly scope?: readonly string[];
  readonly accessTokenTTL?: Seconds;
}

/** The grant and its newest access token with the change. @param access an entry of the grant (the same object). */
export function applyChange(
  grant: Grant,
  access: GrantAccess,
  { sealedProps = grant.sealedProps, accessProps, scope = access.scope, accessTokenTTL }: SealedChange,
  now: Seconds,
): { readonly grant: Grant; readonly access: GrantAccess } {
  const expiresAt = accessTokenTTL === undefined ? access.expiresAt : Math.min(now + accessTokenTTL, grant.expiresAt);
  const next = { ...access, scope, expiresAt, ...(accessProps === undefined ? {} : { sealedProps: accessProps }) };
  return { grant: { ...grant, sealedProps, access: grant.access.map((one) => (one === access ? next : one)) }, access: next };
}

/** Why a change cannot be made; null if it can. */
export function changeProblem(change: TokensChange, granted: readonly string[]): string | null {
  const { scope, accessTokenTTL, ...rest } = change;
  const unknown = Object.keys(rest).find((name) => name !== 'props' && name !== 'accessTokenProps');
  if (unknown !== undefined) return `has ${JSON.stringify(unknown)}, which is not one of props, accessTokenProps, scope, accessTokenTTL`;
  if (scope !== undefined && !(Array.isArray(scope) && scope.every((one) => granted.includes(one))))
    return `may only take scopes away: \`scope\` must list some of ${JSON.stringify(granted)}`;
  if (accessTokenTTL !== undefined && !(Number.isSafeInteger(accessTokenTTL) && accessTokenTTL > 0))
    return 'needs a whole number of seconds above 0 as `accessTokenTTL`';
  return null;
}

/** Whether the application said that the grant is over. */
export function isGrantOver(error: unknown): error is OAuthError {
  return error instanceof Error && error.name === 'OAuthError' && (error as OAuthError).code === 'invalid_grant';
}
