/**
 * Permission lookups. A result may be cached for a few seconds; a revoked permission lasts that much longer, and no more.
 */
import { checkTypes } from '../lib/check-options.ts';
import { isAhead } from '../lib/clock.ts';
import { type SingleFlight, makeSingleFlight } from '../lib/single-flight.ts';
import type { Access } from './access.ts';
import type { Awaitable } from './runtime.ts';
import type { Seconds } from './store.ts';

/** Looks up what a user may do. If it rejects, the call is refused. */
export type PermissionLookup<Env = unknown> = (access: Access, env: Env) => Awaitable<readonly string[]>;

/** A cached lookup. */
export interface CachedLookup<Env> extends PermissionLookup<Env> {
  /** Drops the cached and pending results for a user in this process: call it when you change their permissions. */
  forget(userId: string): void;
}

/** Options of {@link cachedPermissions}. */
export interface CacheOptions {
  /** 0 to 5; default 5. */
  readonly seconds?: Seconds | undefined;
  /** The current time in seconds; the machine's clock by default. */
  readonly now?: (() => Seconds) | undefined;
}

const MAX_SECONDS = 5;
const MAX_USERS = 10_000;
/** For one user. */
const MAX_GRANTS = 1000;

interface Answer {
  readonly answer: readonly string[];
  readonly until: Seconds;
}

/** Cached and pending results for one user; both are dropped when the user is forgotten. */
interface KnownUser {
  readonly grants: Map<string, Answer>;
  readonly join: SingleFlight<readonly string[]>;
}

/**
 * Caches the results of a lookup for at most five seconds, by user and grant. Failures are not cached.
 *
 * @throws {TypeError} at start-up for more than five seconds.
 * @example
 * const permissions = cachedPermissions(async ({ userId }) => db.permissionsOf(userId), { seconds: 2 });
 */
export function cachedPermissions<Env = unknown>(lookup: PermissionLookup<Env>, options: CacheOptions = {}): CachedLookup<Env> {
  checkTypes('cachedPermissions', options, 'seconds now:function');
  const { seconds = MAX_SECONDS, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > MAX_SECONDS)
    throw new TypeError('cachedPermissions: `seconds` must be 0 to 5, because a revoked permission would last that much longer.');
  const users = new Map<string, KnownUser>();
  const cached = async (access: Access, env: Env): Promise<readonly string[]> => {
    const user = keyOf(`${access.tenant ?? ''} ${access.issuer ?? ''}`, access.userId);
    const own = users.get(user) ?? { grants: new Map<string, Answer>(), join: makeSingleFlight<readonly string[]>() };
    const known = own.grants.get(access.grantId);
    if (known && isAhead(known.until, seconds, now())) return known.answer;
    if (users.size >= MAX_USERS) users.clear();
    users.set(user, own);
    return own.join(access.grantId, async () => {
      const until = now() + seconds; // from the start of the lookup: its result may be that old
      const answer = await lookup(access, env);
      if (own.grants.size >= MAX_GRANTS) own.grants.clear();
      own.grants.set(access.grantId, { answer, until }); // unreachable if the user was forgotten meanwhile
      return answer;
    });
  };
  const forget = (userId: string): void => {
    for (const user of users.keys()) if (user.endsWith(` ${userId}`)) users.delete(user);
  };
  return Object.assign(cached, { forget });
}

/**
 * Permissions by role, for the option `permissions`. An unknown role gives none.
 *
 * @param rolesOf the roles of a user, looked up on each request.
 * @example
 * rolePermissions({ editor: ['notes:write'], admin: ['notes:write', 'notes:purge'] }, async (access) => db.rolesOf(access.userId))
 */
export function rolePermissions<Env = unknown>(
  roles: { readonly [role: string]: readonly string[] },
  rolesOf: PermissionLookup<Env>,
): PermissionLookup<Env> {
  return async (access, env) => {
    const roleNames = await rolesOf(access, env);
    return [...new Set(roleNames.flatMap((role) => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : [])))];
  };
}

/** Cache key of a user, within their issuer. */
export function keyOf(issuer: string | undefined, userId: string): string {
  return `${issuer ?? ''} ${userId}`;
}
