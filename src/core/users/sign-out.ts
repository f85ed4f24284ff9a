/**
 * Signs a user out everywhere: once, or for as long as the user is disabled. A disabled user has no session, grant or key, and cannot sign in or be granted
 * anything; what belongs to the account stays.
 */
import { type RecordAccess } from '../../model/record.ts';
import { OAuthError } from '../../model/error.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { Key, Page, Seconds } from '../../model/store.ts';
import type { Consents } from '../records/consents.ts';
import { cutFormer, type FormerNotes } from '../records/former.ts';
import type { Records } from '../records/records.ts';
import type { Secrets } from '../records/secrets.ts';
import { isShutOut, markDisabled } from './removed-users.ts';
import type { Vault } from '../vault/vault.ts';

/** What ends with it. */
export interface SignOutParts extends Omit<FormerNotes, 'now'> {
  readonly records: Records;
  readonly consents: Consents;
  readonly vault: Pick<Vault, 'release'>;
}

/** Ends every session and grant of a user, those of a former server too, and forgets their consents. Safe to call again after an interruption. */
export async function signOut(parts: SignOutParts, userId: string, now: Seconds): Promise<void> {
  const { records, consents, vault, settings, store, secrets } = parts;
  await cutFormer({ settings, store, secrets, now: () => now }, { userId }); // a grant that moves meanwhile meets this, or is in the list
  for await (const key of everyKey((after) => records.sessionsOf(userId, after))) await records.removeKey(key);
  await consents.forgetAll(userId);
  const upstreams = new Set<string>();
  for await (const key of everyKey((after) => records.grantsOf(userId, after)))
    for (const id of await endGrant(records, key.slice('grant:'.length), now)) upstreams.add(id);
  await vault.release(userId, [...upstreams]);
}

/** Ends a grant. @returns the ids of its upstream accounts; none for a grant that has expired by now. */
async function endGrant(records: Records, id: string, now: number): Promise<readonly string[]> {
  try {
    const end = revoke('user_signed_out', now);
    return await records.changeGrant(id, (grant) => ({ ...end(grant), result: grant.upstreams?.ids ?? [] }));
  } catch (error) {
    if (!(error instanceof OAuthError) || error.reason !== 'grant_unknown') throw error;
    return [];
  }
}

async function* everyKey(list: (after?: string) => Promise<Page>): AsyncGenerator<Key> {
  let after: string | undefined;
  do {
    const page = await list(after);
    yield* page.keys;
    after = page.next;
  } while (after !== undefined);
}

/** What disabling needs of the server. */
interface DisableParts extends SignOutParts {
  readonly secrets: Secrets;
  readonly runtime: RecordAccess['runtime'];
  now(): Seconds;
}

/**
 * Disables a user. The marks come first: a sign-in in progress then either meets one of them or is found and ended. Safe to call again after
 * an interruption.
 */
export async function disableUser(as: DisableParts, userId: string): Promise<void> {
  await mark(as, userId, true);
  await signOut(as, userId, as.now());
}

/** Lets a disabled user sign in again; what ended stays ended. */
export async function enableUser(as: DisableParts, userId: string): Promise<void> {
  await mark(as, userId, false);
}

/** The account follows the mark, and is written even where it stays as it is: of two administrators, the slower one then meets the write of the other. */
async function mark(as: DisableParts, userId: string, disabled: boolean): Promise<void> {
  await markDisabled(as, userId, disabled, as.now());
  await as.records.changeAccount(userId, async (account) => {
    if (!account) return null;
    const isOut = await isShutOut(as.store, userId);
    if ((account.disabled === true) === isOut) return account;
    const { disabled: _disabled, ...rest } = account;
    return { ...rest, ...(isOut ? { disabled: true } : {}), stamp: as.secrets.id() }; // a proof from before no longer counts
  });
}
