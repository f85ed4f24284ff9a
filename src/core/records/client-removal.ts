/**
 * Client removal: how registrations go. A client that is being deleted is marked first, its grants are ended, and only then the row
 * goes: whatever interrupts that, doing it again finishes it (SEC-084).
 */
import { changeRecord } from '../../model/change-record.ts';
import { OAuthError } from '../../model/error.ts';
import type { Cursor, Key } from '../../model/store.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { AuthServer } from '../auth-server.ts';
import { isClient, isLiving, isMarked, keyOf, UNUSED } from './clients.ts';
import { readRecord } from './record.ts';

/** Removes the oldest registration that was never used, to make room for another; false where there is none. */
export async function removeOldestUnused(as: AuthServer): Promise<boolean> {
  let after: Cursor | undefined;
  do {
    const page = await as.store.list(UNUSED, after);
    for (const key of page.keys) if (await removeUnused(as, key)) return true;
    after = page.next;
  } while (after !== undefined);
  return false;
}

/** False where it is in use by now, or gone: then another one is taken. */
async function removeUnused(as: AuthServer, key: Key): Promise<boolean> {
  const held = await readRecord(as.store, key, isLiving);
  return held?.value.unused === true && (await as.store.remove(key, held.version));
}

/**
 * Deletes a client with every grant and token of it. Doing it again does what was left undone; a grant that is opened meanwhile finds
 * the mark, or is found in the list.
 *
 * @returns whether there was a client.
 */
export async function deleteClient(as: AuthServer, id: string): Promise<boolean> {
  const found = await mark(as, id);
  await endGrants(as, id);
  const held = await readRecord(as.store, keyOf(id), isMarked);
  if (held) await as.store.remove(keyOf(id), held.version);
  if (found) as.emit({ kind: 'client.deleted', clientId: id });
  return found;
}

async function mark(as: AuthServer, id: string): Promise<boolean> {
  const until = as.now() + as.settings.grantTtl; // nothing of it can outlive that
  return changeRecord(as, keyOf(id), isClient, (client) =>
    !client || isMarked(client)
      ? { result: client !== null }
      : { write: { ...client, deletedAt: as.now() }, until, index: [], result: true },
  );
}

async function endGrants(as: AuthServer, id: string): Promise<void> {
  let after: Cursor | undefined;
  do {
    const page = await as.store.list(`client:${id}`, after);
    await Promise.all(page.keys.map((key) => endGrant(as, key.slice('grant:'.length))));
    after = page.next;
  } while (after !== undefined);
}

async function endGrant(as: AuthServer, grantId: string): Promise<void> {
  try {
    await as.records.changeGrant(grantId, revoke('client_deleted', as.now()));
  } catch (error) {
    if (!(error instanceof OAuthError) || error.reason !== 'grant_unknown') throw error; // it has run out meanwhile
  }
}
