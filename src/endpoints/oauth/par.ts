/**
 * Pushed authorization request endpoint (RFC 9126). A client sends its authorization request directly and gets a `request_uri`, so
 * the browser can neither read nor change the parameters. All errors are returned here, to the client.
 *
 *   client → limit → every check of an authorization request → key → stored → request_uri
 */
import { failed, withGiveBack, orUnavailable } from '../../clients/caller.ts';
import { keepPushedRequest as keep } from '../../core/records/one-time.ts';
import { CROSS_ORIGIN, json } from '../../lib/http.ts';
import { OAuthError } from '../../model/error.ts';
import { type Params, paramsOf } from '../../model/params.ts';
import type { Seconds } from '../../model/store.ts';
import { checkRequest } from '../authorize/authorization-request.ts';
import type { Call } from '../endpoint.ts';
import { keyShown, parseClientRequest } from './token.ts';

/** The parameters that are stored; all others, credentials above all, are not. */
const NAMES = ['client_id', 'response_type', 'redirect_uri', 'state', 'scope', 'resource', 'code_challenge', 'code_challenge_method',
  'dpop_jkt', 'response_mode', 'request', 'nonce', 'prompt', 'ui_locales', 'login_hint']; // prettier-ignore
const LIFE: Seconds = 90;
const PUSHES = 300;
const WINDOW = 600;

/** POST of the pushed authorization request endpoint. */
export async function pushedAuthorizationRequest(call: Call): Promise<Response> {
  const { as, request, network } = call;
  const { form, caller } = await parseClientRequest(call, { ahead: refusePushed });
  const wait = await as.limit(`push\n${network}`, PUSHES, WINDOW, as.place);
  if (wait !== null)
    throw new OAuthError('temporarily_unavailable', 'push_limited', { status: 429, headers: { 'retry-after': String(wait) } });
  const fields = new Map(NAMES.map((name) => [name, form.all(name)] as const).filter(([, values]) => values.length > 0));
  fields.set('client_id', [caller.clientId]);
  const key = request.headers.has('dpop') ? await keyShown(call, as.settings.paths.push) : undefined;
  const jkt = key?.jkt;
  if (jkt !== undefined && (form.optional('dpop_jkt') ?? jkt) !== jkt) throw new OAuthError('invalid_dpop_proof', 'dpop_jkt_differs'); // RFC 9449 §10.1
  if (jkt !== undefined) fields.set('dpop_jkt', [jkt]);
  return withGiveBack({ ...caller, ...(key ? { key } : {}) }, async () => {
    const checked = await checkRequest(as, { params: paramsOf(fields), isPushed: true }, network).catch((error: unknown) => {
      throw orUnavailable(error);
    });
    if ('error' in checked) throw checked.error;
    if (caller.kind === 'public' && checked.client.authMethod !== 'none') throw failed('none', 'secret_missing');
    await key?.prove();
    const uri = await keep(as, caller.clientId, fields, LIFE);
    return json({ request_uri: uri, expires_in: LIFE }, 201, CROSS_ORIGIN);
  });
}

/** A pushed request names no other (RFC 9126 §2.1). */
function refusePushed(form: Params): void {
  if (form.optional('request_uri') !== undefined) throw new OAuthError('invalid_request', 'request_uri_pushed');
}
