/**
 * Browser context, for endpoints with HTML pages: language, cookies, the signed-in user, and whether a form comes from our own page.
 * Endpoints for programs do not need it.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import type { Session } from '../../core/records/records.ts';
import { type KnownSession, useSession } from '../../core/users/sessions.ts';
import { userIdOf } from '../../core/users/user-ids.ts';
import { readCookie, writeCookie } from '../../lib/http.ts';
import { timeOfProof } from '../../model/proof.ts';
import { acceptedOf, localesOf } from '../../words/wanted.ts';
import { type Call, changed } from '../endpoint.ts';

/** The call in the user's language: from `ui_locales` in the URL, else from the browser. */
export function detectLanguage(call: Call): Promise<Call> {
  const { request, url, as } = call;
  const wanted = [...localesOf(url.searchParams.get('ui_locales') ?? undefined), ...acceptedOf(request.headers.get('accept-language'))];
  return withLanguage(call, as.settings.languages.find(wanted));
}

/** The call in another language: that of a pending authorization, or of a form. */
export async function withLanguage(call: Call, lang: string | null | undefined): Promise<Call> {
  if (typeof lang !== 'string') return call;
  return changed(call, { words: call.as.settings.languages.of(lang) });
}

/** Whether a POST comes from our own page. @param strict also reject a request without `Origin` and `Sec-Fetch-Site` (browsers send them). */
export function isSameOrigin({ request, as }: Pick<Call, 'request' | 'as'>, strict: boolean): boolean {
  const [site, origin] = [request.headers.get('sec-fetch-site'), request.headers.get('origin')];
  if (site !== null && site !== 'same-origin') return false;
  if (origin === 'null' || origin === null) return site === 'same-origin' || (origin === null && !strict);
  return origin === as.settings.origin;
}

/** Whether cookies carry `Secure` and the `__Host-` prefix: always, but on `http://localhost`, where some browsers drop such cookies. */
export function isSecure(as: AuthServer): boolean {
  return as.settings.issuer.startsWith('https:');
}

/**
 * A cookie's full name. Tenants, and servers below different paths, may share a host, and with it the browser's cookies: a sign-in at one must not
 * sign out of another. None of our names has a full stop.
 */
export function cookieName(as: AuthServer, name: string): string {
  const { tenant, issuer } = as.settings;
  const place = tenant ?? new URL(issuer).pathname.slice(1).replace(/[^\w-]+/g, '.');
  return `${isSecure(as) ? '__Host-' : ''}portcullis-${place === '' ? '' : `${place}.`}${name}`;
}

/** Redirects the browser: every redirect of this server. The next site gets no `Referer`, and no cache stores the response. */
export function redirectTo(location: string, cookies: readonly (string | undefined)[] = []): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store, private', 'referrer-policy': 'no-referrer' });
  for (const cookie of cookies) if (cookie !== undefined) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

/** Sets a cookie; an empty value removes it. */
export function setCookie(as: AuthServer, name: string, value: string, maxAge: number): string {
  return writeCookie(cookieName(as, name), value, { maxAge: value === '' ? 0 : maxAge, secure: isSecure(as) });
}

/** A cookie of the request. */
export function cookieOf({ request, as }: Pick<Call, 'request' | 'as'>, name: string): string | undefined {
  return readCookie(request.headers.get('cookie'), cookieName(as, name));
}

/** The flow cookie's name: one for each pending authorization, so that two tabs do not break each other. */
export function flowCookie(pendingHash: string): string {
  return `flow-${pendingHash.slice(0, 16)}`;
}

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

/** A session that follows the application's: valid only while that has the same user, and with its current claims. */
async function stillThere(call: Call, session: KnownSession): Promise<KnownSession | null> {
  const { as } = call;
  const found = await call.present();
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

/** The SHA-256 of a page's one script, for its Content-Security-Policy. */
export async function scriptHashOf(as: AuthServer, script: string): Promise<string> {
  return btoa(String.fromCharCode(...(await as.runtime.digest(script))));
}
