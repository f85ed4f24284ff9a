/**
 * All grants: what an operator sees and ends of them, whoever's they are: a user's, a client's, everybody's. Each is ended as its own
 * user would (`core/records/user-grants`), so that nothing is given again without asking; what was interrupted can be done again.
 */
import { type Grant, isLive } from '../../model/grant.ts';
import type { Cursor, Key } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { endUserGrant } from './user-grants.ts';

/** Whose grants. */
export type GrantFilter = { readonly userId: string } | { readonly clientId: string } | 'everybody';

/** One page of living grants. A page may be empty though more follow. */
export async function grantsOf(as: AuthServer, whose: GrantFilter, after?: Cursor): Promise<{ grants: readonly Grant[]; next?: Cursor }> {
  const { keys, next } = await keysOf(as, whose, after);
  const found = await Promise.all(keys.map((key) => as.records.findGrant(key.slice('grant:'.length))));
  const grants = found.filter((grant): grant is Grant => grant !== null && isOf(grant, whose) && isLive(grant, as.now()));
  return next === undefined ? { grants } : { grants, next };
}

/** Ends them all, from the next request of each on; tells how many. */
export async function endGrants(as: AuthServer, whose: GrantFilter): Promise<number> {
  let [ended, after]: [number, Cursor | undefined] = [0, undefined];
  do {
    const page = await grantsOf(as, whose, after);
    for (const { id, userId } of page.grants) if (await endUserGrant(as, userId, id)) ended++;
    after = page.next;
  } while (after !== undefined);
  return ended;
}

async function keysOf(as: AuthServer, whose: GrantFilter, after?: Cursor): Promise<{ keys: readonly Key[]; next?: Cursor }> {
  if (whose !== 'everybody') return as.store.list('userId' in whose ? `user:${whose.userId}` : `client:${whose.clientId}`, after);
  if (!as.store.all) throw new TypeError('This store cannot list all its records; list grants by user or by client.');
  const { records, ...page } = await as.store.all(after);
  return { ...page, keys: records.map(({ key }) => key).filter((key) => key.startsWith('grant:')) };
}

/** Lists are hints: the record decides. */
function isOf(grant: Grant, whose: GrantFilter): boolean {
  if (whose === 'everybody') return true;
  return 'userId' in whose ? grant.userId === whose.userId : grant.clientId === whose.clientId;
}
