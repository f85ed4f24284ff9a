/**
 * Grants listed and ended: those of a user, of a client or of the whole server. Whatever ends a grant on behalf of its user comes through here: consent
 * is asked for again, and upstream accounts that no grant uses any more are released. Safe to run again after an interruption.
 */
import { OAuthError } from '../../model/error.ts';
import { type EndReason, type Grant, isLive } from '../../model/grant.ts';
import type { Cursor, Page, Stored } from '../../model/store.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { AuthServer } from '../auth-server.ts';
import { cutFormer } from './former.ts';

/** One page of live grants, oldest first. */
export async function grantsOfUser(as: AuthServer, userId: string, after?: Cursor): Promise<{ grants: readonly Grant[]; next?: Cursor }> {
  const { next, ...page } = await as.records.grantsOf(userId, after);
  const found = await grantsAt(as, page);
  const grants = found.filter((grant) => grant.userId === userId && isLive(grant, as.now()));
  return next === undefined ? { grants } : { grants, next };
}

/** The grants under these keys. One that has moved is in a list under each id that it has had, and on a page once. */
async function grantsAt(as: AuthServer, { keys, records }: Page): Promise<readonly Grant[]> {
  const found = await Promise.all(keys.map((key) => as.records.findGrant(key.slice('grant:'.length), records?.get(key))));
  return [...new Map(found.filter((grant) => grant !== null).map((grant) => [grant.id, grant])).values()];
}

/** Runs work after the response is sent, so that a slow upstream delays no one. */
export type After = (work: () => Promise<unknown>) => void;

/**
 * Ends a grant, effective from the next request; false, without a change, if it is another user's or has ended.
 *
 * @param userId null for a grant of any user.
 */
export async function endUserGrant(
  as: AuthServer,
  userId: string | null,
  grantId: string,
  reason: EndReason = 'revoked',
): Promise<boolean> {
  const known = await as.records.readAhead(grantId);
  const grant = known && (await as.records.findGrant(grantId, known));
  if (!grant || (userId !== null && grant.userId !== userId)) return false;
  await as.consents.forget(grant.userId, grant.clientId); // first: a grant that skips consent at the same time then ends itself
  const ended = await end(as, grant, reason, grant.id === grantId ? known : undefined);
  if (ended) await as.vault.release(grant.userId, upstreamsOf([grant]));
  return ended;
}

/** Ends everything that a user allowed a client. Safe to call again after an interruption. */
export async function disconnect(as: AuthServer, userId: string, clientId: string, after: After): Promise<void> {
  await cutFormer(as, { userId, clientId });
  await as.consents.forget(userId, clientId);
  const ended: Grant[] = [];
  for await (const grant of living(as, userId)) if (grant.clientId === clientId && (await end(as, grant))) ended.push(grant);
  after(() => as.vault.release(userId, upstreamsOf(ended)));
}

/**
 * Ends a user's other grants for a client and a resource, after a new one was stored. Of a client that is known by a document, only those
 * with the same redirect URI: several installations share its id.
 */
export async function disconnectOthers(
  as: AuthServer,
  { userId, clientId, resource, redirectUri }: Pick<Grant, 'userId' | 'clientId' | 'resource'> & { readonly redirectUri: string },
  newGrantId: string,
): Promise<void> {
  const isShared = clientId.includes('://');
  if (!isShared) await cutFormer(as, { userId, clientId });
  const ended: Grant[] = [];
  for await (const grant of living(as, userId)) {
    const isSame = grant.clientId === clientId && grant.resource === resource && (!isShared || grant.redirectUri === redirectUri);
    if (isSame && grant.id !== newGrantId && (await end(as, grant))) ended.push(grant);
  }
  await as.vault.release(userId, upstreamsOf(ended));
}

/** Ends everything that a user allowed. Safe to call again after an interruption. */
export async function disconnectAll(as: AuthServer, userId: string, after: After): Promise<void> {
  await cutFormer(as, { userId });
  await as.consents.forgetAll(userId);
  const ended: Grant[] = [];
  for await (const grant of living(as, userId)) if (await end(as, grant)) ended.push(grant);
  after(() => as.vault.release(userId, upstreamsOf(ended)));
}

function upstreamsOf(grants: readonly Grant[]): readonly string[] {
  return [...new Set(grants.flatMap((grant) => grant.upstreams?.ids ?? []))];
}

async function* living(as: AuthServer, userId: string): AsyncGenerator<Grant> {
  let after: Cursor | undefined;
  do {
    const page = await grantsOfUser(as, userId, after);
    yield* page.grants;
    after = page.next;
  } while (after !== undefined);
}

/** False for a grant that has expired by now. */
async function end(as: AuthServer, { id }: Grant, reason: EndReason = 'revoked', known?: Stored): Promise<boolean> {
  try {
    return await as.records.changeGrant(id, revoke(reason, as.now()), known && { known }); // what has changed since is read again
  } catch (error) {
    if (error instanceof OAuthError && error.reason === 'grant_unknown') return false;
    throw error;
  }
}

/** Which grants. */
export type GrantFilter = { readonly userId: string } | { readonly clientId: string } | 'all';

/** One page of live grants. A page can be empty although more follow. */
export async function grantsOf(as: AuthServer, filter: GrantFilter, after?: Cursor): Promise<{ grants: readonly Grant[]; next?: Cursor }> {
  const { next, ...page } = await keysOf(as, filter, after);
  const grants = (await grantsAt(as, page)).filter((grant) => isOf(grant, filter) && isLive(grant, as.now()));
  return next === undefined ? { grants } : { grants, next };
}

/** Ends all matching grants, effective from the next request. @returns how many ended. */
export async function endGrants(as: AuthServer, filter: GrantFilter, reason: EndReason = 'revoked'): Promise<number> {
  await cutFormer(as, filter === 'all' ? {} : filter);
  let [ended, after]: [number, Cursor | undefined] = [0, undefined];
  do {
    const page = await grantsOf(as, filter, after);
    for (const { id, userId } of page.grants) if (await endUserGrant(as, userId, id, reason)) ended++;
    after = page.next;
  } while (after !== undefined);
  return ended;
}

async function keysOf(as: AuthServer, filter: GrantFilter, after?: Cursor): Promise<Page> {
  if (filter !== 'all') return as.store.list('userId' in filter ? `user:${filter.userId}` : `client:${filter.clientId}`, after, true);
  if (!as.store.all) throw new TypeError('This store cannot list all its records; list grants by user or by client.');
  const { records, ...page } = await as.store.all(after);
  return { ...page, keys: records.map(({ key }) => key).filter((key) => key.startsWith('grant:')) };
}

/** Indexes can be stale: the record decides. */
function isOf(grant: Grant, filter: GrantFilter): boolean {
  if (filter === 'all') return true;
  return 'userId' in filter ? grant.userId === filter.userId : grant.clientId === filter.clientId;
}
