/**
 * Client info: a client as applications see it, without secrets and internal members.
 */
import type { Client } from '../model/client.ts';

/** A client as applications see it. */
export type ClientInfo = Omit<Client, 'secretHash' | 'formerSecret' | 'managementHash'>;

/** The public part of a client. */
export function withoutSecret(client: Client): ClientInfo {
  const { secretHash: _secretHash, formerSecret: _formerSecret, managementHash: _managementHash, ...rest } = client;
  return rest;
}
