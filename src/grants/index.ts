/**
 * The table of grant types. `provider/rare-grants.ts` has those that a server may be built without, and `model/settings.ts` says which a server
 * offers; the three here every server does.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { Params } from '../model/params.ts';
import { isOffered, type Settings } from '../model/settings.ts';
import { authorizationCode } from './authorization-code.ts';
import type { IssuedTokens } from './token-request.ts';
import { refreshToken } from './refresh-token.ts';
import { lazy } from '../lib/async.ts';

/** Issues tokens for a request, or refuses it. */
export type GiveTokens = (params: Params, caller: Caller, as: AuthServer, request: Request) => Promise<IssuedTokens>;

/** An entry of the table. */
export interface GrantType {
  readonly give: GiveTokens;
  /** Whether the caller need not be a client. */
  readonly needsNoClient?: true;
}

/** Grant types by name. */
export type GrantTypes = ReadonlyMap<string, GrantType>;

/** Those that every server has and offers. */
const grantTypes: GrantTypes = new Map<string, GrantType>([
  ['authorization_code', { give: authorizationCode }],
  ['refresh_token', { give: refreshToken }],
  ['client_credentials', { give: lazy(async () => (await import('./direct-grant.ts')).clientCredentials) }],
]);

/** The grant type with that name, if this server offers it. @param rare `rareGrantTypes`, where the server is built with them. */
export function findGrantType(name: string, settings: Settings, rare: GrantTypes = new Map()): GrantType | undefined {
  return grantTypes.get(name) ?? (isOffered(name, settings) ? rare.get(name) : undefined);
}
