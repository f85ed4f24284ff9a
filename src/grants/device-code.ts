/**
 * Device code: a device that has no browser asks until the person has decided elsewhere (RFC 8628 §3.4, §3.5).
 */
import { failed, type Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { forgetDevice, type Polled, pollDevice } from '../core/devices.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import { redeemCode } from './authorization-code.ts';
import type { IssuedTokens } from './issue.ts';

/** Gives the tokens, or says how far it is. */
export async function deviceCode(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const polled = await pollDevice(as, params.required('device_code'), {
    clientId: caller.clientId,
    isProven: caller.kind === 'confidential',
  });
  if (typeof polled === 'string') throw ERRORS[polled]();
  const tokens = await redeemCode(params, caller, as, polled);
  await forgetDevice(as, polled.hash);
  return tokens;
}

const ERRORS: { readonly [polled in Extract<Polled, string>]: () => OAuthError } = {
  unknown: () => new OAuthError('invalid_grant', 'device_code_unknown'),
  unproven: () => failed('none', 'secret_missing'),
  pending: () => new OAuthError('authorization_pending', 'device_pending'),
  slow_down: () => new OAuthError('slow_down', 'device_hasty'),
  denied: () => new OAuthError('access_denied', 'user_denied'),
  expired: () => new OAuthError('expired_token', 'device_expired'),
};
