/**
 * Recent: pages for a signed-in person, and steps for which an old session is not enough (step-up). Who has to sign in
 * comes back to where they were.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import type { Session } from '../../core/records/records.ts';
import type { KnownSession } from '../../core/users/sessions.ts';
import { ownPath } from '../../lib/url.ts';
import type { Seconds } from '../../model/store.ts';
import type { Call } from '../endpoint.ts';
import { redirectTo, sessionOf } from './browser-context.ts';

/** How fresh a sign-in must be for what a stolen session must not do: new password, new passkey, new second factor. */
export const RECENT: Seconds = 600;

/** Stands in an authorization request that a page of ours sent the browser to: who asked for it is not known (`skip-consent.ts`). */
export const RETURNED = 'returned';

/** The session, or the way to sign in and come back. */
export async function requireSession(call: Call): Promise<KnownSession | Response> {
  return (await sessionOf(call)) ?? redirectTo(signInUrl(call.as, pathOf(call)));
}

/** Null if the person has proven who they are within so many seconds, else the way to do it again and come back to `path`. */
export function requireRecentSession(
  call: Call,
  session: Session,
  seconds: Seconds = RECENT,
  path: string = pathOf(call),
): Response | null {
  return isRecent(call.as, session, seconds) ? null : signInAgain(call.as, path);
}

/** The way to prove once more who one is, and to come back to `path`. */
export function signInAgain(as: AuthServer, path: string): Response {
  return redirectTo(`${signInUrl(as, path)}&again=1`);
}

/** Whether the person proved who they are at most so long ago. A session that does not say when is not fresh. */
export function isRecent(as: AuthServer, session: Session, seconds: Seconds): boolean {
  return as.now() - (session.provenAt ?? 0) <= seconds;
}

/** The sign-in page that leads to `path` afterwards. */
export function signInUrl({ settings }: AuthServer, path: string): string {
  return path === settings.paths.login ? path : `${settings.paths.login}?return_to=${encodeURIComponent(path)}`;
}

/** Where to go after a sign-in; only to this very site (SEC-149). */
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
