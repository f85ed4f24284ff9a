/**
 * Client authentication at the token endpoint, by the client's registered method (OAuth 2.1 §2.4, §3.2).
 *
 * A public client sends only its id; the grant says whether that client may use a code or token, so its record is not read.
 * `confidential.ts` handles clients that authenticate, and is loaded with the first one.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { lazy } from '../lib/lazy.ts';
import type { Params } from '../model/params.ts';
import { failed, type Caller } from './caller.ts';

const authenticateConfidential = lazy(async () => (await import('./confidential.ts')).authenticateConfidential);

const PROOFS = ['client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * Authenticates the client of a request.
 *
 * @param call the caller's network, computed only for clients that authenticate.
 * @throws {OAuthError} `invalid_client` (401), with a `Basic` challenge if the header was used; `invalid_request`
 *   if more than one method is used; 429 after too many wrong secrets from one network.
 */
export async function authenticate(
  as: AuthServer,
  sent: string | null,
  params: Params,
  call: { readonly network: string },
): Promise<Caller> {
  const authorization = withoutToken(sent, params);
  if (authorization !== null || PROOFS.some((name) => params.optional(name) !== undefined))
    return authenticateConfidential(as, authorization, params, call.network);
  const clientId = params.optional('client_id');
  if (clientId === undefined) throw failed('none', 'client_missing');
  const configured = as.settings.clients.get(clientId);
  if (configured && configured.client.authMethod !== 'none') throw failed('none', 'secret_missing'); // costs no read
  return { kind: 'public', clientId };
}

/**
 * The header without an access token: the TypeScript SDK and MCP Inspector send the header of the calls here, too, in front of Basic
 * credentials or alone, possibly an empty one. A token authenticates no client, and `invalid_client` would make them drop their registration.
 */
function withoutToken(authorization: string | null, params: Params): string | null {
  const rest = authorization?.replace(/^(?:bearer|dpop)(?: +[^\s,]*)?(?: *, *|$)/i, '') ?? '';
  if (rest !== '') return rest;
  return params.optional('client_id') === undefined ? authorization : null;
}
