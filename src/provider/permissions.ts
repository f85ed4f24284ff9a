/**
 * Current permissions: calls the option `permissions` on each request, and puts its result into the props. If it throws, the call is
 * rejected, and the status tells the client what to do:
 *
 *   the upstream account has ended → 401, and the client signs in again · no account is linked, and the application did not expect that → 403
 *   anything else is an outage → 503, after which clients keep their tokens (SEC-186)
 */
import type { AuthServer } from '../core/auth-server.ts';
import { schemeOf, unauthorized, unavailable } from '../guard/answers.ts';
import { type Guard, isRefusal } from '../guard/guard.ts';
import { json } from '../lib/http.ts';
import type { Access } from '../model/access.ts';
import { checkPermissions } from '../model/identity.ts';
import type { Settings } from '../model/settings.ts';
import { UpstreamTokenError } from '../model/upstream.ts';
import type { OAuthHelpers } from './helpers.ts';

/** What a user may do, as it is being read. */
export interface PermissionsRead {
  readonly userId: string;
  readonly permissions: () => Promise<readonly string[]>;
}

/** Servers whose option `permissions` asks our own accounts about the user who calls: learned from what it does. */
const asksAccounts = new WeakSet<Settings>();

/**
 * Begins to read an account beside the check of a token, if `permissions` will ask for it. What is read counts only if the token is good, and
 * its grant is of that user. Null for a token whose grant this process has not seen.
 */
export function readPermissions(as: AuthServer, request: Request): PermissionsRead | null {
  const token = asksAccounts.has(as.settings) ? /^bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] : undefined;
  const userId = token === undefined ? undefined : as.grantCache.userOf(token);
  if (userId === undefined) return null;
  const read = as.accounts.permissionsOf(userId);
  read.catch(() => undefined); // reported where it is asked for
  return { userId, permissions: () => read };
}

/** The environment for `permissions`, in which one account may have been read ahead. */
function withRead<Env>(env: Env, { settings, accounts }: AuthServer, userId: string, read: PermissionsRead | null): Env {
  const permissionsOf = (id: string): Promise<readonly string[]> => {
    if (id === userId) asksAccounts.add(settings);
    return id === userId && read?.userId === id ? read.permissions() : accounts.permissionsOf(id);
  };
  const { OAUTH_PROVIDER: helpers } = env as { readonly OAUTH_PROVIDER: OAuthHelpers };
  return { ...env, OAUTH_PROVIDER: { ...helpers, accounts: { ...helpers.accounts, permissionsOf } } };
}

/** Puts the user's permissions into the props; or returns the error response. @param check runs the guard once more. @param read what `readPermissions` began. */
export async function withPermissions(
  as: AuthServer,
  access: Access,
  env: unknown,
  {
    guard,
    check,
    read,
  }: { readonly guard: Guard<null>; readonly check: () => Promise<Access | Response | null>; readonly read: PermissionsRead | null },
): Promise<Access | Response> {
  const { permissions } = as.settings;
  if (permissions === null) return access;
  try {
    const props = typeof access.props === 'object' && access.props !== null ? access.props : {};
    const current = await permissions(access, withRead(env, as, access.userId, read) as never);
    checkPermissions('permissions', current);
    return { ...access, props: { ...props, permissions: current } };
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
