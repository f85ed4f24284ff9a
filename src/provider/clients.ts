/**
 * Client management for the operator: create, read, update, delete and rotate secrets. Clients of the option `clients` can only be
 * read here; change them in the option.
 */
import { defined } from '../lib/json.ts';
import { findClient } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { addClient, changeClient, deleteClient, listClients } from '../core/records/clients.ts';
import { findFormerClient } from '../core/former-store.ts';
import {
  isNewClients,
  setNewClients,
  approveClient,
  blockClient,
  findClientStatus,
  forgetClientStatus,
  listClientStatus,
} from '../core/records/client-status.ts';
import { openInvitation } from '../core/records/one-time.ts';
import { type Client, type ClientInfo, withoutSecret } from '../model/client.ts';
import { checkMembers, clientFrom, type ClientSpec, type HelperClientSpec } from '../model/client-spec.ts';
import { isShortText, localizedOf } from '../model/display.ts';
import type { Cursor, Seconds } from '../model/store.ts';
import { type ClientStatus, type ClientStatusRecord, statusOf } from '../model/client-policy.ts';
import { checkCursor, checkText } from './own-arguments.ts';

/** What is known of a client that waits, or that was decided about. */
export type ClientDecision = Omit<ClientStatusRecord, 'v'>;

/** Clients of this server: `helpers.clients`. */
export interface Clients {
  /** Registers a client. The secret, if its method has one, is returned only here. @throws {TypeError} naming what is wrong with the spec. */
  create(spec: HelperClientSpec): Promise<{ readonly client: ClientInfo; readonly secret?: string }>;
  /** A client that is registered, configured, or known by a recently read metadata document; else null. */
  find(id: string): Promise<ClientInfo | null>;
  /** Registered clients, oldest first in each region, one page, which may be short; continue with `next` while there is one. */
  list(after?: Cursor): Promise<{ readonly clients: readonly ClientInfo[]; readonly next?: Cursor }>;
  /** Changes the given properties; null if there is no such client. The authentication method cannot change: create another client for that. */
  update(id: string, changes: Omit<HelperClientSpec, 'authMethod'>): Promise<ClientInfo | null>;
  /** Makes a new secret, returned only here; the old one works for `overlap` more seconds, default a day. Null for a client without one. */
  rotateSecret(id: string, overlap?: Seconds): Promise<string | null>;
  /** A token for one registration, if `clientRegistration` requires one (RFC 7591 §3). Valid for `ttl` seconds; default a day. */
  createInitialAccessToken(ttl?: Seconds): Promise<string>;
  /**
   * Approves a client by its id, which may be the URL of its document: users who wait for it can go on. Needs the option `clientPolicy`, as
   * do the three below. @throws {TypeError} without it.
   */
  approve(id: string): Promise<void>;
  /** Blocks a client and ends all its grants, from the next call on; nothing of it is fetched any more. Returns how many ended. */
  block(id: string): Promise<number>;
  /** Forgets what was decided about a client, so that it is a new one again. False if nothing was. */
  resetStatus(id: string): Promise<boolean>;
  /**
   * Sets what happens to new clients, in every process and from the next request on, in place of `clientPolicy.newClients`; null goes back to
   * the option.
   */
  setNewClients(newClients: 'allow' | 'approve' | 'refuse' | null): Promise<void>;
  /** Clients that wait, or were approved or blocked, oldest first, one page; continue with `next`. */
  listByStatus(status: ClientStatus, after?: Cursor): Promise<{ readonly clients: readonly ClientDecision[]; readonly next?: Cursor }>;
  /** Deletes a client with all of its grants and tokens. If it was interrupted, call it again: it continues where it stopped. */
  delete(id: string): Promise<boolean>;
}

const STATUSES: readonly ClientStatus[] = ['waiting', 'approved', 'blocked'];

const DAY: Seconds = 86_400;
const MORE = ' localized contacts';

/** Makes the verbs of one server. */
export function makeClients(as: AuthServer): Clients {
  const mine = (id: string): void => {
    if (as.settings.clients.has(id))
      throw new TypeError(`The client ${JSON.stringify(id)} is one of the option \`clients\`; change it there.`);
  };
  const needPolicy = (): void => {
    if (as.settings.clientPolicy === null)
      throw new TypeError("clients.approve and clients.block need the option `clientPolicy`, such as { newClients: 'approve' }.");
  };
  /** A client that only a former store has is changed here, and no longer read there. */
  const bring = async (id: string): Promise<void> => {
    if (as.settings.formerStore && !(await findClient(as, id))) await findFormerClient(as, id);
  };
  const decidable = (id: string): string => {
    needPolicy();
    checkText('clients.approve', 'id', id, 'the id of a client');
    return id;
  };
  return {
    async create(spec) {
      checkMembers('clients.create', spec, MORE);
      const made = { ...clientFrom(as.secrets.id(), spec, as.now()), ...aboutOf(spec), entered: true };
      const secret = made.authMethod.startsWith('client_secret') ? as.secrets.secret() : null;
      const client = secret === null ? made : { ...made, secretHash: await as.secrets.hash(secret) };
      if (!(await addClient(as, client))) throw new Error('A random client id was met twice.');
      as.emit({ kind: 'client.registered', clientId: client.id });
      return secret === null ? { client: withoutSecret(client) } : { client: withoutSecret(client), secret };
    },
    async find(id) {
      const client = await findClient(as, id);
      return client && withoutSecret(client);
    },
    async list(after) {
      checkCursor('clients.list', after);
      const { clients, next } = await listClients(as, after);
      return { clients: clients.map(withoutSecret), ...(next === undefined ? {} : { next }) };
    },
    async update(id, changes) {
      mine(id);
      checkMembers('clients.update', changes, MORE);
      const about = aboutOf(changes);
      await bring(id);
      const isApproved =
        as.settings.clientPolicy !== null && statusOf(await findClientStatus(as, id), await findClient(as, id)) === 'approved';
      const changed = await changeClient(as, id, (client) => ({
        ...client,
        ...clientFrom(id, specOf(client, changes), client.createdAt),
        ...about,
      }));
      if (changed) as.emit({ kind: 'client.updated', clientId: id });
      if (changed && isApproved) await approveClient(as, id, changed, 'approved'); // the operator changed it, not the client; unless it was blocked meanwhile
      return changed && withoutSecret(changed);
    },
    async rotateSecret(id, overlap = DAY) {
      mine(id);
      if (!Number.isSafeInteger(overlap) || overlap < 0)
        throw new TypeError('rotateSecret: `overlap` must be a whole number of seconds, 0 or more.');
      const secret = as.secrets.secret();
      const hash = await as.secrets.hash(secret);
      await bring(id);
      const until = as.now() + overlap;
      const changed = await changeClient(as, id, (client) =>
        client.secretHash === undefined ? client : { ...client, secretHash: hash, formerSecret: { hash: client.secretHash, until } },
      );
      if (changed?.secretHash !== hash) return null;
      as.emit({ kind: 'client.updated', clientId: id });
      return secret;
    },
    async createInitialAccessToken(ttl = DAY) {
      if (!Number.isSafeInteger(ttl) || ttl < 1) throw new TypeError('createInitialAccessToken: `ttl` must be a whole number of seconds.');
      return openInvitation(as, ttl);
    },
    async approve(id) {
      await approveClient(as, decidable(id), await findClient(as, id));
    },
    block: async (id) => blockClient(as, decidable(id), await findClient(as, id)),
    async setNewClients(newClients) {
      if (newClients !== null && !isNewClients(newClients))
        throw new TypeError("clients.setNewClients: pass 'allow', 'approve', 'refuse', or null for what the option says.");
      needPolicy();
      await setNewClients(as, newClients);
    },
    resetStatus: async (id) => forgetClientStatus(as, decidable(id)),
    async listByStatus(status, after) {
      if (!STATUSES.includes(status)) throw new TypeError(`clients.listByStatus: \`status\` must be one of ${STATUSES.join(', ')}.`);
      checkCursor('clients.listByStatus', after);
      const { clients, ...page } = await listClientStatus(as, status, after);
      return { ...page, clients: clients.map(({ v: _v, ...decision }) => decision) };
    },
    async delete(id) {
      mine(id);
      return deleteClient(as, id);
    },
  };
}

/** What the helpers alone keep. @throws {TypeError} for what no page could show. */
function aboutOf({ localized = {}, contacts }: HelperClientSpec): Partial<Client> {
  const odd = Object.entries(localized).find((one) => Object.keys(localizedOf([one])).length === 0);
  if (odd !== undefined || contacts?.every(isShortText) === false)
    throw new TypeError(
      `clients: no page could show ${JSON.stringify(odd ?? contacts)}; \`localized\` takes members such as "tos_uri#fr".`,
    );
  return { ...localizedOf(Object.entries(localized)), ...(contacts === undefined ? {} : { contacts }) };
}

/** The spec of a client with these changes; given keys replace the stored ones. Links that are not changed stay as they are: a client that registered itself may have others than a spec. */
function specOf(client: Client, changes: Omit<ClientSpec, 'authMethod'>): ClientSpec {
  const { jwks, jwksUri, authMethod, methodChosen, logoUri: _logo, policyUri: _policy, tosUri: _tos, ...rest } = client;
  const given = defined(changes);
  const keys = 'jwks' in given || 'jwksUri' in given ? {} : { ...(jwks ? { jwks } : {}), ...(jwksUri === undefined ? {} : { jwksUri }) };
  const isUsual = methodChosen === undefined && authMethod === 'client_secret_basic';
  return { ...rest, ...keys, ...given, ...(isUsual ? {} : { authMethod }) };
}
