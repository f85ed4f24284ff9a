/**
 * Current permissions: calls the option `permissions` on each request, and puts its result into the props. If it throws, the call is
 * rejected, and the status tells the client what to do:
 *
 *   the upstream account has ended → 401, and the client signs in again · no account is linked, and the application did not expect that → 403
 *   anything else is an outage → 503, after which clients keep their tokens (SEC-186)
 */
import type { AuthServer } from '../core/auth-server.ts';
import { schemeOf, unauthorized, unavailable } from '../guard/challenge.ts';
import { type Guard, isRefusal } from '../guard/guard.ts';
import { json } from '../lib/http.ts';
import type { Access } from '../model/access.ts';
import { UpstreamTokenError } from '../model/upstream.ts';

/** Puts the user's permissions into the props; or returns the error response. @param check runs the guard once more. */
export async function withPermissions(
  as: AuthServer,
  access: Access,
  env: unknown,
  { guard, check }: { readonly guard: Guard<null>; readonly check: () => Promise<Access | Response | null> },
): Promise<Access | Response> {
  const { permissions } = as.settings;
  if (permissions === null) return access;
  try {
    const props = typeof access.props === 'object' && access.props !== null ? access.props : {};
    return { ...access, props: { ...props, permissions: await permissions(access, env as never) } };
  } catch (error) {
    const failure = error instanceof UpstreamTokenError ? error.failure : null;
    if (failure === 'ended') {
      as.emit({ kind: 'request.refused', endpoint: 'permissions', code: 'invalid_token', reason: 'upstream_ended' });
      const verdict = await check(); // the guard answers 401 if the grant has ended with the account
      return isRefusal(verdict) ? verdict : unauthorized(guard.challenge, true, schemeOf(access));
    }
    if (failure === 'not_linked') {
      as.emit({ kind: 'request.refused', endpoint: 'permissions', code: 'access_denied', reason: 'upstream_not_linked' });
      return json({ error: 'access_denied', error_description: (error as Error).message }, 403);
    }
    as.emit({ kind: 'request.failed', endpoint: 'permissions', requestId: as.secrets.id(), error });
    return unavailable(error instanceof UpstreamTokenError ? error.retryAfter : undefined);
  }
}
