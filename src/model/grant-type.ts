/**
 * Grant types: their names, and which clients may use them.
 */

/** Token exchange (RFC 8693). */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** Assertions of a trusted issuer (RFC 7523 §2.1). */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Devices without a browser (RFC 8628). */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Grant types of clients that register themselves. */
const SELF_GRANT_TYPES: readonly string[] = ['authorization_code', 'refresh_token'];

/** The same, plus the device grant if this server offers it. A client must name that one to get it. */
export function selfGrantTypes({ paths }: { readonly paths: { readonly deviceAuthorization: string | null } }): readonly string[] {
  return paths.deviceAuthorization === null ? SELF_GRANT_TYPES : [...SELF_GRANT_TYPES, DEVICE_CODE];
}

/** Grant types only for clients that the operator registered and that authenticate. */
export const CONFIDENTIAL_GRANT_TYPES: readonly string[] = ['client_credentials', TOKEN_EXCHANGE, JWT_BEARER];

/** All names, to check their spelling. */
export const GRANT_TYPE_NAMES: readonly string[] = [...SELF_GRANT_TYPES, DEVICE_CODE, ...CONFIDENTIAL_GRANT_TYPES];
