/**
 * Client records: reads registered clients, changes them by conditional writes, and removes them. A client is marked as deleted first, then its
 * grants end, and only then its record is removed: after any interruption, a second call finishes the job (SEC-084).
 */
import { changeRecord, type Edited, has, readPage, readRecord } from '../../model/record.ts';
import type { Client } from '../../model/client.ts';
import { grantTTL } from '../../model/resource.ts';
import type { Cursor, IndexKey, Key, Stored } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { OAuthError } from '../../model/error.ts';
import { revoke } from '../../model/grant-transitions.ts';
import { cutFormer } from './former.ts';

const ALL: IndexKey = 'clients:all';
/** The list of registrations that are not used yet: in the home region, so that it is in the order of time. */
const UNUSED: IndexKey = 'unused:clients';

/** Adds a client; false, without a change, if the id is taken. */
export async function addClient(as: AuthServer, client: Client): Promise<boolean> {
  return (await as.store.write(keyOf(client.id), client, 'absent', optionsOf(client))) !== null;
}

/** Changes a client; null if there is none. `edit` may run more than once, each time on the current record. @param known what was just read; saves the first read. */
export async function changeClient(as: AuthServer, id: string, edit: (client: Client) => Client, known?: Stored): Promise<Client | null> {
  const edited = (client: Client | null): Edited<Client | null> => {
    const next = client && edit(client);
    return next === null || next === client ? { result: next } : { write: next, ...optionsOf(next), result: next };
  };
  return changeRecord(as, keyOf(id), isActive, edited, known);
}

/** Finds a client, including one that is being deleted, so that its deletion can be finished. */
export async function findAnyClient(as: AuthServer, id: string): Promise<{ readonly client: Client; readonly isDeleted: boolean } | null> {
  const record = await readRecord(as.store, keyOf(id), isClient);
  return record && { client: record.value, isDeleted: isBeingDeleted(record.value) };
}

/** One page of the registered clients, oldest first. */
export async function listClients(as: AuthServer, after?: Cursor): Promise<{ clients: readonly Client[]; next?: Cursor }> {
  const { values, ...page } = await readPage(as.store, ALL, isActive, after);
  return { ...page, clients: values };
}

/** The number of registered clients. Reads all pages of the list. */
export async function countClients(as: AuthServer): Promise<number> {
  let [count, after]: [number, Cursor | undefined] = [0, undefined];
  do {
    const page = await as.store.list(ALL, after);
    count += page.keys.length;
    after = page.next;
  } while (after !== undefined);
  return count;
}

/**
 * Whether a client still exists. Extends the life of a registration that is used: it must outlive the grant. A client that has to be written
 * is not read again: the write holds only if it is unchanged.
 *
 * @param known the client as it was read, or its id.
 */
export async function renewClient(as: AuthServer, known: Client | string): Promise<boolean> {
  const { clientRegistrationTTL } = as.settings;
  const needed = as.now() + grantTTL(as.settings);
  const edit = (client: Client): Client => {
    const { unused, ...used } = client;
    if (client.expiresAt === undefined || (client.expiresAt >= needed && !unused)) return client;
    return { ...used, expiresAt: Math.max(client.expiresAt, needed + clientRegistrationTTL) };
  };
  if (typeof known === 'string') return (await changeClient(as, known, edit)) !== null;
  const stored = edit(known) === known ? undefined : as.records.storedClient(known);
  return (await changeClient(as, known.id, edit, stored)) !== null;
}

/**
 * Whether a client that was given something still exists; renews it. Ask after the grant was stored: deleting a client marks it before looking
 * for its grants, so one of the two sees the other (SEC-084).
 */
export async function isClientThere(as: AuthServer, client: Client): Promise<boolean> {
  return client.documentHost !== undefined || as.settings.clients.has(client.id) || renewClient(as, client);
}

/** Storage key of a client. */
export function keyOf(id: string): Key {
  return `client:${id}`;
}

function optionsOf({ expiresAt, unused }: Client): { readonly until?: number; readonly index: readonly IndexKey[] } {
  const index = unused ? [ALL, UNUSED] : [ALL];
  return expiresAt === undefined ? { index } : { until: expiresAt, index };
}

/** Whether a stored value is a client, including one that is being deleted. */
function isClient(value: unknown): value is Client {
  return has(value, 'id', 'redirectUris', 'authMethod', 'grantTypes');
}

/** Whether a stored value is a client that is being deleted. */
function isBeingDeleted(value: unknown): value is Client & { readonly deletedAt: number } {
  return isClient(value) && has(value, 'deletedAt');
}

/** Whether a stored value is a client that is not being deleted. */
function isActive(value: unknown): value is Client {
  return isClient(value) && !isBeingDeleted(value);
}

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
