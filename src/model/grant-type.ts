/**
 * Grant type: the names by which the token endpoint is asked for tokens, and who may use which.
 */

/** Exchange of one token for another with less in it (RFC 8693). */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** Tokens for what a trusted issuer says (RFC 7523 §2.1). */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Tokens for a device that has no browser (RFC 8628). */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Those that clients may have which register themselves. */
export const SELF_GRANT_TYPES: readonly string[] = ['authorization_code', 'refresh_token'];

/** The same, and the device's where this server has it. No client gets that one without naming it. */
export function selfGrantTypes({ paths }: { readonly paths: { readonly deviceAuthorization: string | null } }): readonly string[] {
  return paths.deviceAuthorization === null ? SELF_GRANT_TYPES : [...SELF_GRANT_TYPES, DEVICE_CODE];
}

/** Those that only a client which the operator registered may use, and only one that proves who it is. */
export const CONFIDENTIAL_GRANT_TYPES: readonly string[] = ['client_credentials', TOKEN_EXCHANGE, JWT_BEARER];

/** Every name there is: for the check of its spelling. */
export const GRANT_TYPE_NAMES: readonly string[] = [...SELF_GRANT_TYPES, DEVICE_CODE, ...CONFIDENTIAL_GRANT_TYPES];
