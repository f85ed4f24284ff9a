/** Grant types that most servers never use, each loaded on first use. `portcullis/own-pages` leaves them out. */
import { DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE } from '../model/client.ts';
import type { GrantType, GrantTypes } from './index.ts';

/** By `grant_type`. */
export const rareGrantTypes: GrantTypes = new Map<string, GrantType>([
  [DEVICE_CODE, { give: async (params, caller, as) => (await import('./device-code.ts')).deviceCode(params, caller, as) }],
  [TOKEN_EXCHANGE, { give: async (params, caller, as) => (await import('./token-exchange.ts')).tokenExchange(params, caller, as) }],
  [JWT_BEARER, { give: async (...request) => (await import('./jwt-bearer.ts')).jwtBearer(...request), needsNoClient: true }],
]);
