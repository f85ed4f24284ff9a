/**
 * Client status records: what an administrator decided about a client, and clients that wait for a decision. Kept apart from the client, which
 * may be known by a document alone, and which re-registers or expires as it likes. And what an administrator has set for new clients.
 */
import { defined } from '../../lib/json.ts';
import { changeRecord, has, readPage, readRecord, versioned } from '../../model/record.ts';
import type { Client } from '../../model/client.ts';
import { type ClientPolicy, type ClientStatus, type ClientStatusRecord, isSameLook, lookOf, statusOf } from '../../model/client-policy.ts';
import type { Cursor, IndexKey, Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { endGrants } from './grants.ts';

/** What is known of a client that is decided about. */
type KnownClient = Parameters<typeof lookOf>[0];

/** How long a client waits in the list after it was first met. */
const WAITING_TTL: Seconds = 30 * 86_400;
/** Clients that one network can put on the list in an hour. */
const MAX_WAITING = 20;

/** The status of a client; null if it was never met. */
export async function findClientStatus(as: AuthServer, clientId: string): Promise<ClientStatusRecord | null> {
  const stored = await readRecord(as.store, await keyOf(as, clientId), isStatus);
  return stored?.value.clientId === clientId ? stored.value : null;
}

/** Puts a client on the list of those that wait, once, and tells the operator. @param network of the browser, to bound the list. */
export async function noteWaiting(as: AuthServer, client: Client, network: string, userId: string | undefined): Promise<void> {
  const isKnown = (known: ClientStatusRecord | null): boolean => statusOf(known, client) !== null;
  if (isKnown(await findClientStatus(as, client.id))) return;
  if ((await as.limit(`client-waits\n${network}`, MAX_WAITING, 3600)) !== null) return;
  const { id: clientId } = client;
  const write: ClientStatusRecord = {
    v: 1,
    clientId,
    status: 'waiting',
    at: as.now(),
    ...lookOf(client),
    ...(userId === undefined ? {} : { userId }),
  };
  const options = { until: as.now() + WAITING_TTL, index: [listOf('waiting')] };
  const isNew = await changeRecord(as, await keyOf(as, clientId), isStatus, (known) =>
    isKnown(known) ? { result: false } : { write, ...options, result: true },
  );
  if (isNew) as.emit({ kind: 'client.waiting', clientId, ...(userId === undefined ? {} : { userId }) });
}

/**
 * Approves a client: users who wait for it can go on.
 *
 * @param client what is known of it: the approval is for the client as it is here. @param only the status that it must still have, if that matters.
 * @returns false if it has another by now.
 */
export async function approveClient(
  as: AuthServer,
  clientId: string,
  client: KnownClient | null,
  only?: ClientStatus | null,
): Promise<boolean> {
  const isDecided = await decide(as, clientId, 'approved', client, only);
  if (isDecided) as.emit({ kind: 'client.approved', clientId });
  return isDecided;
}

/**
 * Blocks a client and ends everything that was granted to it, effective from the next request. The mark comes first: a grant that is stored
 * at the same time either meets it or is found in the list. Interrupted, call it again.
 *
 * @returns how many grants ended.
 */
export async function blockClient(as: AuthServer, clientId: string, client: KnownClient | null): Promise<number> {
  await decide(as, clientId, 'blocked', client);
  const ended = await endGrants(as, { clientId }, 'client_blocked');
  as.emit({ kind: 'client.blocked', clientId });
  return ended;
}

/** Before a client changes how it looks: what an administrator approved, or sees in the list, is the client as it was. */
export async function forgetIfChanged(as: AuthServer, clientId: string, client: Omit<Parameters<typeof lookOf>[0], 'id'>): Promise<void> {
  const look = lookOf({ ...client, id: clientId });
  await changeRecord(as, await keyOf(as, clientId), isStatus, (known) => {
    return known === null || isSameLook(known, look) || known.status === 'blocked'
      ? { result: undefined }
      : { remove: true, result: undefined };
  });
}

/** Forgets what was decided: the client is a new one again. False if nothing was. */
export async function forgetClientStatus(as: AuthServer, clientId: string): Promise<boolean> {
  return as.store.remove(await keyOf(as, clientId));
}

/** One page of the clients with a status, oldest first. */
export async function listClientStatus(
  as: AuthServer,
  status: ClientStatus,
  after?: Cursor,
): Promise<{ readonly clients: readonly ClientStatusRecord[]; readonly next?: Cursor }> {
  const { values, ...page } = await readPage(as.store, listOf(status), isStatus, after);
  return { ...page, clients: values.filter((one) => one.status === status) };
}

async function decide(
  as: AuthServer,
  clientId: string,
  status: ClientStatus,
  client: KnownClient | null,
  only?: ClientStatus | null,
): Promise<boolean> {
  return changeRecord(as, await keyOf(as, clientId), isStatus, (old) => {
    if (only !== undefined && (old?.status ?? null) !== only) return { result: false };
    return {
      write: { v: 1, ...(client ? { ...defined({ userId: old?.userId }), ...lookOf(client) } : old), clientId, status, at: as.now() },
      index: [listOf(status)],
      result: true,
    };
  });
}

async function keyOf({ secrets }: AuthServer, clientId: string): Promise<Key> {
  return `client-status:${await secrets.hash(`client status\n${clientId}`)}`;
}

function listOf(status: ClientStatus): IndexKey {
  return `client-status:${status}`;
}

const isStatus = (value: unknown): value is ClientStatusRecord => versioned(value) && has(value, 'clientId', 'status', 'at');

const MODE: Key = 'client-mode:new';
const MODES: readonly unknown[] = ['allow', 'approve', 'refuse'];

/** What may happen to a new client. */
export type NewClients = ClientPolicy['newClients'];

type ModeRecord = { readonly v: 1; readonly newClients: NewClients; readonly at: Seconds };

/** What happens to new clients now. */
export async function newClientsOf({ store }: AuthServer, policy: ClientPolicy): Promise<NewClients> {
  return (await readRecord(store, MODE, isMode))?.value.newClients ?? policy.newClients;
}

/** Sets it for every process, or goes back to the option with null. */
export async function setNewClients(as: AuthServer, newClients: NewClients | null): Promise<void> {
  if (newClients === null) await as.store.remove(MODE);
  else await as.store.write(MODE, { v: 1, newClients, at: as.now() }, 'any');
}

/** Whether a value is one of the modes. */
export function isNewClients(value: unknown): value is NewClients {
  return MODES.includes(value);
}

const isMode = (value: unknown): value is ModeRecord =>
  versioned(value) && has(value, 'newClients') && isNewClients((value as ModeRecord).newClients);
