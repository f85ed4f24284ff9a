/**
 * Find: the client behind a `client_id`. What is registered here comes first; an id that is a URL may also be known by
 * the metadata document at that URL.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { late } from '../lib/late.ts';
import { isDocumentUrl } from '../lib/document-url.ts';
import type { Client } from '../model/client.ts';
import type { SecretClient } from '../model/settings.ts';

const fetchClient = late(async () => (await import('./metadata-document.ts')).fetchClient);
const findKept = late(async () => (await import('./metadata-document.ts')).findKept);
const isWelcome = late(async () => (await import('./metadata-document.ts')).isWelcome);

const CLIENT_ID = /^[\w-]{1,128}$/;

/** The client as it is known here, or null; fetches nothing. */
export async function findClient(as: AuthServer, id: string): Promise<Client | null> {
  const configured = as.settings.clients.get(id);
  if (configured) return withHash(as, configured);
  if (CLIENT_ID.test(id)) return as.records.findClient(id);
  if (!isDocumentUrl(id, as.isLoopback)) return null;
  return (await as.records.findClient(id)) ?? (mayFetch(as, id) && (await isWelcome(as, id)) ? findKept(as, id) : null);
}

/** Secrets of configured clients are hashed like those of all others: one way to compare them. */
async function withHash(as: AuthServer, { client, secret }: SecretClient): Promise<Client> {
  return secret === undefined ? client : { ...client, secretHash: await as.keys.hash(secret) };
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
  return (await findClient(as, id)) ?? (mayFetch(as, id) ? fetchClient(as, id, network) : null);
}
