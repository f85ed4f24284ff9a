/**
 * Registered: the client of a request that only a client which proved who it is may make, and only for what it is registered for.
 */
import { failed, type Caller } from '../clients/caller.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';

/** The client. @throws {OAuthError} `invalid_client` for one that showed nothing but its id; `unauthorized_client` for one that may not. */
export function registeredClient(caller: Caller, grantType: string): Client {
  if (caller.kind !== 'confidential') throw failed('none', 'client_unproven');
  if (!caller.client.grantTypes.includes(grantType)) throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
  return caller.client;
}
