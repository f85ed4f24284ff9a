/**
 * Requires a session, or recent authentication (step-up). A user who has to sign in first is redirected back to the same
 * page afterwards.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import type { Session } from '../../core/records/records.ts';
import type { KnownSession } from '../../core/users/sessions.ts';
import { ownPath } from '../../lib/url.ts';
import type { Seconds } from '../../model/store.ts';
import type { Call } from '../endpoint.ts';
import { redirectTo, sessionOf } from './browser-context.ts';
import { RETURNED } from '../authorize/first-party.ts';

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
  return as.now() - (session.provenAt ?? 0) <= seconds;
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
