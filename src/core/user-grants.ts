/**
 * User grants: what a user allowed, as they see it and take it back. Everything that ends a grant because its user says so
 * comes through here.
 */
import { OAuthError } from '../model/error.ts';
import { type EndReason, type Grant, isLive } from '../model/grant.ts';
import type { Cursor } from '../model/store.ts';
import { revoke } from '../model/transition.ts';
import type { AuthServer } from './auth-server.ts';

/** One page of living grants, in the order they were given. */
export async function grantsOfUser(as: AuthServer, userId: string, after?: Cursor): Promise<{ grants: readonly Grant[]; next?: Cursor }> {
  const { keys, next } = await as.records.grantsOf(userId, after);
  const found = await Promise.all(keys.map((key) => as.records.findGrant(key.slice('grant:'.length))));
  const grants = found.filter((grant): grant is Grant => grant?.userId === userId && isLive(grant, as.now()));
  return next === undefined ? { grants } : { grants, next };
}

/** Ends a grant, from the next request on; false, and nothing happens, for one that is not this user's or has ended. */
export async function endUserGrant(as: AuthServer, userId: string, grantId: string, reason: EndReason = 'revoked'): Promise<boolean> {
  try {
    const end = revoke(reason, as.now());
    return await as.records.changeGrant(grantId, (grant) => (grant.userId === userId ? end(grant) : { result: false }));
  } catch (error) {
    if (error instanceof OAuthError && error.reason === 'grant_unknown') return false;
    throw error;
  }
}

/** Ends all that a user allowed a client, or every client if none is named; tells how many ended. Can be called again if it was interrupted. */
export async function endUserGrants(as: AuthServer, userId: string, clientId?: string): Promise<number> {
  let [ended, after] = [0, undefined as Cursor | undefined];
  do {
    const { grants, next } = await grantsOfUser(as, userId, after);
    for (const { id, clientId: of } of grants)
      if (clientId === undefined || of === clientId) ended += (await endUserGrant(as, userId, id)) ? 1 : 0;
    after = next;
  } while (after !== undefined);
  return ended;
}
