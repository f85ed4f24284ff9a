/**
 * Requires a registered client that authenticated, and that may use the grant type.
 */
import { failed, type Caller } from '../clients/caller.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';

/** The client. @throws {OAuthError} `invalid_client` if it did not authenticate; `unauthorized_client` if it may not use the grant type. */
export function registeredClient(caller: Caller, grantType: string): Client {
  if (caller.kind !== 'confidential') throw failed('none', 'client_unproven');
  if (!caller.client.grantTypes.includes(grantType)) throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
  return caller.client;
}
