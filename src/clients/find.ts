/**
 * Finds the client of a `client_id`: a registered one first; an id that is a URL may also be a metadata document.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { lazy } from '../lib/async.ts';
import { isDocumentUrl } from '../lib/url.ts';
import type { Client } from '../model/client.ts';
import type { SecretClient } from '../model/settings.ts';

const fetchClient = lazy(async () => (await import('./metadata-document.ts')).fetchClient);
const findKept = lazy(async () => (await import('./metadata-document.ts')).findCached);
const isWelcome = lazy(async () => (await import('./metadata-document.ts')).isAcceptable);

const checkId = lazy(async () => (await import('./client-policy.ts')).checkClientId);
const findFormer = lazy(async () => (await import('../core/former-store.ts')).findFormerClient);

const CLIENT_ID = /^[\w-]{1,128}$/;

/** Whether a text can be the id of a registered client. */
export function isClientId(text: string): boolean {
  return CLIENT_ID.test(text);
}

/** The known client, or null; fetches nothing. @param isLate whether a slightly outdated record will do, for display. */
export async function findClient(as: AuthServer, id: string, isLate = false): Promise<Client | null> {
  const { records, settings } = as;
  const configured = settings.clients.get(id);
  if (configured) return withHash(as, configured);
  const find = (one: string): Promise<Client | null> => (isLate ? records.findClientStale(one) : records.findClient(one));
  if (CLIENT_ID.test(id)) return (await find(id)) ?? (settings.formerStore ? findFormer(as, id) : null);
  if (!isDocumentUrl(id, as.isLoopback)) return null;
  return (await find(id)) ?? (mayFetch(as, id) && (await isWelcome(as, id)) ? findKept(as, id) : null);
}

/** Hashes the secret of a configured client, so that all are compared in the same way. */
async function withHash(as: AuthServer, { client, secret }: SecretClient): Promise<Client> {
  return secret === undefined ? client : { ...client, secretHash: await as.secrets.hash(secret) };
}

/** Why an id has no client: never registered or expired, malformed, or metadata documents are off. */
export function unknownReason(as: AuthServer, id: string): string {
  if (CLIENT_ID.test(id)) return 'client_unknown';
  return isDocumentUrl(id, as.isLoopback) ? 'client_documents_off' : 'client_id_malformed';
}

/** Whether an id is the URL of a document that could be fetched. */
export function mayFetch(as: AuthServer, id: string): boolean {
  return as.fetchDocument !== null && isDocumentUrl(id, as.isLoopback);
}

/**
 * The client, fetching its metadata document if necessary.
 *
 * @param network the caller's, for the limit on fetches.
 * @throws {OAuthError} `invalid_client` if the document cannot be used; 429 after too many fetches.
 */
export async function resolveClient(as: AuthServer, id: string, network: string): Promise<Client | null> {
  await checkClientId(as, id);
  return (await findClient(as, id)) ?? fetchUnknown(as, id, network);
}

/** Fetches the document of an unknown client; null if the id is not a document URL. @throws {OAuthError} like `resolveClient`. */
export async function fetchUnknown(as: AuthServer, id: string, network: string): Promise<Client | null> {
  if (!mayFetch(as, id)) return null;
  await checkClientId(as, id);
  return fetchClient(as, id, network);
}

/** Refuses a client that is blocked or denied, before anything of it is read or fetched. @throws {OAuthError} `unauthorized_client`. */
export async function checkClientId(as: AuthServer, id: string): Promise<void> {
  if (as.settings.clientPolicy !== null) await checkId(as, id);
}
