/**
 * The table of grant types. An entry is a file; those that most servers never use are loaded on first use. `offered-grant-types.ts` says
 * which of them a server offers.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE } from '../model/grant-type.ts';
import type { Params } from '../model/params.ts';
import type { Settings } from '../model/settings.ts';
import { authorizationCode } from './authorization-code.ts';
import type { IssuedTokens } from './issue.ts';
import { isOffered } from './offered-grant-types.ts';
import { refreshToken } from './refresh-token.ts';

/** Issues tokens for a request, or refuses it. */
export type GiveTokens = (params: Params, caller: Caller, as: AuthServer) => Promise<IssuedTokens>;

/** An entry of the table. */
export interface GrantType {
  readonly give: GiveTokens;
  /** Whether the caller need not be a client. */
  readonly needsNoClient?: true;
}

/** By `grant_type`. */
const grantTypes: ReadonlyMap<string, GrantType> = new Map<string, GrantType>([
  ['authorization_code', { give: authorizationCode }],
  ['refresh_token', { give: refreshToken }],
  ['client_credentials', { give: async (...request) => (await import('./client-credentials.ts')).clientCredentials(...request) }],
  [DEVICE_CODE, { give: async (...request) => (await import('./device-code.ts')).deviceCode(...request) }],
  [TOKEN_EXCHANGE, { give: async (...request) => (await import('./token-exchange.ts')).tokenExchange(...request) }],
  [JWT_BEARER, { give: async (...request) => (await import('./jwt-bearer.ts')).jwtBearer(...request), needsNoClient: true }],
]);

/** The grant type with that name, if this server offers it. */
export function findGrantType(name: string, settings: Settings): GrantType | undefined {
  return isOffered(name, settings) ? grantTypes.get(name) : undefined;
}
