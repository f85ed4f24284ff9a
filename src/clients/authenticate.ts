/**
 * Authenticate: who calls the token endpoint, by the one method its client registered (OAuth 2.1 §2.4, §3.2).
 *
 * A public client shows nothing but its id; whether that id may use a code or token stands in the grant itself, so its
 * row is not read. Clients that prove who they are come to `confidential.ts`, which is loaded with the first one.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { lazy } from '../lib/lazy.ts';
import type { Params } from '../model/params.ts';
import { failed, type Caller } from './caller.ts';

const authenticateConfidential = lazy(async () => (await import('./confidential.ts')).authenticateConfidential);

const PROOFS = ['client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * Reads and checks the client's proof.
 *
 * @param call says where the request comes from, which is worked out only for clients that have something to prove.
 * @throws {OAuthError} `invalid_client` (401), with a `Basic` challenge where the header was used; `invalid_request`
 *   when more than one method is used; 429 after too many wrong secrets from one network.
 */
export async function authenticate(
  as: AuthServer,
  authorization: string | null,
  params: Params,
  call: { readonly network: string },
): Promise<Caller> {
  if (authorization !== null || PROOFS.some((name) => params.optional(name) !== undefined))
    return authenticateConfidential(as, authorization, params, call.network);
  const clientId = params.optional('client_id');
  if (clientId === undefined) throw failed('none', 'client_missing');
  const configured = as.settings.clients.get(clientId);
  if (configured && configured.client.authMethod !== 'none') throw failed('none', 'secret_missing'); // costs no read
  return { kind: 'public', clientId };
}
