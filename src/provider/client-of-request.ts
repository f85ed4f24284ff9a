/**
 * A client on pages of an application: the one of an authorization request, and what the application sees of it. Each helper checks the request
 * anew, for its values may have been through a form; the client is read once for the same request object within a few seconds.
 */
import { resolveClient, unknownReason } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import type { Settings } from '../model/settings.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthRequest } from './auth-request.ts';

/** Long enough for one HTTP request. `openGrant` looks at the record after the grant was stored, so a deleted client gets none. */
const MAX_AGE: Seconds = 5;

interface ReadClient {
  readonly client: Client;
  readonly settings: Settings;
  readonly at: Seconds;
}

const known = new WeakMap<AuthRequest, ReadClient>();

/** The same request, whose client was just read. */
export function withClient(as: AuthServer, request: AuthRequest, client: Client): AuthRequest {
  known.set(request, { client, settings: as.settings, at: as.now() });
  return request;
}

/** The client of a request. @param network of the caller, to count fetches. @throws {OAuthError} `invalid_client` if there is none. */
export async function clientOfRequest(as: AuthServer, request: AuthRequest, network: string): Promise<Client> {
  const read = known.get(request);
  const age = as.now() - (read?.at ?? 0);
  if (read?.settings === as.settings && read.client.id === request.clientId && age >= 0 && age <= MAX_AGE) return read.client;
  const client = await resolveClient(as, request.clientId, network);
  if (!client) throw new OAuthError('invalid_client', unknownReason(as, request.clientId));
  withClient(as, request, client);
  return client;
}

/** A client as applications see it. */
export type ClientInfo = Omit<Client, 'secretHash' | 'formerSecret' | 'managementHash'>;

/** The public part of a client. */
export function withoutSecret(client: Client): ClientInfo {
  const { secretHash: _secretHash, formerSecret: _formerSecret, managementHash: _managementHash, ...rest } = client;
  return rest;
}
