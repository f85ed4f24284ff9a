/**
 * Browser context, for endpoints with HTML pages: language, cookies, redirects, and whether our own page or another site sent the request.
 * Endpoints for programs do not need it.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { readCookie, writeCookie } from '../../lib/http.ts';
import type { Client } from '../../model/client.ts';
import type { Call } from '../endpoint.ts';

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

/** A copy of the call with some members replaced. */
export function changed(call: Call, change: Partial<Call>): Call {
  const { request, url, as, env, requestId, network, after, cookies, words, answers } = call;
  return {
    request,
    url,
    as,
    env,
    requestId,
    network,
    after,
    cookies,
    words,
    answers,
    ...(call.begun ? { begun: call.begun } : {}),
    ...change,
  };
}

/** Whether a POST comes from our own page. @param strict also reject a request without `Origin` and `Sec-Fetch-Site` (browsers send them). */
export function isSameOrigin({ request, as }: Pick<Call, 'request' | 'as'>, strict: boolean): boolean {
  const [site, origin] = [request.headers.get('sec-fetch-site'), request.headers.get('origin')];
  if (site !== null && site !== 'same-origin') return false;
  if (origin === 'null' || origin === null) return site === 'same-origin' || (origin === null && !strict);
  return origin === as.settings.origin;
}

/** Marks an authorization request that our own page redirected to: it is not known who started it. */
export const RETURNED = 'returned';

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
