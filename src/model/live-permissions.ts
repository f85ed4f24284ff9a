/**
 * Permissions that are looked up while a token lives. A look-up may be remembered for a few seconds: that, and no more, is how
 * long a right may outlive its end.
 */
import { type SingleFlight, makeSingleFlight } from '../lib/single-flight.ts';
import type { Access } from './access.ts';
import type { Awaitable } from './runtime.ts';
import type { Seconds } from './store.ts';

/** Looks up what a user may do. When it rejects, the call is refused. */
export type PermissionLookup<Env = unknown> = (access: Access, env: Env) => Awaitable<readonly string[]>;

/** A look-up that remembers. */
export interface CachedLookup<Env> extends PermissionLookup<Env> {
  /** Forgets what is remembered of a user in this process, answers that are still under way included: call it when you change their rights. */
  forget(userId: string): void;
}

/** Options of {@link cachedPermissions}. */
export interface CacheOptions {
  /** 0 to 5; default 5. */
  readonly seconds?: Seconds;
  /** The present second; the machine's clock unless told. */
  readonly now?: () => Seconds;
}

const MAX_SECONDS = 5;
const MAX_USERS = 10_000;
/** Of one user. */
const MAX_GRANTS = 1000;

interface Answer {
  readonly answer: readonly string[];
  readonly until: Seconds;
}

/** What is remembered of one user, and what is being asked; both go when the user is forgotten. */
interface KnownUser {
  readonly grants: Map<string, Answer>;
  readonly join: SingleFlight<readonly string[]>;
}

/**
 * Remembers a look-up's answers for at most five seconds, by user and grant. Failures are not remembered.
 *
 * @throws {TypeError} at start-up for more than five seconds.
 */
export function cachedPermissions<Env = unknown>(lookup: PermissionLookup<Env>, options: CacheOptions = {}): CachedLookup<Env> {
  const { seconds = MAX_SECONDS, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > MAX_SECONDS)
    throw new TypeError('cachedPermissions: `seconds` must be 0 to 5, or a right would outlive its end by more than anybody expects.');
  const users = new Map<string, KnownUser>();
  const cached = async (access: Access, env: Env): Promise<readonly string[]> => {
    const user = keyOf(`${access.tenant ?? ''} ${access.issuer ?? ''}`, access.userId);
    const own = users.get(user) ?? { grants: new Map<string, Answer>(), join: makeSingleFlight<readonly string[]>() };
    const known = own.grants.get(access.grantId);
    if (known && known.until > now()) return known.answer;
    if (users.size >= MAX_USERS) users.clear();
    users.set(user, own);
    return own.join(access.grantId, async () => {
      const until = now() + seconds; // from the question on: the answer may be as old as that
      const answer = await lookup(access, env);
      if (own.grants.size >= MAX_GRANTS) own.grants.clear();
      own.grants.set(access.grantId, { answer, until }); // not read again where the user was forgotten meanwhile
      return answer;
    });
  };
  const forget = (userId: string): void => {
    for (const user of users.keys()) if (user.endsWith(` ${userId}`)) users.delete(user);
  };
  return Object.assign(cached, { forget });
}

/**
 * Permissions by role: `rolePermissions({ editor: ['write'] }, (access) => rolesOf(access.userId))`. A role that is not named
 * gives nothing.
 */
export function rolePermissions<Env = unknown>(
  roles: { readonly [role: string]: readonly string[] },
  rolesOf: PermissionLookup<Env>,
): PermissionLookup<Env> {
  return async (access, env) => {
    const held = await rolesOf(access, env);
    return [...new Set(held.flatMap((role) => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : [])))];
  };
}

/** A user of one issuer: a name without its issuer is nobody's. */
export function keyOf(issuer: string | undefined, userId: string): string {
  return `${issuer ?? ''} ${userId}`;
}
