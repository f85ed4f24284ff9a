/**
 * Device code grant: a device polls until the user has decided in a browser (RFC 8628 §3.4, §3.5).
 */
import { failed, type Caller } from '../clients/caller.ts';
import { findClient, mayFetch } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { forgetDevice, type PollResult, pollDevice } from '../core/records/devices.ts';
import { OAuthError } from '../model/error.ts';
import { DEVICE_CODE } from '../model/client.ts';
import type { Params } from '../model/params.ts';
import { redeemCode } from './authorization-code.ts';
import type { IssuedTokens } from './token-request.ts';

/** Issues the tokens, or reports the state of the request. */
export async function deviceCode(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const code = params.required('device_code');
  if (caller.kind === 'public') await checkPublic(as, caller.clientId);
  const polled = await pollDevice(as, code, caller.clientId);
  if (typeof polled === 'string') throw ERRORS[polled]();
  const tokens = await redeemCode(params, caller, as, { ...polled, reason: DEVICE_CODE });
  await forgetDevice(as, polled.hash);
  return tokens;
}

/** Uses the client's current registration, not the one when the device asked. A client with a metadata document is checked with its grant. */
async function checkPublic(as: AuthServer, clientId: string): Promise<void> {
  const client = await findClient(as, clientId);
  if (client ? client.authMethod !== 'none' : !mayFetch(as, clientId)) throw failed('none', client ? 'secret_missing' : 'client_unknown');
}

const ERRORS: { readonly [polled in Extract<PollResult, string>]: () => OAuthError } = {
  malformed: () => new OAuthError('invalid_grant', 'device_code_malformed'),
  unknown: () => new OAuthError('invalid_grant', 'device_code_unknown'),
  foreign: () => new OAuthError('invalid_grant', 'device_code_of_another_client'),
  pending: () => new OAuthError('authorization_pending', 'device_pending'),
  slow_down: () => new OAuthError('slow_down', 'device_hasty'),
  denied: () => new OAuthError('access_denied', 'user_denied'),
  expired: () => new OAuthError('expired_token', 'device_expired'),
};
