/**
 * Endpoint: what every URL of the authorization server is, and how each of them reads a form. What those for people do alike
 * stands in `sign-in/browser-context.ts`.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { KnownSession } from '../core/users/sessions.ts';
import { base64url } from '../lib/base64url.ts';
import { parseFields } from '../lib/form.ts';
import { mediaType, readBody } from '../lib/http.ts';
import { lazy } from '../lib/lazy.ts';
import { OAuthError } from '../model/error.ts';
import { type Params, paramsOf } from '../model/params.ts';
import { ENGLISH, type Words } from '../words/words.ts';
import type { HostSessionAnswer } from './sign-in/host-session.ts';
import { endedEvent, type NewEvent } from '../model/event.ts';
import type { Records } from '../core/records/records.ts';

const askPresent = lazy(async () => (await import('./sign-in/host-session.ts')).readHostSession);

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
  /** Cookies that go out with the answer, whatever it is. */
  readonly cookies: string[];
  /** What pages say, in the language that the person reads. English for programs, which read none of it. */
  readonly words: Words;
  /** Who is signed in at the application itself, where a login asks it; asked once for each request. */
  readonly present: () => Promise<HostSessionAnswer | null>;
  /** The session that this very request began: its cookie goes out with the answer. */
  readonly begun?: KnownSession;
}

/** Where a request comes from and what may outlive it, as the runtime knows it. */
export interface Surroundings {
  readonly network: () => string;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** When the answer was sent, where the runtime can tell. */
  readonly answered?: () => Promise<void> | undefined;
}

/** One request; its URL and its network are worked out when they are asked for. */
export function makeCall(request: Request, as: AuthServer, env: unknown, around: Surroundings): Call {
  return new OneCall(request, as, env, around);
}

/** A class, since accessors of an object literal cost more than all the rest of a call. */
class OneCall implements Call {
  readonly request: Request;
  readonly as: AuthServer;
  readonly env: unknown;
  readonly words = ENGLISH;
  readonly cookies: string[] = [];
  readonly after: Call['after'];
  readonly present: Call['present'];
  readonly #around: Surroundings;
  #url: URL | undefined;
  #requestId: string | undefined;
  #network: string | undefined;

  constructor(request: Request, as: AuthServer, env: unknown, around: Surroundings) {
    this.request = request;
    this.as = withRequestId(as, () => this.requestId);
    this.env = env;
    this.#around = around;
    this.after = (work) => around.waitUntil(workOf(this, work, around.answered));
    let present: ReturnType<Call['present']> | undefined;
    this.present = () => (present ??= askPresent({ request, as, env }));
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

/** The call with something different in it. */
export function changed(call: Call, change: Partial<Call>): Call {
  const { request, url, as, env, requestId, network, after, cookies, words, present } = call;
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
    present,
    ...(call.begun ? { begun: call.begun } : {}),
    ...change,
  };
}

/** Where the runtime cannot tell when an answer is out, as on Workers: it is, after so many milliseconds. */
const ANSWERED_WITHIN = 50;

/** Work that begins when the answer has been sent, so that its time, and whether there is any, cannot be seen from outside (CWE-208). */
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
const WITH_ASCII = /^(us-ascii|ascii|iso[-_]?8859-\d{1,2}|latin-?\d{1,2}|windows-125\d|cp125\d)$/i;

/** Bytes of a form or a registration. */
export const BODY_LIMIT = 65_536;

/**
 * Reads a form body strictly.
 *
 * A form is ASCII, its other characters are percent-encoded, so a charset that contains ASCII says nothing against it.
 *
 * @throws {OAuthError} `invalid_request`: 415 for another media type or charset, 413 for too much, 400 for malformed.
 */
export async function readForm(request: Request): Promise<Params> {
  const charset = /;\s*charset\s*=\s*"?([^;"]+)"?/i.exec(request.headers.get('content-type') ?? '')?.[1];
  const isUtf8 = charset === undefined || /^utf-?8$/i.test(charset.trim());
  const refused = (reason: string): OAuthError =>
    new OAuthError('invalid_request', reason, { hint: 'Send the body as application/x-www-form-urlencoded in UTF-8.' });
  if (mediaType(request) !== 'application/x-www-form-urlencoded') throw refused('media_type');
  if (!isUtf8 && !WITH_ASCII.test(charset.trim())) throw refused('charset_unknown');
  const body = await readBody(request, BODY_LIMIT);
  if ('problem' in body) throw bodyError(body.problem);
  if (!isUtf8 && /[^\p{ASCII}]/u.test(body.text)) throw refused('charset_not_ascii');
  const fields = parseFields(body.text);
  if (!fields) throw bodyError('malformed');
  return paramsOf(fields);
}

/** The error for a body that could not be read. */
export function bodyError(problem: 'too-large' | 'malformed'): OAuthError {
  if (problem === 'malformed') return new OAuthError('invalid_request', 'body_malformed', { hint: 'The body is not well-formed UTF-8.' });
  return new OAuthError('invalid_request', 'body_too_large', { status: 413, hint: `The body may have ${BODY_LIMIT} bytes.` });
}

/** The server for one request. @param requestId made when it is first asked for. */
export function withRequestId(as: AuthServer, requestId: () => string): AuthServer {
  const isOurs = as.settings.on === null; // the default listener prints only the id that a failure carries
  const emit = (event: NewEvent): void => as.emit(isOurs ? event : { requestId: requestId(), ...event });
  const changeGrant: Records['changeGrant'] = (id, transition) =>
    as.records.changeGrant(id, transition, (grant) => {
      const event = endedEvent(grant);
      if (event) emit(event);
    });
  return { ...as, emit, records: { ...as.records, changeGrant } };
}
