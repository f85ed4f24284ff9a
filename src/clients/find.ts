/** Find: the client behind a `client_id`, from where it was registered. */
import type { AuthServer } from '../core/auth-server.ts';
import type { Client } from '../model/client.ts';

const CLIENT_ID = /^[\w-]{1,128}$/;

/** The client, or null for an id that nobody registered or whose registration ended. */
export async function findClient(as: AuthServer, id: string): Promise<Client | null> {
  return CLIENT_ID.test(id) ? as.records.findClient(id) : null;
}
