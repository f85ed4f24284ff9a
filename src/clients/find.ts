/**
 * Find: the client behind a `client_id`. What is registered here comes first; an id that is a URL may also be known by
 * the metadata document at that URL.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { lazy } from '../lib/lazy.ts';
import { isDocumentUrl } from '../lib/document-url.ts';
import type { Client } from '../model/client.ts';
import type { SecretClient } from '../model/settings.ts';

const fetchClient = lazy(async () => (await import('./metadata-document.ts')).fetchClient);
const findKept = lazy(async () => (await import('./metadata-document.ts')).findKept);
const isWelcome = lazy(async () => (await import('./metadata-document.ts')).isWelcome);

const CLIENT_ID = /^[\w-]{1,128}$/;

/** The client as it is known here, or null; fetches nothing. @param isLate whether it is only shown: then a copy of lately will do. */
export async function findClient(as: AuthServer, id: string, isLate = false): Promise<Client | null> {
  const { records, settings } = as;
  const configured = settings.clients.get(id);
  if (configured) return withHash(as, configured);
  const find = (one: string): Promise<Client | null> => (isLate ? records.findClientLate(one) : records.findClient(one));
  if (CLIENT_ID.test(id)) return find(id);
  if (!isDocumentUrl(id, as.isLoopback)) return null;
  return (await find(id)) ?? (mayFetch(as, id) && (await isWelcome(as, id)) ? findKept(as, id) : null);
}

/** Secrets of configured clients are hashed like those of all others: one way to compare them. */
async function withHash(as: AuthServer, { client, secret }: SecretClient): Promise<Client> {
  return secret === undefined ? client : { ...client, secretHash: await as.secrets.hash(secret) };
}

/** Why there is no client of an id: it was never registered or its registration is over, it is no id, or documents are not read here. */
export function unknownReason(as: AuthServer, id: string): string {
  if (CLIENT_ID.test(id)) return 'client_unknown';
  return isDocumentUrl(id, as.isLoopback) ? 'client_documents_off' : 'client_id_malformed';
}

/** Whether an id is the URL of a document that could be fetched. */
export function mayFetch(as: AuthServer, id: string): boolean {
  return as.fetchDocument !== null && isDocumentUrl(id, as.isLoopback);
}

/**
 * The client, its document fetched where that is the only way to know it.
 *
 * @param network who asks: what fetches are counted by.
 * @throws {OAuthError} `invalid_client` when the document cannot be used; 429 after too many fetches.
 */
export async function resolveClient(as: AuthServer, id: string, network: string): Promise<Client | null> {
  return (await findClient(as, id)) ?? fetchUnknown(as, id, network);
}

/** The client of a document that is not known here, or null where an id names none. @throws {OAuthError} as `resolveClient`. */
export async function fetchUnknown(as: AuthServer, id: string, network: string): Promise<Client | null> {
  return mayFetch(as, id) ? fetchClient(as, id, network) : null;
}
