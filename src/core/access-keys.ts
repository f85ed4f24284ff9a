/**
 * Access keys: makes personal access tokens and service keys, lists them, and notes when they were used. Each is a grant with one access
 * token (`model/token.ts`), and ends as every other grant does.
 */
import type { Organization, Origin } from '../model/identity.ts';
import { formatKey, type GrantKey, keyClientId, serviceUserId, unwrap, wrap } from '../model/token.ts';
import { OAuthError } from '../model/error.ts';
import { end, type Grant } from '../model/grant.ts';
import { grantTTL } from '../model/resource.ts';
import type { Cursor, Seconds } from '../model/store.ts';
import type { UpstreamRef } from '../model/upstream.ts';
import type { AuthServer } from './auth-server.ts';
import { grantsOfUser } from './records/grants.ts';
import { ALL_KEYS } from './records/grant-records.ts';
import { sealRefs } from './records/secrets.ts';

/** How often the last use of a key is written. */
export const USE_INTERVAL: Seconds = 600;

/** The key to make; checked by the caller. */
export interface KeyRequest {
  /** Id of its grant: the same one for a form that is sent twice. A random one by default. */
  readonly id?: string;
  readonly kind: GrantKey['kind'];
  readonly name: string;
  readonly userId: string;
  readonly scope: readonly string[];
  /** Canonical URI. */
  readonly resource: string;
  readonly ttl: Seconds;
  /** What tools find in `props`; never permissions, which are looked up on each call. */
  readonly claims: { readonly [claim: string]: unknown };
  readonly organization?: Pick<Organization, 'id' | 'name'> | undefined;
  /** Upstream accounts that its tools may use. */
  readonly linked?: readonly UpstreamRef[];
  /** The sign-in of its maker, checked again while it is used. */
  readonly origin?: Origin | null;
}

/** A key and its text, which is stored nowhere; null if its grant exists: the form was sent twice. */
export async function makeKey(as: AuthServer, request: KeyRequest): Promise<{ readonly key: string; readonly grant: Grant } | null> {
  const { secrets, settings } = as;
  const { id = secrets.id(as.place), kind, name, userId, scope, resource, ttl, claims, organization, origin, linked = [] } = request;
  const [now, grantKey, key] = [as.now(), as.runtime.random(32), formatKey(id, secrets.secret())];
  const own = organization ? { organization: { id: organization.id, name: organization.name } } : {};
  const sealedOrigin =
    origin?.standing === undefined ? {} : { sealed: await secrets.sealWith(grantKey, origin.standing, `grant:${id}:origin`) };
  // The vault keeps upstream tokens for as long as a grant of an app may last.
  const usable = ttl <= grantTTL(settings) ? linked : [];
  const grant: Grant = {
    v: 1,
    id,
    clientId: keyClientId(id),
    clientAuth: 'confidential', // no client can present it
    userId,
    key: { kind, name },
    scope,
    resource,
    ...own,
    createdAt: now,
    expiresAt: now + ttl,
    lifetimes: { access: ttl, refresh: 0, grace: 0 },
    sealedProps: await secrets.sealWith(grantKey, { claims, ...own }, `grant:${id}`),
    ...(usable.length === 0 ? {} : { upstreams: await sealRefs(secrets, id, grantKey, usable) }),
    ...(origin ? { origin: { login: origin.login, ...sealedOrigin } } : {}),
    code: null,
    refresh: null,
    retired: [],
    access: [{ ...wrap(grantKey, await secrets.proof(key)), scope, expiresAt: now + ttl }],
    usedAt: now,
    ended: null,
  };
  if (!(await as.records.openGrant(grant))) return null;
  as.emit({ kind: 'grant.opened', grantId: id, clientId: grant.clientId, userId });
  return { key, grant };
}

/** Every live key of a user. @param most stop after so many. */
export async function keysOfUser(as: AuthServer, userId: string, most: number = Infinity): Promise<readonly Grant[]> {
  const keys: Grant[] = [];
  let after: Cursor | undefined;
  do {
    const page = await grantsOfUser(as, userId, after);
    keys.push(...page.grants.filter((grant) => grant.key !== undefined));
    after = page.next;
  } while (after !== undefined && keys.length < most);
  return keys;
}

/** Whose keys: a user's, those of an organization, those of the server, or all. */
export type KeyFilter = { readonly userId: string } | { readonly organization: string } | 'server' | 'all';

/** One page of live keys, oldest first. A page can be empty although more follow. */
export async function keysOf(as: AuthServer, filter: KeyFilter, after?: Cursor): Promise<{ keys: readonly Grant[]; next?: Cursor }> {
  if (filter === 'all') {
    const { keys, next } = await as.store.list(ALL_KEYS, after);
    const found = await Promise.all(keys.map((key) => as.records.findGrant(key.slice('grant:'.length))));
    const live = found.filter((grant) => grant !== null && grant.key !== undefined && !grant.ended && grant.expiresAt > as.now());
    return { keys: live as readonly Grant[], ...(next === undefined ? {} : { next }) };
  }
  const { grants, next } = await grantsOfUser(as, ownerOf(filter), after);
  return { keys: grants.filter(({ key }) => key !== undefined), ...(next === undefined ? {} : { next }) };
}

function ownerOf(filter: Exclude<KeyFilter, 'all'>): string {
  if (filter === 'server') return serviceUserId();
  return 'userId' in filter ? filter.userId : serviceUserId({ id: filter.organization });
}

/**
 * Notes that a key was used, at most every ten minutes, and then also asks whether the sign-in of its user still holds. A note that cannot
 * be written refuses no call.
 *
 * @returns why the key has ended; null if it is good.
 */
export async function noteUse(as: AuthServer, grant: Grant, token: string): Promise<string | null> {
  const now = as.now();
  if (now - (grant.key?.lastUsedAt ?? -Infinity) < USE_INTERVAL) return null;
  let problem: string | null = null;
  try {
    const pad = await as.secrets.pad(token);
    await as.records.changeGrant(grant.id, async (current) => {
      const [access] = current.access;
      problem = current.ended ? `grant_${current.ended.reason}` : null;
      if (problem !== null || !access || !current.key) return { result: null };
      if (now - (current.key.lastUsedAt ?? -Infinity) < USE_INTERVAL) return { result: null };
      const checked = await as.parts.recheck(as, current, unwrap(access, pad));
      if (checked) return { grant: { ...checked, usedAt: now, key: { ...current.key, lastUsedAt: now } }, result: null };
      problem = 'access_withdrawn';
      return { grant: end(current, 'access_withdrawn', now), result: null };
    });
  } catch (error) {
    if (error instanceof OAuthError && error.reason === 'grant_unknown') return error.reason;
    as.emit({ kind: 'request.failed', endpoint: 'access-keys', requestId: as.secrets.id(), error });
  }
  return problem;
}
