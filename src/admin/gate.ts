/**
 * Who may use the administration API:
 *
 *   our own origin → signed in, by the cookie of a browser → the permission, as of now → signed in recently
 *
 * No access token and no key opens it.
 */
import type { KnownSession } from '../core/users/sessions.ts';
import type { Call } from '../endpoints/endpoint.ts';
import { isSameOrigin } from '../endpoints/sign-in/browser-context.ts';
import { isRecent, sessionOf } from '../endpoints/sign-in/session.ts';
import type { Access } from '../model/access.ts';
import { OAuthError } from '../model/error.ts';
import { permissionsIn } from '../model/policy.ts';
import type { Seconds } from '../model/store.ts';
import { UpstreamTokenError } from '../model/upstream.ts';
import type { OAuthHelpers } from '../provider/helpers.ts';

/** How long ago the sign-in may be for reading. */
const READ_WITHIN: Seconds = 3600;
/** And for changes. */
const CHANGE_WITHIN: Seconds = 600;

/** The administrator who calls. @param isOwn whether the request comes from our own origin. @throws {OAuthError} 403, or 401 for who has to sign in first. */
export async function requireAdmin(
  call: Call,
  helpers: OAuthHelpers,
  permission: string,
  isChange: boolean,
  isOwn: boolean = isSameOrigin(call, isChange),
): Promise<KnownSession> {
  if (!isOwn) throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const session = await sessionOf(call);
  if (!session) throw new OAuthError('login_required', 'admin_session_missing', { status: 401, hint: 'Sign in first.' });
  if (!permissionsIn({ permissions: await permissionsOf(call, helpers, session) }).includes(permission))
    throw new OAuthError('access_denied', 'admin_permission_missing', { status: 403, hint: 'This needs an administrator.' });
  if (!isRecent(call.as, session, isChange ? CHANGE_WITHIN : READ_WITHIN))
    throw new OAuthError('interaction_required', 'admin_sign_in_old', {
      status: 401,
      hint: 'Sign in again, with `again=1`, and repeat this.',
    });
  return session;
}

/** What the user may do now: as the option `permissions` says, else the account, else the sign-in. */
async function permissionsOf({ as, env }: Call, helpers: OAuthHelpers, session: KnownSession): Promise<readonly string[]> {
  const { permissions } = as.settings;
  if (permissions === null) return (await helpers.accounts.find(session.userId))?.permissions ?? session.permissions ?? [];
  const known = { ...(typeof env === 'object' ? env : {}), OAUTH_PROVIDER: helpers };
  try {
    return await permissions(accessOf(as.settings.issuer, as.settings.tenant, session), known as never);
  } catch (cause) {
    if (cause instanceof UpstreamTokenError && cause.failure !== 'unavailable') return [];
    throw new OAuthError('temporarily_unavailable', 'permissions_failed', { cause, headers: { 'retry-after': '2' } });
  }
}

/** The access as which the look-up sees the browser of a user. */
function accessOf(issuer: string, tenant: string | null, { userId, claims, permissions, expiresAt }: KnownSession): Access {
  const notLinked = (provider: string): Promise<never> => Promise.reject(new UpstreamTokenError('not_linked', provider));
  const accounts = (provider: string): ReturnType<Access['upstream']> => {
    const none = (): Promise<never> => notLinked(provider);
    return { token: none, scopes: none, accounts: none };
  };
  return {
    userId,
    clientId: 'admin',
    grantId: '',
    scope: [],
    resource: issuer,
    expiresAt,
    ...(tenant === null ? {} : { tenant, issuer }),
    props: { claims, ...(permissions ? { permissions } : {}) },
    upstream: accounts,
    connect: Object.assign(notLinked, { seal: () => notLinked(''), open: async () => null }),
  };
}
