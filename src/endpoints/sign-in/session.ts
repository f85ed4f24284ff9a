/**
 * The session of a browser: who is signed in and since when, and the upstream accounts that the next app may use too. The session stores the key to
 * them encrypted under its cookie, of which storage only has the hash. A user who has to sign in first is redirected back to the same page afterwards.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import type { Session } from '../../core/records/records.ts';
import { type KnownSession, useSession } from '../../core/users/sessions.ts';
import { userIdOf } from '../../core/users/identities.ts';
import { ownPath } from '../../lib/url.ts';
import { OAuthError } from '../../model/error.ts';
import { type Authenticated, hostOf } from '../../model/login.ts';
import type { Origin, StoredOrigin } from '../../model/identity.ts';
import type { Json, Seconds } from '../../model/store.ts';
import type { UpstreamRef } from '../../model/upstream.ts';
import { type Call, type HostSessionAnswer } from '../endpoint.ts';
import { cookieOf, redirectTo, RETURNED } from './browser-context.ts';

/** The user signed in for this authorization: a session from before a request for a new sign-in does not count. */
export async function sessionFor(call: Call, pending: { readonly staleSession?: string }): Promise<KnownSession | null> {
  return countsFor(pending, await sessionOf(call));
}

/** The same of a session that was read already. */
export function countsFor({ staleSession }: { readonly staleSession?: string }, session: KnownSession | null): KnownSession | null {
  return session?.hash === staleSession ? null : session;
}

/** The session of this browser, or null. */
export async function sessionOf(call: Call): Promise<KnownSession | null> {
  if (call.begun) return call.begun;
  const token = cookieOf(call, 'session');
  if (token === undefined || !/^[\w-]{43}$/.test(token)) return null;
  const hash = await call.as.secrets.recordId(token);
  const session = await useSession(call.as, hash);
  if (!session) return null;
  // A command line's opens the administration API alone, while the browser that allowed it is signed in.
  if (session.cliOf !== undefined && !call.url.pathname.startsWith(`${call.as.settings.paths.admin}/api/`)) return null;
  if (session.cliOf !== undefined && !(await call.as.records.findSession(session.cliOf))) return null;
  return session.host === undefined ? { ...session, hash } : stillThere(call, { ...session, hash });
}

/** How far the clock of another site may be ahead. */
const MAX_AHEAD: Seconds = 300;

/** When a user authenticated; 0 if that is not known. A time that has not come, such as one in milliseconds, would be recent for ever. */
export function timeOfProof(at: Seconds | undefined, now: Seconds): Seconds {
  return typeof at === 'number' && at <= now + MAX_AHEAD ? Math.min(at, now) : 0;
}

/** Identifies in the form the account that the page showed, so that a switch in another tab is detected. */
export async function accountMark(as: AuthServer, session: Pick<Session, 'userId'> | null): Promise<string> {
  return session === null ? '' : (await as.secrets.hash(`account\n${session.userId}`)).slice(0, 16);
}

/** A session that follows the application's: valid only while that has the same user, and with its current claims. */
async function stillThere(call: Call, session: KnownSession): Promise<KnownSession | null> {
  const { as } = call;
  const found = await hostSessionOf(call);
  if (!found || found.login !== session.host) return null; // signed out there, or the request has no cookies of the application
  const { identity, permissions, organizations, authenticatedAt, joinByEmail } = found.proven;
  if ((await userIdOf(as, identity, joinByEmail, found.login)) !== session.userId) {
    await as.records.endSession(session.hash); // another user has signed in there
    return null;
  }
  const { permissions: _permissions, organizations: _organizations, ...rest } = session;
  return {
    ...rest,
    claims: { ...(identity.claims as Session['claims']), sub: session.userId },
    ...(permissions ? { permissions } : {}),
    ...(organizations ? { organizations } : {}),
    provenAt: Math.max(timeOfProof(authenticatedAt, as.now()), session.provenAt ?? 0), // a second factor may have been used here
  };
}

/**
 * The user signed in at the application itself, asked once per request; null if there is none, or if no login follows its session.
 *
 * @throws {OAuthError} 503 if it cannot tell.
 */
export function hostSessionOf({ request, as, env, answers }: Call): Promise<HostSessionAnswer | null> {
  return (answers.hostSession ??= readHostSession(request, as, env));
}

async function readHostSession(request: Request, as: AuthServer, env: unknown): Promise<HostSessionAnswer | null> {
  const host = hostOf(as.settings.logins);
  if (!host) return null;
  try {
    const proven = await host.present({ request: outsideOf(request), env, issuer: as.settings.issuer });
    return proven && { login: host.id, proven };
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'session_unknown', { cause }); // neither signs in nor signs out
  }
}

/** The request as the application may read it: URL and headers. */
export function outsideOf({ url, headers }: Request): Request {
  return new Request(url, { headers: [...headers] });
}

/** Maximum age of a sign-in for what a stolen session must not do: new password, new passkey, new second factor. */
export const RECENT: Seconds = 600;

/** The session, or a redirect to the sign-in page. */
export async function requireSession(call: Call): Promise<KnownSession | Response> {
  return (await sessionOf(call)) ?? redirectTo(signInUrl(call.as, pathOf(call)));
}

/** Null if the user has authenticated within so many seconds, else a redirect to authenticate again and return to `path`. */
export function requireRecentSession(
  call: Call,
  session: Session,
  seconds: Seconds = RECENT,
  path: string = pathOf(call),
): Response | null {
  return isRecent(call.as, session, seconds) ? null : signInAgain(call.as, path);
}

/** The redirect to authenticate again and return to `path`. */
export function signInAgain(as: AuthServer, path: string): Response {
  return redirectTo(`${signInUrl(as, path)}&again=1`);
}

/** Whether the user authenticated at most so long ago. A session without a time is not fresh. */
export function isRecent(as: AuthServer, session: Session, seconds: Seconds): boolean {
  return Math.abs(as.now() - (session.provenAt ?? 0)) <= seconds; // a clock that was ahead for a while makes no sign-in recent for as long
}

/** The URL of the sign-in page that returns to `path`. */
export function signInUrl({ settings }: AuthServer, path: string): string {
  return path === settings.paths.login ? path : `${settings.paths.login}?return_to=${encodeURIComponent(path)}`;
}

/** Where a browser goes that has signed out: the sign-in page, which says so. */
export function signedOutUrl({ settings }: AuthServer): string {
  return `${settings.paths.login}?signed-out=1`;
}

/** Where to go after a sign-in; only on this origin (SEC-149). */
export function returnPath({ as, url }: Call): string | null {
  const path = ownPath(url.searchParams.get('return_to'), as.settings.origin);
  const to = path === null ? null : new URL(path, as.settings.origin);
  if (to?.pathname !== as.settings.paths.authorize) return path;
  to.searchParams.set(RETURNED, '1');
  return to.pathname + to.search;
}

function pathOf({ as, url }: Call): string {
  return ownPath(url.pathname + url.search, as.settings.origin) ?? as.settings.paths.account;
}

/** A session found by its cookie. */
type Found = Pick<Session, 'userId' | 'upstreams'> & { readonly hash: string };

/** The accounts of a session; null if one of them is gone or can no longer be decrypted: the user must sign in again. */
export async function upstreamAccountsOf(call: Call, session: Found): Promise<readonly UpstreamRef[] | null> {
  if (session.upstreams === undefined) return [];
  const token = cookieOf(call, 'session') ?? '';
  const refs = (await call.as.secrets.openUnder(token, session.upstreams, boundTo(session.hash))) as readonly UpstreamRef[] | null;
  return refs && (await call.as.vault.allExist(refs)) ? refs : null;
}

/** The accounts after a sign-in: the new one, and those that the same user had in this browser before. */
export async function link(
  call: Call,
  userId: string,
  { upstream }: Pick<Authenticated, 'upstream'>,
  old: Found | null,
): Promise<readonly UpstreamRef[]> {
  const before = old?.userId === userId ? ((await upstreamAccountsOf(call, old)) ?? []) : [];
  if (!upstream) return before;
  const { provider, id } = upstream.account;
  const others = before.filter(({ account }) => account.provider !== provider || account.id !== id);
  return [await call.as.vault.keep(userId, upstream.account, upstream.tokens), ...others];
}

/** The accounts as the session stores them; no member if there are none. */
export async function sealLinked(
  { as }: Call,
  token: string,
  hash: string,
  refs: readonly UpstreamRef[],
): Promise<{ readonly upstreams?: string }> {
  return refs.length === 0 ? {} : { upstreams: await as.secrets.sealUnder(token, refs, boundTo(hash)) };
}

/** The upstream sign-in of a user: from a fresh sign-in, else decrypted with the session's cookie. */
export async function originOf(
  call: Call,
  user: { readonly hash: string; readonly came?: Origin; readonly origin?: StoredOrigin },
): Promise<Origin | null> {
  if (user.came) return user.came;
  if (!user.origin) return null;
  const { login, sealed } = user.origin;
  if (sealed === undefined) return { login };
  const standing = await call.as.secrets.openUnder(cookieOf(call, 'session') ?? '', sealed, `session:${user.hash}:origin`);
  return { login, ...(standing === null ? {} : { standing: standing as Json }) };
}

/** The same as the session stores it. */
export async function sealOrigin({ as }: Call, token: string, hash: string, { login, standing }: Origin): Promise<StoredOrigin> {
  return { login, ...(standing === undefined ? {} : { sealed: await as.secrets.sealUnder(token, standing, `session:${hash}:origin`) }) };
}

function boundTo(hash: string): string {
  return `session:${hash}:upstreams`;
}
