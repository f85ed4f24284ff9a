/**
 * Client removal. A client is marked as deleted first, then its grants end, and only then its record is removed: after any interruption,
 * a second call finishes the job (SEC-084).
 */
import { changeRecord, readRecord } from '../../model/record.ts';
import { OAuthError } from '../../model/error.ts';
import { grantTTL } from '../../model/resource.ts';
import type { Cursor, Key } from '../../model/store.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { AuthServer } from '../auth-server.ts';
import { isClient, isActive, isBeingDeleted, keyOf, UNUSED } from './clients.ts';
import { cutFormer } from './former.ts';

/** Removes the oldest unused registration to make room for another; false if there is none. */
export async function removeOldestUnused(as: AuthServer): Promise<boolean> {
  let after: Cursor | undefined;
  do {
    const page = await as.store.list(UNUSED, after);
    for (const key of page.keys) if (await removeUnused(as, key)) return true;
    after = page.next;
  } while (after !== undefined);
  return false;
}

/** False if the client is used or removed by now: the caller tries the next one. */
async function removeUnused(as: AuthServer, key: Key): Promise<boolean> {
  const record = await readRecord(as.store, key, isActive);
  return record?.value.unused === true && (await as.store.remove(key, record.version));
}

/**
 * Deletes a client with all its grants and tokens. A second call finishes an interrupted one. A grant that is opened at the same time
 * either meets the mark or is found in the list.
 *
 * @returns whether the client existed.
 */
export async function deleteClient(as: AuthServer, id: string): Promise<boolean> {
  await cutFormer(as, { deletedClient: id });
  const found = await mark(as, id);
  await endGrants(as, id);
  const record = await readRecord(as.store, keyOf(id), isBeingDeleted);
  if (record) await as.store.remove(keyOf(id), record.version);
  if (found) as.emit({ kind: 'client.deleted', clientId: id });
  return found;
}

async function mark(as: AuthServer, id: string): Promise<boolean> {
  const until = as.now() + grantTTL(as.settings); // none of its grants can live longer
  return changeRecord(as, keyOf(id), isClient, (client) =>
    !client || isBeingDeleted(client)
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
    if (!(error instanceof OAuthError) || error.reason !== 'grant_unknown') throw error; // it has expired by now
  }
}
