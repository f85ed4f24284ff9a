/**
 * Reads a former store, which is never written, and keeps its clients here.
 */
import { type Client } from '../model/client.ts';
import { isShortText, webUriOf } from '../model/display.ts';
import { OAuthError } from '../model/error.ts';
import type { FormerClient } from '../model/former.ts';
import type { AuthServer } from './auth-server.ts';
import { addClient } from './records/clients.ts';
import { isCut } from './records/former.ts';

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
  const found = await askFormer(() => formerStore.findClient(id, as.now()));
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
