/**
 * Caller: who asks something of the token endpoint and its likes, as `authenticate.ts` found out; and the refusal of whoever is not.
 */
import type { Client, ClientAuthMethod } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';

/** Who calls, as far as it is known before the grant is read. */
export type Caller = (
  | { readonly kind: 'public'; readonly clientId: string }
  | { readonly kind: 'confidential'; readonly clientId: string; readonly client: Client }
  | { readonly kind: 'absent'; readonly clientId: '' }
) & {
  /** Thumbprint of the key that the request proved, if it proved one. */
  readonly jkt?: string;
};

/** Somebody who names no client: only for what needs none. */
export const ABSENT: Caller = { kind: 'absent', clientId: '' };

/** The answer to every failed authentication. */
export function failed(method: ClientAuthMethod, reason: string): OAuthError {
  const headers = method === 'client_secret_basic' ? { 'www-authenticate': 'Basic realm="token endpoint", charset="UTF-8"' } : {};
  return new OAuthError('invalid_client', reason, { headers });
}
