/**
 * The `Endpoint` type that every URL of the authorization server implements, and strict form parsing. What endpoints with HTML pages
 * share is in `sign-in/browser-context.ts`. Also the paths of the metadata document and of the pages that logins add.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { KnownSession } from '../core/users/sessions.ts';
import { base64url } from '../lib/bytes.ts';
import { mediaType, parseFields, readBody } from '../lib/http.ts';
import { OAuthError } from '../model/error.ts';
import { type Params, paramsOf } from '../model/params.ts';
import type { Place } from '../model/token.ts';
import type { Words } from '../words/words.ts';
import type { NewEvent } from '../model/event.ts';
import type { Records } from '../core/records/records.ts';
import { type AccountSection, type Authenticated, isForm, type LoginPage } from '../model/login.ts';
import type { Settings } from '../model/settings.ts';

/** A user whom the application has signed in, and the login that follows its session. */
export interface HostSessionAnswer {
  readonly login: string;
  readonly proven: Authenticated;
}

/** What is asked once per request. */
interface Answers {
  hostSession?: Promise<HostSessionAnswer | null>;
}

/** One request to an endpoint. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly as: AuthServer;
  readonly env: unknown;
  /** Identifies the request in events and in error messages. */
  readonly requestId: string;
  /** The client's network; attempts are counted by it. */
  readonly network: string;
  /** Continues work after the response; a rejection is reported to the operator. */
  readonly after: (work: () => Promise<unknown>) => void;
  /** Cookies set on the response, whatever it is. */
  readonly cookies: string[];
  /** The texts of pages, in the user's language. English for endpoints without pages. */
  readonly words: Words;
  /** Answers that a second question of this request gets too. */
  readonly answers: Answers;
  /** The session that this request began: its cookie is set on the response. */
  readonly begun?: KnownSession;
}

/** The network of a request and its `waitUntil`, from the runtime. */
export interface Surroundings {
  readonly network: () => string;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Where the request comes from, if the runtime can tell. */
  readonly place?: Place | null;
  /** Resolves when the response was sent, if the runtime can tell. */
  readonly answered?: () => Promise<void> | undefined;
}

/** One request; its URL and its network are computed on first use. */
export function makeCall(request: Request, as: AuthServer, env: unknown, around: Surroundings): Call {
  return new OneCall(request, as, env, around);
}

/** A class, because accessors of an object literal cost more than the rest of a call. */
class OneCall implements Call {
  readonly request: Request;
  readonly as: AuthServer;
  readonly env: unknown;
  readonly cookies: string[] = [];
  readonly after: Call['after'];
  readonly answers: Answers = {};
  readonly #around: Surroundings;
  #url: URL | undefined;
  #requestId: string | undefined;
  #network: string | undefined;

  constructor(request: Request, as: AuthServer, env: unknown, around: Surroundings) {
    this.request = request;
    this.as = withRequestId(as, () => this.requestId, around.place ?? null);
    this.env = env;
    this.#around = around;
    const after: Call['after'] = (work) => around.waitUntil(workOf(this, work, around.answered));
    this.after = after;
  }

  get words(): Words {
    return this.as.settings.languages.of('en');
  }
  get url(): URL {
    return (this.#url ??= new URL(this.request.url));
  }
  get requestId(): string {
    return (this.#requestId ??= base64url(this.as.runtime.random(9)));
  }
  get network(): string {
    return (this.#network ??= this.#around.network());
  }
}

/** Milliseconds after which a response counts as sent if the runtime cannot tell, as on Workers. */
const ANSWERED_WITHIN = 50;

/** Runs work after the response was sent, so that neither its duration nor its existence can be observed (CWE-208). */
async function workOf(call: Call, work: () => Promise<unknown>, answered: Surroundings['answered']): Promise<void> {
  try {
    await (answered?.() ?? new Promise((done) => setTimeout(done, ANSWERED_WITHIN)));
    await work();
  } catch (error) {
    call.as.emit({ kind: 'request.failed', endpoint: 'afterwards', requestId: call.requestId, error });
  }
}

/** Answers a request, or throws an `OAuthError` that the server renders. */
export type Endpoint = (call: Call) => Promise<Response>;

/** Charsets in which ASCII is what it is in UTF-8. */
const WITH_ASCII = /^((us-)?ascii|iso[-_]?8859-\d\d?|latin-?\d\d?|(windows-|cp)125\d)$/i;

/** Bytes of a form or a registration. */
export const BODY_LIMIT = 65_536;

type ReadBody = ReturnType<typeof readBody>;
const BODY: unique symbol = Symbol('portcullis.body'); // a WeakMap of requests costs the collector more

/** The body of a form or a registration, read once. */
export function bodyOf(request: Request & { [BODY]?: ReadBody }): ReadBody {
  return (request[BODY] ??= readBody(request, BODY_LIMIT));
}

/**
 * Reads a form body strictly.
 *
 * A form is ASCII, its other characters are percent-encoded, so every charset that contains ASCII is accepted.
 *
 * @throws {OAuthError} `invalid_request`: 415 for a compressed body, 413 for too much, 400 for everything else.
 */
export async function readForm(request: Request): Promise<Params> {
  const charset = /;\s*charset\s*=\s*"?([^;"]+)"?/i.exec(request.headers.get('content-type') ?? '')?.[1]?.trim();
  const isUtf8 = charset === undefined || /^utf-?8$/i.test(charset);
  const refused = (reason: string): OAuthError =>
    new OAuthError('invalid_request', reason, { hint: 'Send the body as application/x-www-form-urlencoded in UTF-8.' });
  if (mediaType(request) !== 'application/x-www-form-urlencoded') throw refused('media_type');
  if (!isUtf8 && !WITH_ASCII.test(charset)) throw refused('charset_unknown');
  const body = await bodyOf(request);
  if ('problem' in body) throw bodyError(body.problem);
  if (!isUtf8 && /[^\p{ASCII}]/u.test(body.text)) throw refused('charset_not_ascii');
  const fields = parseFields(body.text.trimEnd()); // a line break at the end belongs to no value: in a form it is encoded
  if (!fields) throw bodyError('malformed');
  return paramsOf(fields);
}

/** The error for a body that could not be read. */
export function bodyError(problem: 'too-large' | 'encoded' | 'malformed'): OAuthError {
  if (problem === 'encoded')
    return new OAuthError('invalid_request', 'body_encoded', { status: 415, hint: 'Send the body without Content-Encoding.' });
  if (problem === 'malformed') return new OAuthError('invalid_request', 'body_malformed', { hint: 'The body is not well-formed UTF-8.' });
  return new OAuthError('invalid_request', 'body_too_large', { status: 413, hint: `The body may have ${BODY_LIMIT} bytes.` });
}

/** The server for one request. @param requestId made when it is first asked for. @param place where the request comes from. */
function withRequestId(as: AuthServer, requestId: () => string, place: Place | null = null): AuthServer {
  const isOurs = as.settings.on === null; // the default listener prints only the id that a failure carries
  const region = place === null ? {} : { region: place };
  const emit = (event: NewEvent): void => as.emit(isOurs ? event : { requestId: requestId(), ...region, ...event });
  const changeGrant: Records['changeGrant'] = (id, transition, options) =>
    as.records.changeGrant(id, transition, { onEnded: emit, ...options });
  return { ...as, place, emit, records: { ...as.records, changeGrant } };
}

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

/** The path of an upstream login's callback. */
export function callbackPath(authorize: string, login: string): string {
  return `${authorize}/callback/${login}`;
}

/** The path of the page with linked logins. */
export function signInsPath(account: string): string {
  return `${account}/sign-ins`;
}

/** The path of the page of personal access tokens. */
export function keysPath(account: string): string {
  return `${account}/keys`;
}

/** The path of a section of the account page. */
export function sectionPath(account: string, { id }: AccountSection): string {
  return `${account}/${id}`;
}

/** The sections of the account page that logins and the second factor add. */
export function sectionsOf({ logins, secondFactor }: Settings): readonly AccountSection[] {
  return [...logins.flatMap((login) => login.account ?? []), ...(secondFactor?.account ?? [])];
}

/**
 * The path of the metadata document, and its aliases for clients that only know OpenID Connect Discovery. An issuer's path comes after the
 * well-known name (RFC 8414 §3.1), or before it (OpenID Connect Discovery §4.1, and clients that append both names).
 */
export function metadataPathsOf(issuer: string): readonly string[] {
  const { pathname } = new URL(issuer);
  return pathname === '/' ? [OAUTH, OPENID] : [OAUTH + pathname, OPENID + pathname, pathname + OPENID, pathname + OAUTH];
}

/** The pages of all logins, each with its login. */
export function loginPagesOf({ logins }: Settings): readonly { readonly login: string; readonly page: LoginPage }[] {
  return logins.filter(isForm).flatMap(({ id, pages = [] }) => pages.map((page) => ({ login: id, page })));
}
