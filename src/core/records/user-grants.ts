/**
 * User grants: what a user allowed, as they see it and take it back. Everything that ends a grant because its user says so
 * comes through here. Accounts at other sites that nothing uses any more are let go of after that.
 */
import { OAuthError } from '../../model/error.ts';
import { type Grant, isLive } from '../../model/grant.ts';
import type { Cursor } from '../../model/store.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { AuthServer } from '../auth-server.ts';

/** One page of living grants, in the order they were given. */
export async function grantsOfUser(as: AuthServer, userId: string, after?: Cursor): Promise<{ grants: readonly Grant[]; next?: Cursor }> {
  const { keys, next } = await as.records.grantsOf(userId, after);
  const found = await Promise.all(keys.map((key) => as.records.findGrant(key.slice('grant:'.length))));
  const grants = found.filter((grant): grant is Grant => grant?.userId === userId && isLive(grant, as.now()));
  return next === undefined ? { grants } : { grants, next };
}

/** Lets work go on when the answer is out: another site that is slow holds up nobody. */
export type After = (work: () => Promise<unknown>) => void;

/** Ends a grant, from the next request on; false, and nothing happens, for one that is not this user's or has ended. */
export async function endUserGrant(as: AuthServer, userId: string, grantId: string): Promise<boolean> {
  const grant = await as.records.findGrant(grantId);
  if (grant?.userId !== userId) return false;
  await as.consents.forget(userId, grant.clientId); // first: what is opened without asking meanwhile ends itself
  const ended = await end(as, grant);
  if (ended) await as.vault.release(userId, upstreamsOf([grant]));
  return ended;
}

/** Ends all that a user allowed a client. Can be called again if it was interrupted. */
export async function disconnect(as: AuthServer, userId: string, clientId: string, after: After): Promise<void> {
  await as.consents.forget(userId, clientId);
  const ended: Grant[] = [];
  for await (const grant of living(as, userId)) if (grant.clientId === clientId && (await end(as, grant))) ended.push(grant);
  after(() => as.vault.release(userId, upstreamsOf(ended)));
}

/** Ends all that a user allowed anybody. Can be called again if it was interrupted. */
export async function disconnectAll(as: AuthServer, userId: string, after: After): Promise<void> {
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

/** One that has meanwhile run out needs no ending. */
async function end(as: AuthServer, { id }: Grant): Promise<boolean> {
  try {
    return await as.records.changeGrant(id, revoke('revoked', as.now()));
  } catch (error) {
    if (error instanceof OAuthError && error.reason === 'grant_unknown') return false;
    throw error;
  }
}
