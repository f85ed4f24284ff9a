/**
 * Runs acts for the administration API and for the admin page: the same gate, the same limit, the same audit.
 */
import type { KnownSession } from '../core/users/sessions.ts';
import type { Call } from '../endpoints/endpoint.ts';
import { isSameOrigin } from '../endpoints/sign-in/browser-context.ts';
import { isRecent, sessionOf } from '../endpoints/sign-in/session.ts';
import { type Access, permissionsIn } from '../model/access.ts';
import { OAuthError } from '../model/error.ts';
import type { Seconds } from '../model/store.ts';
import { isKey, kindOf } from '../model/token.ts';
import { UpstreamTokenError } from '../model/upstream.ts';
import { makeHelpers, type OAuthHelpers } from '../provider/helpers.ts';
import { type Act, type Acts, type Admin, audited, inputOf, missing, wrong } from './act.ts';
import { auditLog, clients, server } from './server.ts';
import { grants, keys, tokens } from './grants.ts';
import { users } from './users.ts';

/** Every act, by name. */
export const ACTS: Acts = { ...users, ...clients, ...grants, ...keys, ...tokens, ...server, ...auditLog };
/** Requests of one administrator in a minute. */
const MAX_REQUESTS = 600;

/** Lets an administrator in. @param isOwn whether the request comes from our own origin. @throws {OAuthError} 401, 403, or 429 for too many. */
export async function enter(
  call: Call,
  permission: string,
  isChange: boolean,
  isOwn?: boolean,
): Promise<{ readonly admin: Admin; readonly session: KnownSession }> {
  const { as, network } = call;
  const helpers = makeHelpers(as, network);
  const session = await requireAdmin(call, helpers, permission, isChange, isOwn);
  const { userId } = session;
  const wait = await as.limit(`admin\n${userId}`, MAX_REQUESTS, 60);
  if (wait !== null)
    throw new OAuthError('temporarily_unavailable', 'admin_limited', { status: 429, headers: { 'retry-after': String(wait) } });
  return { admin: { as, helpers, userId, permission }, session };
}

/** A stream that breaks off once its reader may no longer enter: an export takes as long as its reader likes. */
export function whileAdmin(call: Call, { helpers, permission }: Admin, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const gate = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, to) {
      await requireAdmin(call, helpers, permission, false, true);
      to.enqueue(chunk);
    },
  });
  return body.pipeThrough(gate);
}

/** Runs an act for an administrator who was let in. A change is audited. @throws {OAuthError} 404 for an unknown one. */
export async function runAct(admin: Admin, name: string, all: { readonly [name: string]: unknown }): Promise<unknown> {
  const act: Act | undefined = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (!act) throw missing('act');
  const isChange = act.method === 'POST';
  const input = inputOf(act, all);
  const target = act.isSecret ? undefined : input.all[act.takes[0] ?? ''];
  const isTold = isChange && typeof target === 'string' && !holdsToken(target);
  const about = { act: name, by: admin.userId, ...(isTold ? { target: target.slice(0, 256) } : {}) };
  try {
    const result = await (isChange ? audited(admin.as, about, () => act.run(admin, input)) : act.run(admin, input));
    if (!isChange) admin.as.emit({ kind: 'admin.acted', ...about, outcome: 'done' });
    return result;
  } catch (error) {
    if (error instanceof TypeError) throw wrong(error.message); // what the helpers say of a wrong argument
    throw error;
  }
}

/** Whether a token was given in the place of an id, as it is or as it was copied. The audit must not keep it: its readers could use it. */
function holdsToken(text: string): boolean {
  if (/^[^:]+:[\w-]{16}:[\w-]{32}$/.test(text.trim())) return true; // of workers-oauth-provider
  return text.split(/[^\w.~-]+/).some((one) => isKey(one) || kindOf(one) !== null || /^eyJ[\w-]+\./.test(one)); // the last one: a JWT
}

/** How long ago the sign-in may be for reading. */
const READ_WITHIN: Seconds = 3600;
/** And for changes. */
const CHANGE_WITHIN: Seconds = 600;

/**
 * The administrator who calls. No access token and no key opens this:
 *
 *   our own origin → signed in, by the cookie of a browser → the permission, as of now → signed in recently
 *
 * @param isOwn whether the request comes from our own origin.
 * @throws {OAuthError} 403, or 401 for who has to sign in first.
 */
async function requireAdmin(
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
