/**
 * Parses a form request of a client (token, revocation, introspection, PAR, device): no secret in the URL, a strict form,
 * no repeated security parameter, then client authentication.
 */
import { authenticate } from '../../clients/authenticate.ts';
import type { Caller } from '../../clients/caller.ts';
import type { Params } from '../../model/params.ts';
import { readForm, type Call } from '../endpoint.ts';
import { refuseSecretsInUrl } from './token.ts';

/**
 * Reads the form and authenticates the client.
 *
 * @param once further parameters that must not be repeated.
 * @throws {OAuthError} `invalid_request`, or `invalid_client` (RFC 6749 §5.2).
 */
export async function parseClientRequest(
  call: Call,
  ...once: readonly string[]
): Promise<{ readonly form: Params; readonly caller: Caller }> {
  const { as, request } = call;
  refuseSecretsInUrl(call);
  const form = await readForm(request);
  form.once(...once, 'client_secret', 'client_assertion', 'client_assertion_type');
  return { form, caller: await authenticate(as, request.headers.get('authorization'), form, call) };
}
