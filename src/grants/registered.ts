/**
 * Registered: the client of a request that only a client which proved who it is may make, and only for what it is registered for.
 */
import { failed, type Caller } from '../clients/caller.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import type { ScopeCover } from '../model/scope.ts';

/** The client. @throws {OAuthError} `invalid_client` for one that showed nothing but its id; `unauthorized_client` for one that may not. */
export function registeredClient(caller: Caller, grantType: string): Client {
  if (caller.kind !== 'confidential') throw failed('none', 'client_unproven');
  if (!caller.client.grantTypes.includes(grantType)) throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
  return caller.client;
}

/**
 * What of a scope is within a ceiling; all of the ceiling where nothing is asked for. Refresh tokens are not given where this is used,
 * so `offline_access` is no scope here.
 *
 * @throws {OAuthError} `invalid_scope` when nothing of what was asked for is.
 */
export function withinCeiling(asked: readonly string[], ceiling: readonly string[], covered: ScopeCover): readonly string[] {
  const meant = asked.filter((scope) => scope !== 'offline_access');
  if (meant.length === 0) return ceiling;
  const kept = meant.filter((scope) => covered(ceiling).includes(scope));
  if (kept.length === 0) throw new OAuthError('invalid_scope', 'scope_beyond_ceiling');
  return kept;
}
