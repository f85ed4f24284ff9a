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
 * @param options `once`: further parameters that must not be repeated; `ahead`: begins a read beside the authentication.
 * @throws {OAuthError} `invalid_request`, or `invalid_client` (RFC 6749 §5.2).
 */
export async function parseClientRequest<T = undefined>(
  call: Call,
  { once, ahead }: { readonly once?: readonly string[]; readonly ahead?: (form: Params) => T } = {},
): Promise<{ readonly form: Params; readonly caller: Caller; readonly begun: T | undefined }> {
  const { as, request } = call;
  refuseSecretsInUrl(call);
  const form = await readForm(request);
  form.once('client_secret', 'client_assertion', 'client_assertion_type');
  if (once) form.once(...once);
  const begun = ahead?.(form);
  return { form, begun, caller: await authenticate(as, request.headers.get('authorization'), form, call) };
}
