/**
 * Notes about a former store, which is never written: which of its grants have moved here, and what was revoked here before it moved.
 */
import { type Client } from '../../model/client.ts';
import { isShortText, webUriOf } from '../../model/display.ts';
import { OAuthError } from '../../model/error.ts';
import type { FormerClient } from '../../model/former.ts';
import type { Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { addClient } from './clients.ts';
import { has, readRecord, versioned } from './record.ts';

/** What is revoked: the grants of a user, of a client, or of both; all grants without any member; or a client with its grants. */
export interface FormerOwner {
  readonly userId?: string;
  readonly clientId?: string;
  readonly deletedClient?: string;
}

type Cut = { readonly v: 1; readonly before: Seconds };

/** Runs a verb of the former store. @throws {OAuthError} 503 if it fails. */
export async function askFormer<T>(verb: () => T | Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'former_store_failed', { cause, headers: { 'retry-after': '2' } });
  }
}

/** A client that only the former store has. It is kept here from now on. */
export async function findFormerClient(as: AuthServer, id: string): Promise<Client | null> {
  const { formerStore } = as.settings;
  if (!formerStore) return null;
  const found = await askFormer(() => formerStore.findClient(id));
  if (found === null) return null;
  if ('problem' in found) {
    as.emit({
      kind: 'request.refused',
      endpoint: 'former_store',
      code: 'invalid_client',
      reason: 'former_record_broken',
      detail: found.problem,
    });
    return null;
  }
  if (await isCut(as, [{ deletedClient: id }], found.createdAt)) return null;
  const client = clientOf(as, found);
  await addClient(as, client); // another request may have been faster, with the same record
  return client;
}

/**
 * A code-only client of the former server got refresh tokens, and gets them here. What pages would show of it is checked as in a registration:
 * the client said it of itself, to a server that may have taken anything.
 */
function clientOf(
  as: AuthServer,
  { methodChosen, expiresAt, name, uri, logoUri, policyUri, tosUri, contacts, ...found }: FormerClient,
): Client {
  const isRefreshable = found.grantTypes.includes('authorization_code') && !found.grantTypes.includes('refresh_token');
  return {
    ...found,
    ...(isShortText(name) ? { name } : {}),
    ...(contacts?.every(isShortText) ? { contacts } : {}),
    ...Object.fromEntries(Object.entries({ uri, logoUri, policyUri, tosUri }).filter(([, link]) => webUriOf(link) !== undefined)),
    grantTypes: isRefreshable ? [...found.grantTypes, 'refresh_token'] : found.grantTypes,
    applicationType: 'native',
    ...(methodChosen ? { methodChosen: true } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt: Math.max(expiresAt, as.now() + as.settings.clientRegistrationTTL) }),
  };
}

/** Revokes grants that have not moved yet: those of a user, of a client, of both, or all. Call it before listing what has moved. */
export async function cutFormer(as: AuthServer, owner: FormerOwner): Promise<void> {
  if (!as.settings.formerStore) return;
  await as.store.write(await cutKey(as, owner), { v: 1, before: as.now() }, 'any');
}

/** Whether a grant or a client of the former store was revoked here. @param createdAt when it was made there. */
export async function isCut(as: AuthServer, owners: readonly FormerOwner[], createdAt: Seconds): Promise<boolean> {
  const cuts = await Promise.all(owners.map(async (owner) => readRecord(as.store, await cutKey(as, owner), isCutRecord)));
  return cuts.some((cut) => cut !== null && createdAt <= cut.value.before);
}

async function cutKey(as: AuthServer, { userId, clientId, deletedClient }: FormerOwner): Promise<Key> {
  const what = JSON.stringify([userId ?? null, clientId ?? null, deletedClient ?? null]);
  return `former:${await as.secrets.hash(`former cut\n${what}`)}`;
}

const isCutRecord = (value: unknown): value is Cut => versioned(value) && has(value, 'before');
