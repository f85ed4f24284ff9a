/**
 * Which grant types the token endpoint offers. Metadata needs only their names, so their code is not loaded here.
 */
import { DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE } from '../model/client.ts';
import type { Settings } from '../model/settings.ts';

/** Whether the settings enable a grant type, by `grant_type`. */
const OFFERED: ReadonlyMap<string, (settings: Settings) => boolean> = new Map<string, (settings: Settings) => boolean>([
  ['authorization_code', () => true],
  ['refresh_token', () => true],
  ['client_credentials', () => true],
  [DEVICE_CODE, ({ paths }) => paths.deviceAuthorization !== null],
  [TOKEN_EXCHANGE, ({ tokenExchange }) => tokenExchange !== null],
  [JWT_BEARER, ({ trustedIssuers, issuerFinder }) => trustedIssuers.length > 0 || issuerFinder !== null],
]);

/** Whether this server offers a grant type. */
export function isOffered(name: string, settings: Settings): boolean {
  return OFFERED.get(name)?.(settings) ?? false;
}

/** The names of all grant types that this server offers. */
export function offeredGrantTypes(settings: Settings): readonly string[] {
  return [...OFFERED.keys()].filter((name) => isOffered(name, settings));
}
