/** Grant types that most servers never use, each loaded on first use. `portcullis/own-pages` leaves them out. */
import { DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE } from '../model/client.ts';
import type { GrantType, GrantTypes } from './index.ts';
import { lazy } from '../lib/lazy.ts';

/** By `grant_type`. */
export const rareGrantTypes: GrantTypes = new Map<string, GrantType>([
  [DEVICE_CODE, { give: lazy(async () => (await import('./device-code.ts')).deviceCode) }],
  [TOKEN_EXCHANGE, { give: lazy(async () => (await import('./token-exchange.ts')).tokenExchange) }],
  [JWT_BEARER, { give: lazy(async () => (await import('./jwt-bearer.ts')).jwtBearer), needsNoClient: true }],
]);
