/**
 * Lists and ends grants of a user, of a client, or of the whole server, for operators. Each grant ends as if its user had disconnected it
 * (`core/records/user-grants`), so consent is asked for again. Safe to run again after an interruption.
 */
import { type Grant, isLive } from '../../model/grant.ts';
import type { Cursor, Key } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { endUserGrant } from './user-grants.ts';

/** Which grants. */
export type GrantFilter = { readonly userId: string } | { readonly clientId: string } | 'all';

/** One page of live grants. A page can be empty although more follow. */
export async function grantsOf(as: AuthServer, filter: GrantFilter, after?: Cursor): Promise<{ grants: readonly Grant[]; next?: Cursor }> {
  const { keys, next } = await keysOf(as, filter, after);
  const found = await Promise.all(keys.map((key) => as.records.findGrant(key.slice('grant:'.length))));
  const grants = found.filter((grant): grant is Grant => grant !== null && isOf(grant, filter) && isLive(grant, as.now()));
  return next === undefined ? { grants } : { grants, next };
}

/** Ends all matching grants, effective from the next request. @returns how many ended. */
export async function endGrants(as: AuthServer, filter: GrantFilter): Promise<number> {
  let [ended, after]: [number, Cursor | undefined] = [0, undefined];
  do {
    const page = await grantsOf(as, filter, after);
    for (const { id, userId } of page.grants) if (await endUserGrant(as, userId, id)) ended++;
    after = page.next;
  } while (after !== undefined);
  return ended;
}

async function keysOf(as: AuthServer, filter: GrantFilter, after?: Cursor): Promise<{ keys: readonly Key[]; next?: Cursor }> {
  if (filter !== 'all') return as.store.list('userId' in filter ? `user:${filter.userId}` : `client:${filter.clientId}`, after);
  if (!as.store.all) throw new TypeError('This store cannot list all its records; list grants by user or by client.');
  const { records, ...page } = await as.store.all(after);
  return { ...page, keys: records.map(({ key }) => key).filter((key) => key.startsWith('grant:')) };
}

/** Indexes can be stale: the record decides. */
function isOf(grant: Grant, filter: GrantFilter): boolean {
  if (filter === 'all') return true;
  return 'userId' in filter ? grant.userId === filter.userId : grant.clientId === filter.clientId;
}
