/**
 * Browser context, for endpoints with HTML pages: language, cookies, who is signed in and since when, and whether our own page or another site
 * sent the request. Endpoints for programs do not need it. A user who has to sign in first is redirected back to the same page afterwards.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import type { Session } from '../../core/records/records.ts';
import { type KnownSession, useSession } from '../../core/users/sessions.ts';
import { userIdOf } from '../../core/users/user-ids.ts';
import { readCookie, writeCookie } from '../../lib/http.ts';
import { ownPath } from '../../lib/url.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import { hostOf } from '../../model/login.ts';
import { timeOfProof } from '../../model/identity.ts';
import type { Seconds } from '../../model/store.ts';
import { type Call, changed, type HostSessionAnswer } from '../endpoint.ts';

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

const MAX_LENGTH = 500;

/** Languages of `ui_locales`, best first (OpenID Connect Core §3.1.2.1). */
export function localesOf(uiLocales: string | undefined): readonly string[] {
  return uiLocales === undefined || uiLocales.length > MAX_LENGTH ? [] : uiLocales.split(' ').filter((tag) => tag !== '');
}

/** Languages of `Accept-Language`, best first (RFC 9110 §12.5.4). */
export function acceptedOf(acceptLanguage: string | null): readonly string[] {
  if (acceptLanguage === null || acceptLanguage.length > MAX_LENGTH) return [];
  return acceptLanguage
    .split(',')
    .map((one) => {
      const [tag = '', weight] = one.split(';').map((part) => part.trim());
      return { tag, weight: weight === undefined ? 1 : Number(/^q=([01](?:\.\d{0,3})?)$/.exec(weight)?.[1] ?? 0) };
    })
    .filter(({ tag, weight }) => weight > 0 && /^[A-Za-z0-9-]+$/.test(tag))
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}

/** Whether a POST comes from our own page. @param strict also reject a request without `Origin` and `Sec-Fetch-Site` (browsers send them). */
export function isSameOrigin({ request, as }: Pick<Call, 'request' | 'as'>, strict: boolean): boolean {
  const [site, origin] = [request.headers.get('sec-fetch-site'), request.headers.get('origin')];
  if (site !== null && site !== 'same-origin') return false;
  if (origin === 'null' || origin === null) return site === 'same-origin' || (origin === null && !strict);
  return origin === as.settings.origin;
}

/** Marks an authorization request that our own page redirected to: it is not known who started it. */
const RETURNED = 'returned';

/**
 * Whether the user started the request. A link on another site can name a client that was approved before, with the attacker's
 * state and challenge; for self-registered clients the user has to see a page then (SEC-134). `same-origin` proves nothing: the
 * link can lead to a sign-in page of this site, which redirects here. A redirect from our own sign-in always shows a page.
 */
export function isFirstPartyStart(request: Request, { entered }: Client): boolean {
  if (new URL(request.url).searchParams.has(RETURNED)) return false;
  return entered === true || request.headers.get('sec-fetch-site') === 'none';
}

/** Whether cookies carry `Secure` and the `__Host-` prefix: always, but on `http://localhost`, where some browsers drop such cookies. */
function isSecure(as: AuthServer): boolean {
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

/** The SHA-256 of a page's one script, for its Content-Security-Policy. */
export async function scriptHashOf(as: AuthServer, script: string): Promise<string> {
  return btoa(String.fromCharCode(...(await as.runtime.digest(script))));
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
