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
  /** Seconds from now until the grant ends, whatever is refreshed, where it has a refresh token; 0 for a code: it gets none. */
  readonly refreshTokenTTL?: Seconds;
  /** Seconds without a refresh after which its refresh token ends, from this one on; never beyond the end of the grant. */
  readonly refreshTokenIdleTTL?: Seconds;
}

const MAX_TTL: Seconds = 3650 * 86_400;

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
export interface SealedChange extends Pick<TokensChange, 'scope' | 'accessTokenTTL' | 'refreshTokenTTL' | 'refreshTokenIdleTTL'> {
  readonly sealedProps?: string;
  readonly accessProps?: string;
}

/** The grant and its newest access token with the change. @param access an entry of the grant (the same object). */
export function applyChange(
  grant: Grant,
  access: GrantAccess,
  { sealedProps = grant.sealedProps, accessProps, scope = access.scope, accessTokenTTL, ...further }: SealedChange,
  now: Seconds,
): { readonly grant: Grant; readonly access: GrantAccess } {
  const { expiresAt: end, ...ends } = withEnds(grant, further, now);
  const life = accessTokenTTL ?? (end === grant.expiresAt ? undefined : grant.lifetimes.access);
  const expiresAt = life === undefined ? access.expiresAt : Math.min(now + life, end);
  const next = { ...access, scope, expiresAt, ...(accessProps === undefined ? {} : { sealedProps: accessProps }) };
  const entries = grant.access.map((one) => (one === access ? next : one));
  return { grant: { ...grant, ...ends, expiresAt: end, sealedProps, access: entries }, access: next };
}

/** When the grant and its refresh token end. A grant without one ends with its access token. */
function withEnds(
  { expiresAt, lifetimes, refresh }: Grant,
  { refreshTokenTTL: ttl, refreshTokenIdleTTL: idle = lifetimes.refresh }: SealedChange,
  now: Seconds,
): Pick<Grant, 'expiresAt' | 'lifetimes' | 'refresh'> {
  if (refresh === null || (ttl === undefined && idle === lifetimes.refresh)) return { expiresAt, lifetimes, refresh };
  if (ttl === 0) return { expiresAt, lifetimes: { ...lifetimes, refresh: 0 }, refresh: null };
  const end = ttl === undefined ? expiresAt : now + ttl;
  return { expiresAt: end, lifetimes: { ...lifetimes, refresh: idle }, refresh: { ...refresh, expiresAt: Math.min(now + idle, end) } };
}

/** Why a change cannot be made; null if it can. */
export function changeProblem(change: TokensChange, granted: readonly string[], reason: TokensReason): string | null {
  const { props: _, accessTokenProps: __, scope, ...rest } = change;
  if (scope !== undefined && !(Array.isArray(scope) && scope.every((one) => granted.includes(one))))
    return `may only take scopes away: \`scope\` must list some of ${JSON.stringify(granted)}`;
  for (const [name, seconds] of Object.entries(rest)) {
    const least = { accessTokenTTL: 1, refreshTokenTTL: reason === 'authorization_code' ? 0 : 1, refreshTokenIdleTTL: 1 }[name];
    if (least === undefined)
      return `has ${JSON.stringify(name)}, which is not one of props, accessTokenProps, scope, accessTokenTTL, refreshTokenTTL, refreshTokenIdleTTL`;
    if (seconds !== undefined && !(Number.isSafeInteger(seconds) && seconds >= least && seconds <= MAX_TTL))
      return `needs a whole number of seconds as \`${name}\`, at least ${least}, at most ten years`;
  }
  return null;
}

/** Whether the application said that the grant is over. */
export function isGrantOver(error: unknown): error is OAuthError {
  return error instanceof Error && error.name === 'OAuthError' && (error as OAuthError).code === 'invalid_grant';
}
