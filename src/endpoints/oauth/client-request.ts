/**
 * Asking: how every request of a program opens that comes with a form and a client's proof: no secret in the URL, a strict form,
 * each parameter that decides something once, then the client.
 */
import { authenticate } from '../../clients/authenticate.ts';
import type { Caller } from '../../clients/caller.ts';
import type { Params } from '../../model/params.ts';
import { readForm, type Call } from '../endpoint.ts';
import { refuseSecretsInUrl } from './token.ts';

/**
 * Reads the form and knows the client.
 *
 * @param once further parameters that may stand but once.
 * @throws {OAuthError} `invalid_request`, or `invalid_client` as RFC 6749 §5.2 has it.
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
