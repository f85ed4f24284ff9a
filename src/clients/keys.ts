/**
 * Keys of a client, as its registration or its document names them: `jwks` or `jwks_uri`, never both (RFC 7591 §2). A private or
 * symmetric key in a public place is a leak, whatever it was meant for.
 */
import { isDocumentUrl } from '../lib/document-url.ts';
import type { Client } from '../model/client.ts';
import { keySetOf } from '../model/key-set.ts';

/** The members of a client that hold its keys. */
export type ClientKeys = Pick<Client, 'jwks' | 'jwksUri'>;

/** Where keys may be read from. */
export interface KeyRules {
  /** Whether an address can be read at all. */
  readonly canFetch: boolean;
  /** Also plain http on this very computer: for development. */
  readonly isLoopback: boolean;
  /** Private-use schemes of redirect URIs that are good. */
  readonly redirectSchemes?: readonly string[];
}

/** The keys in what was sent, none of them where nothing names any, or what is wrong with them. */
export function clientKeysOf(
  given: ReadonlyMap<string, unknown>,
  rules: KeyRules,
): ClientKeys | { readonly reason: string; readonly problem: string } {
  const [jwks, uri] = [given.get('jwks') ?? undefined, given.get('jwks_uri') ?? undefined];
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
