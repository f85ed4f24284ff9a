/**
 * Endpoint: what every URL of the authorization server is, and the few things several of them do alike:
 * reading a form, refusing foreign origins, knowing who is signed in.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { Session } from '../core/records.ts';
import { forRequest } from '../core/for-request.ts';
import { type KnownSession, useSession } from '../core/sessions.ts';
import { base64url } from '../lib/base64url.ts';
import { readCookie, writeCookie } from '../lib/cookie.ts';
import { parseFields } from '../lib/form.ts';
import { mediaType, readBody } from '../lib/http.ts';
import { late } from '../lib/late.ts';
import { OAuthError } from '../model/error.ts';
import { hostOf, type Proven } from '../model/login.ts';
import { paramsOf, type Params } from '../model/params.ts';
import { acceptedOf, localesOf } from '../pages/words/languages.ts';
import { ENGLISH, type Words } from '../pages/words/words.ts';

const userIdOf = late(async () => (await import('../core/users.ts')).userIdOf);

/** One request on its way through an endpoint. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly as: AuthServer;
  readonly env: unknown;
  /** Names the request in events, and to whoever is told of a fault. */
  readonly requestId: string;
  /** Where it comes from; what attempts are counted by. */
  readonly network: string;
  /** Lets work go on when the answer is out; what it rejects with is told to the operator. */
  readonly after: (work: () => Promise<unknown>) => void;
  /** What pages say, in the language that the person reads. English for programs, which read none of it. */
  readonly words: Words;
  /** Who is signed in at the application itself, where a login asks it; asked once for each request. */
  readonly present: () => Promise<Present | null>;
  /** The session that this very request began: its cookie goes out with the answer. */
  readonly begun?: KnownSession;
}

/** Somebody whom the application has signed in. */
export interface Present {
  readonly login: string;
  readonly proven: Proven;
}

/** Where a request comes from and what may outlive it, as the runtime knows it. */
export interface Surroundings {
  readonly network: () => string;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** One request; its URL and its network are worked out when they are asked for. */
export function makeCall(request: Request, as: AuthServer, env: unknown, around: Surroundings): Call {
  let url: URL | undefined;
  let id: string | undefined;
  const requestId = (): string => (id ??= base64url(as.runtime.random(9)));
  const own = forRequest(as, requestId);
  let network: string | undefined;
  let present: Promise<Present | null> | undefined;
  return {
    request,
    as: own,
    env,
    get requestId() {
      return requestId();
    },
    get url() {
      return (url ??= new URL(request.url));
    },
    get network() {
      return (network ??= around.network());
    },
    after: (work) => around.waitUntil(workOf(own, requestId, work)),
    words: ENGLISH,
    present: () => (present ??= askPresent({ request, as, env })),
  };
}

async function askPresent({ request, as, env }: Pick<Call, 'request' | 'as' | 'env'>): Promise<Present | null> {
  const host = hostOf(as.settings.logins);
  if (!host) return null;
  try {
    const proven = await host.present({ request: outsideOf(request), env, issuer: as.settings.issuer });
    return proven && { login: host.id, proven };
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'session_unknown', { cause }); // nobody is let in, and nobody is signed out
  }
}

/** The request as the application may look at it: address and headers. */
export function outsideOf({ url, headers }: Request): Request {
  return new Request(url, { headers: [...headers] });
}

/** Work that has an end of its own. Not begun before the caller has gone on, so that it cannot be timed from outside. */
async function workOf(as: AuthServer, requestId: () => string, work: () => Promise<unknown>): Promise<void> {
  try {
    await Promise.resolve();
    await work();
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'afterwards', requestId: requestId(), error });
  }
}

/** The call in the language that the person reads: by `ui_locales` of the URL, else by the browser. */
export function inTheirLanguage(call: Call): Promise<Call> {
  const { request, url, as } = call;
  const wanted = [...localesOf(url.searchParams.get('ui_locales') ?? undefined), ...acceptedOf(request.headers.get('accept-language'))];
  return speaking(call, as.settings.languages.find(wanted));
}

/** The call in another language: the one that a ticket keeps, or that a form asks for. */
export async function speaking(call: Call, lang: string | null | undefined): Promise<Call> {
  if (typeof lang !== 'string') return call;
  const { as, request, url, env, network, after, requestId, present, begun } = call;
  const words = await as.settings.languages.of(lang);
  return { as, request, url, env, network, after, requestId, present, words, ...(begun ? { begun } : {}) };
}

/** Answers a request, or throws an `OAuthError` that the server renders. */
export type Endpoint = (call: Call) => Promise<Response>;

/** Bytes of a form or a registration. */
export const BODY_LIMIT = 65_536;

/**
 * Reads a form body strictly.
 *
 * @throws {OAuthError} `invalid_request`: 415 for another media type or charset, 413 for too much, 400 for malformed.
 */
export async function readForm(request: Request): Promise<Params> {
  const charset = /;\s*charset\s*=\s*"?([^;"]+)"?/i.exec(request.headers.get('content-type') ?? '')?.[1];
  if (mediaType(request) !== 'application/x-www-form-urlencoded' || (charset !== undefined && charset.trim().toLowerCase() !== 'utf-8')) {
    throw new OAuthError('invalid_request', 'media_type', { hint: 'Send the body as application/x-www-form-urlencoded in UTF-8.' });
  }
  const body = await readBody(request, BODY_LIMIT);
  if ('problem' in body) throw bodyError(body.problem);
  const fields = parseFields(body.text);
  if (!fields) throw bodyError('malformed');
  return paramsOf(fields);
}

/** The error for a body that could not be read. */
export function bodyError(problem: 'too-large' | 'malformed'): OAuthError {
  if (problem === 'malformed') return new OAuthError('invalid_request', 'body_malformed', { hint: 'The body is not well-formed UTF-8.' });
  return new OAuthError('invalid_request', 'body_too_large', { status: 413, hint: `The body may have ${BODY_LIMIT} bytes.` });
}

/** Whether a POST of a page comes from our own page. @param strict also refuse a request that does not say (no browser does that). */
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

/** A cookie's full name. Tenants may share a host, and with it the browser's cookies; no name of ours holds a full stop. */
export function cookieName(as: AuthServer, name: string): string {
  const { tenant } = as.settings;
  return `${isSecure(as) ? '__Host-' : ''}portcullis-${tenant === null ? '' : `${tenant}.`}${name}`;
}

/** Sets a cookie; an empty value removes it. */
export function setCookie(as: AuthServer, name: string, value: string, maxAge: number): string {
  return writeCookie(cookieName(as, name), value, { maxAge: value === '' ? 0 : maxAge, secure: isSecure(as) });
}

/** A cookie of the request. */
export function cookieOf({ request, as }: Pick<Call, 'request' | 'as'>, name: string): string | undefined {
  return readCookie(request.headers.get('cookie'), cookieName(as, name));
}

/** The flow cookie's name: one for each ticket, so that two tabs do not break each other. */
export function flowCookie(handleHash: string): string {
  return `flow-${handleHash.slice(0, 16)}`;
}

/** Who is signed in for this ticket: a session that was open when the client asked for a new sign-in does not count. */
export async function sessionFor(call: Call, { staleSession }: { readonly staleSession?: string }): Promise<KnownSession | null> {
  const session = await sessionOf(call);
  return session?.hash === staleSession ? null : session;
}

/** Who is signed in with this browser, or null. */
export async function sessionOf(call: Call): Promise<KnownSession | null> {
  if (call.begun) return call.begun;
  const token = cookieOf(call, 'session');
  if (token === undefined || !/^[\w-]{43}$/.test(token)) return null;
  const hash = await call.as.keys.hash(token);
  const session = await useSession(call.as, hash);
  if (!session) return null;
  return session.host === undefined ? { ...session, hash } : stillThere(call, { ...session, hash });
}

/** A session that follows the application's: only while that one says the same person, and with what it says of them now. */
async function stillThere(call: Call, session: KnownSession): Promise<KnownSession | null> {
  const { as } = call;
  const found = await call.present();
  if (!found || found.login !== session.host) return null; // signed out there; or the request came along without the cookies of there
  const { identity, permissions, organizations, authenticatedAt, joinByEmail } = found.proven;
  if ((await userIdOf(as, identity, joinByEmail)) !== session.userId) {
    await as.records.endSession(session.hash); // somebody else has signed in there
    return null;
  }
  const { permissions: _permissions, organizations: _organizations, ...rest } = session;
  return {
    ...rest,
    claims: { ...(identity.claims as Session['claims']), sub: session.userId },
    ...(permissions ? { permissions } : {}),
    ...(organizations ? { organizations } : {}),
    ...(authenticatedAt === undefined ? {} : { provenAt: authenticatedAt }),
  };
}

/** The SHA-256 by which a page's policy knows its one script. */
export async function scriptHashOf(as: AuthServer, script: string): Promise<string> {
  return btoa(String.fromCharCode(...(await as.runtime.digest(script))));
}
