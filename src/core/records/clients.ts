/**
 * Client records: registered clients as they are kept, every change of one a conditional write. How they go: `client-removal.ts`.
 */
import { changeRecord } from '../../model/change-record.ts';
import type { Client } from '../../model/client.ts';
import type { Cursor, IndexKey, Key } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord } from './record.ts';

const ALL: IndexKey = 'clients:all';
/** The list of registrations that are not used yet. */
export const UNUSED: IndexKey = 'clients:unused';

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
  const held = await readRecord(as.store, keyOf(id), isClient);
  return held && { client: held.value, isDeleted: isMarked(held.value) };
}

/** One page of the registered clients, oldest first. */
export async function listClients(as: AuthServer, after?: Cursor): Promise<{ clients: readonly Client[]; next?: Cursor }> {
  const { keys, next } = await as.store.list(ALL, after);
  const held = await Promise.all(keys.map((key) => readRecord(as.store, key, isLiving)));
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

/** Where a client is kept. */
export function keyOf(id: string): Key {
  return `client:${id}`;
}

function optionsOf({ expiresAt, unused }: Client): { readonly until?: number; readonly index: readonly IndexKey[] } {
  const index = unused ? [ALL, UNUSED] : [ALL];
  return expiresAt === undefined ? { index } : { until: expiresAt, index };
}

/** Whether a stored value is a client, also one that is being deleted. */
export function isClient(value: unknown): value is Client {
  return has(value, 'id', 'redirectUris', 'authMethod', 'grantTypes');
}

/** Whether a stored value is a client that is being deleted. */
export function isMarked(value: unknown): value is Client & { readonly deletedAt: number } {
  return isClient(value) && has(value, 'deletedAt');
}

/** Whether a stored value is a client that is not being deleted. */
export function isLiving(value: unknown): value is Client {
  return isClient(value) && !isMarked(value);
}
