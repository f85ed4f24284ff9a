/**
 * Client records: registered clients as they are kept, every change of one a conditional write. A client that is being deleted is
 * marked first, its grants are ended, and only then the row goes: whatever interrupts that, doing it again finishes it (SEC-084).
 */
import { changeRecord } from '../model/change-record.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import type { Cursor, IndexKey, Key } from '../model/store.ts';
import { revoke } from '../model/transition.ts';
import type { AuthServer } from './auth-server.ts';
import { has, readHeld } from './held.ts';

const ALL: IndexKey = 'clients:all';
const UNUSED: IndexKey = 'clients:unused';

/** Adds a client; false, and nothing happens, where the id is taken. */
export async function addClient(as: AuthServer, client: Client): Promise<boolean> {
  return (await as.store.write(keyOf(client.id), client, 'absent', optionsOf(client))) !== null;
}

/** Changes a living client; null where there is none. The edit may run more than once, on what stands there by then. */
export async function changeClient(as: AuthServer, id: string, edit: (client: Client) => Client): Promise<Client | null> {
  return changeRecord(as, keyOf(id), isLiving, (client) => {
    const next = client && edit(client);
    return next === null || next === client ? { result: next } : { write: next, ...optionsOf(next), result: next };
  });
}

/** A client, also one that is being deleted: for whoever wants that finished. */
export async function findAnyClient(as: AuthServer, id: string): Promise<{ readonly client: Client; readonly isDeleted: boolean } | null> {
  const held = await readHeld(as.store, keyOf(id), isClient);
  return held && { client: held.value, isDeleted: isMarked(held.value) };
}

/** One page of the registered clients, oldest first. */
export async function listClients(as: AuthServer, after?: Cursor): Promise<{ clients: readonly Client[]; next?: Cursor }> {
  const { keys, next } = await as.store.list(ALL, after);
  const held = await Promise.all(keys.map((key) => readHeld(as.store, key, isLiving)));
  const clients = held.flatMap((one) => (one ? [one.value] : []));
  return next === undefined ? { clients } : { clients, next };
}

/** How many clients stand in the list. Reads all of its pages. */
export async function countClients(as: AuthServer): Promise<number> {
  let [count, after]: [number, Cursor | undefined] = [0, undefined];
  do {
    const page = await as.store.list(ALL, after);
    count += page.keys.length;
    after = page.next;
  } while (after !== undefined);
  return count;
}

/** Removes the oldest registration that nobody has used, to make room for another; false where there is none. */
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
  const held = await readHeld(as.store, key, isLiving);
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
  const held = await readHeld(as.store, keyOf(id), isMarked);
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

/** Whether a client that was found a moment ago is still there; a registration that is used lives on for its own time after the grant. */
export async function renewClient(as: AuthServer, id: string): Promise<boolean> {
  const { clientTtl, grantTtl } = as.settings;
  const needed = as.now() + grantTtl;
  const renewed = await changeClient(as, id, (client) => {
    const { unused, ...used } = client;
    if (client.expiresAt === undefined || (client.expiresAt >= needed && !unused)) return client;
    return { ...used, expiresAt: Math.max(client.expiresAt, needed + clientTtl) };
  });
  return renewed !== null;
}

function keyOf(id: string): Key {
  return `client:${id}`;
}

function optionsOf({ expiresAt, unused }: Client): { readonly until?: number; readonly index: readonly IndexKey[] } {
  const index = unused ? [ALL, UNUSED] : [ALL];
  return expiresAt === undefined ? { index } : { until: expiresAt, index };
}

const isClient = (value: unknown): value is Client => has(value, 'id', 'redirectUris', 'authMethod', 'grantTypes');
const isMarked = (value: unknown): value is Client & { readonly deletedAt: number } => isClient(value) && has(value, 'deletedAt');

/** Whether a stored value is a client that is not being deleted. */
export function isLiving(value: unknown): value is Client {
  return isClient(value) && !isMarked(value);
}
