/**
 * Device authorization endpoint (RFC 8628 §3.1, §3.2). Issues a device code and a user code to a device without a browser.
 *
 *   caller → resource → scope → client → registered for it → limit → codes
 */
import { failed, withGiveBack } from '../../clients/caller.ts';
import { resolveClient } from '../../clients/find.ts';
import { INTERVAL, openDevice } from '../../core/records/devices.ts';
import { CROSS_ORIGIN, json } from '../../lib/http.ts';
import { OAuthError } from '../../model/error.ts';
import { DEVICE_CODE } from '../../model/client.ts';
import { findResource } from '../../model/resource.ts';
import { DEVICE_TTL } from '../../model/pending-authorization.ts';
import { parseClientRequest } from './client-request.ts';
import { scopeOfRequest } from '../authorize/authorization-request.ts';
import type { Call } from '../endpoint.ts';

const REQUESTS = 60;
const WINDOW = 600;

/** POST of the device authorization endpoint. */
export async function deviceAuthorization(call: Call): Promise<Response> {
  const { as, network } = call;
  const { settings } = as;
  const { form, caller } = await parseClientRequest(call);
  const resource = findResource(form.all('resource'), settings);
  const scope = scopeOfRequest(settings, resource, form.optional('scope'));
  const client = caller.kind === 'confidential' ? caller.client : await resolveClient(as, caller.clientId, network);
  if (!client || (caller.kind === 'public' && client.authMethod !== 'none'))
    throw failed('none', client ? 'secret_missing' : 'client_unknown');
  if (!client.grantTypes.includes(DEVICE_CODE)) throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
  const wait = await as.limit(`device\n${network}`, REQUESTS, WINDOW);
  if (wait !== null)
    throw new OAuthError('temporarily_unavailable', 'device_limited', { status: 429, headers: { 'retry-after': String(wait) } });
  const request = { clientId: client.id, ...scope, resource: resource.uri };
  const { deviceCode, userCode } = await withGiveBack(caller, () => openDevice(as, request));
  const page = settings.origin + settings.paths.device;
  const answer = {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${userCode}`,
    expires_in: DEVICE_TTL,
    interval: INTERVAL,
  };
  return json(answer, 200, CROSS_ORIGIN);
}
