/**
 * Keys of a client, from its registration or its document: `jwks` or `jwks_uri`, never both (RFC 7591 §2). A private or symmetric key is
 * refused: in a public place it is a leak.
 */
import { isDocumentUrl } from '../lib/url.ts';
import type { Client } from '../model/client.ts';
import { keySetOf } from '../model/key-set.ts';

/** The members of a client that contain its keys. */
export type ClientKeys = Pick<Client, 'jwks' | 'jwksUri'>;

/** Rules for keys. */
export interface KeyRules {
  /** Whether the server can fetch a `jwks_uri`. */
  readonly canFetch: boolean;
  /** Whether http on loopback is accepted, for development. */
  readonly isLoopback: boolean;
  /** Accepted private-use schemes for redirect URIs. */
  readonly redirectSchemes?: readonly string[];
}

/** The keys in the metadata (possibly none), or what is wrong with them. */
export function clientKeysOf(
  given: ReadonlyMap<string, unknown>,
  rules: KeyRules,
): ClientKeys | { readonly reason: string; readonly problem: string } {
  const [jwks, uri] = [given.get('jwks'), given.get('jwks_uri')];
  if (jwks !== undefined && uri !== undefined) return { reason: 'keys_twice', problem: 'Send jwks or jwks_uri, not both.' };
  if (jwks !== undefined) {
    const keys = keySetOf(jwks);
    return keys ? { jwks: keys } : { reason: 'jwks', problem: 'jwks must be a JWK set of public keys.' };
  }
  if (uri === undefined) return {};
  if (typeof uri !== 'string' || !isDocumentUrl(uri, rules.isLoopback))
    return { reason: 'jwks_uri', problem: 'jwks_uri must be an https URL with a path.' };
  return rules.canFetch ? { jwksUri: uri } : { reason: 'jwks_uri_not_read', problem: 'jwks_uri cannot be read by this server; send jwks.' };
}

/** Whether a client has keys. */
export function hasKeys({ jwks, jwksUri }: ClientKeys): boolean {
  return jwks !== undefined || jwksUri !== undefined;
}
