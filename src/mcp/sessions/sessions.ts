/**
 * Sessions of the 2025 protocol (`Mcp-Session-Id`): a value for the option `sessions`. Servers need them to send requests to the client while a
 * tool runs, and to send notifications. Without it all requests are served statelessly. Clients of 2026-07-28 never have sessions.
 *
 *   POST: guard and gate have checked the request → the session of this user and client, else 404 → store answers from the client → serve it
 *   GET: the client's open streams: notifications, the rest of an interrupted response, all messages for clients of 2024-11
 *   DELETE: the end of the session
 *
 * A session is not authentication (S-128): each request brings its own token, and props, scopes and permissions come from that request.
 */
import { type AuthInfo, classifyInboundRequest } from '@modelcontextprotocol/server';
import { checkTypes } from '../../lib/check-options.ts';
import { requestState } from '../../model/context.ts';
import type { Json, Seconds } from '../../model/store.ts';
import { endOf } from '../events/listening.ts';
import { type ListKind, LISTS, type UserEvents } from '../events/user-events.ts';
import type { JudgedBody, JudgedMessage } from '../policy/gate.ts';
import { type AnyServer, type Message, messagesOf } from '../sdk.ts';
import { checkTerms, tooManyOpen } from './limits.ts';
import { exchangePost, exchangePostAlone, type PostExchange } from './post-exchange.ts';
import { putAnswer, putCancellation, readEventId } from './exchange-records.ts';
import { notificationStream, outboxStream, putInOutbox, resumedStream } from './notifications.ts';
import {
  type Admitted,
  type Agreed,
  begin,
  endSession,
  findSession,
  HEADER,
  type Keeper,
  MAX_RECORD_BYTES,
  newSession,
  notFound,
  NOTHING_SAID,
  PARAMETER,
  refusal,
  remember,
  type Session,
  type SessionCaller,
  statesIn,
} from './session.ts';
import { accepts } from '../../lib/http.ts';
import { onAbort } from '../../lib/async.ts';

/** How sessions end. */
export interface SessionsOptions {
  /** Seconds without a request or an open stream after which a session is over; default a day. */
  readonly idle?: Seconds | undefined;
  /** Maximum number of sessions of one user through one client, 1 to 2000; default 100. A new one above that ends the least recently used. */
  readonly most?: number | undefined;
  /** Also serves clients of 2024-11, which open a stream (GET) first and POST their messages to a URL that it sends. Default false. */
  readonly sse?: boolean | undefined;
}

/** A value for the option `sessions` of `McpAgent.serve` and `mcpHandler`. */
export interface Sessions {
  /** Handles a POST: returns the exchange to serve, a response, or null if the request belongs to no session. */
  acceptPost(request: Request, body: JudgedBody, caller: SessionCaller): Promise<Admitted | Response | null>;
  /** Handles GET and DELETE; null if they name no session. */
  openStream(request: Request, caller: SessionCaller, events: UserEvents): Promise<Response | null>;
}

/**
 * Keeps sessions for clients of 2025, in the store of the `OAuthProvider` in front. The same on Node and on Workers, in one process and in many.
 *
 * @example
 * apiHandler: MyMCP.serve('/mcp', { sessions: sessions() })
 * @throws {TypeError} for an option that makes no sense.
 */
export function sessions(options: SessionsOptions = {}): Sessions {
  checkTypes('sessions', options, 'idle most sse:boolean');
  const { idle = 86_400, most = 100, sse = false } = options;
  const terms = checkTerms('sessions', { idle, most });
  const keeperFor = ({ access, ctx }: SessionCaller): Keeper => ({ clientId: access.clientId, states: statesIn(ctx), terms });
  return {
    acceptPost: async (request, body, caller) =>
      isOfSessions(request, body) ? acceptSessionPost(request, body, { caller, keeper: keeperFor(caller), sse }) : null,
    openStream: async (request, caller, events) => openSessionStream(request, { caller, keeper: () => keeperFor(caller), sse, events }),
  };
}

/** The caller, and the session store. */
interface PostContext {
  readonly caller: SessionCaller;
  readonly keeper: Keeper;
  readonly sse: boolean;
}

/** A session, and whether its responses go on the stream of a client of 2024-11. */
interface Named {
  readonly session: Session | null;
  readonly isApart: boolean;
}

/** Maximum characters stored of the `initialize` parameters; clients send some hundred, apart from their icons. */
const MAX_PARAMS = 65_536;

/** Whether a body is of the 2025 protocol or older; newer clients have no sessions (S-230). */
export function isOfSessions({ headers }: Request, body: JudgedBody): boolean {
  const version = headers.get('mcp-protocol-version');
  const told = version === null ? {} : { protocolVersionHeader: version };
  return classifyInboundRequest({ httpMethod: 'POST', ...told, body }).kind === 'legacy';
}

/** Accepts a POST: a refusal, a response if no message is left to serve, the exchange to serve, or null if it belongs to no session. */
export async function acceptSessionPost(request: Request, body: JudgedBody, context: PostContext): Promise<Admitted | Response | null> {
  const messages = messagesOf<JudgedMessage>(body);
  const named = await sessionNamed(request, messages, context);
  if (named === null) return null;
  const { session } = named;
  if (session === null) return notFound();
  if (messages.some(isTooLong))
    return refusal(413, -32600, `The parameters of initialize may have ${MAX_PARAMS} characters without icons.`);
  if (messages.some(isTooLarge)) return refusal(413, -32600, `An answer may have ${MAX_RECORD_BYTES} characters.`);
  const left = messages.filter((message) => !isForAnotherExchange(message));
  for (const message of messages) await storeForOther(message, session);
  const [only] = left;
  if (only === undefined) return new Response(null, { status: 202 });
  const own = Array.isArray(body) ? left : only;
  return {
    body: own,
    headers: { [HEADER]: session.id },
    isApart: named.isApart,
    serve: (server, authInfo) => served(server, { request, body: own, authInfo }, { ...named, session }, context),
  };
}

/** The session that a request names, or starts. */
async function sessionNamed({ headers, url }: Request, messages: readonly Message[], { keeper, sse }: PostContext): Promise<Named | null> {
  const apart = sse && !headers.has(HEADER) ? new URL(url).searchParams.get(PARAMETER) : null;
  if (apart !== null) return { session: await findSession(apart, keeper), isApart: true };
  if (messages.length === 1 && messages[0]?.method === 'initialize') return { session: await newSession(keeper.states), isApart: false };
  const id = headers.get(HEADER);
  return id === null ? null : { session: await findSession(id, keeper), isApart: false };
}

/** Has a server handle the exchange. */
function served(
  server: AnyServer,
  posted: { readonly request: Request; readonly body: JudgedBody; readonly authInfo: AuthInfo },
  { session, isApart }: Named & { readonly session: Session },
  { caller: { access, ctx, report, streamCheck, streams }, keeper }: PostContext,
): Promise<Response> {
  const until = endOf([], access, requestState(ctx), streamCheck, keeper.states.now());
  const [first] = messagesOf<JudgedMessage>(posted.body).filter(({ method }) => method === 'initialize');
  const exchange: PostExchange = {
    ...posted,
    session,
    report,
    until,
    leave: () => streams.leave(access, until),
    waitUntil: (promise) => ctx.waitUntil(promise),
    begin: (result) => begin(session, agreedOn(keptOf(first?.params ?? {}), result), keeper),
    remember: (wish) => remember(session, wish, keeper),
  };
  if (isApart) streams.work(session.sessionStore.label, until.signal);
  return isApart
    ? exchangePostAlone(server, exchange, (message) => putInOutbox(session, message, until.signal))
    : exchangePost(server, exchange);
}

/** Answers and cancellations are for another exchange of the session, which polls the session store for them. */
async function storeForOther(message: Message, { sessionStore }: Session): Promise<void> {
  if (message.method === 'notifications/cancelled') await putCancellation(sessionStore, message.params?.['requestId']);
  else if (isForAnotherExchange(message)) await putAnswer(sessionStore, message);
}

function isForAnotherExchange({ method }: Message): boolean {
  return method === undefined || method === 'notifications/cancelled';
}

function isTooLarge(message: Message): boolean {
  return message.method === undefined && JSON.stringify(message).length > MAX_RECORD_BYTES;
}

function isTooLong(message: Message): boolean {
  return message.method === 'initialize' && lengthOf(keptOf(message.params)) > MAX_PARAMS;
}

/** What is stored of the `initialize` parameters, for the servers of later requests: large icons (2025-11-25) are left out. */
function keptOf(params: Message['params']): Json {
  if (params === undefined || lengthOf(params) <= MAX_PARAMS) return (params ?? null) as Json;
  const { icons: _, ...named } = (params['clientInfo'] ?? {}) as { readonly icons?: unknown };
  return { ...params, clientInfo: named } as Json;
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}

/** What client and server declared. */
function agreedOn(params: Json, result: Json): Agreed {
  const { protocolVersion = '', capabilities = {} } = result as {
    protocolVersion?: string;
    capabilities?: { [list in ListKind]?: { listChanged?: boolean; subscribe?: boolean } };
  };
  const lists = LISTS.filter((list) => capabilities[list]?.listChanged === true);
  return { params, version: protocolVersion, lists, canSubscribe: capabilities.resources?.subscribe === true };
}

/** The caller, and the session store. */
interface StreamContext {
  readonly caller: SessionCaller;
  /** @throws {TypeError} if there is no session store. */
  readonly keeper: () => Keeper;
  readonly sse: boolean;
  readonly events: UserEvents;
}

/** Answers GET and DELETE; null where they name no session. */
export async function openSessionStream(request: Request, context: StreamContext): Promise<Response | null> {
  const { method, headers } = request;
  const id = headers.get(HEADER);
  const isApart = context.sse && id === null && method === 'GET';
  if (!isApart && (id === null || (method !== 'GET' && method !== 'DELETE'))) return null;
  const keeper = context.keeper();
  const session = id === null ? await newSession(keeper.states) : await findSession(id, keeper);
  if (session === null) return notFound();
  if (method === 'DELETE') {
    await endSession(session, keeper);
    return new Response(null);
  }
  if (!accepts(headers.get('accept'), 'text/event-stream'))
    return refusal(406, -32000, 'Not Acceptable: Client must accept text/event-stream');
  const last = isApart ? null : headers.get('last-event-id');
  const resumed = last === null ? null : readEventId(last);
  if (last !== null && resumed === null) return refusal(400, -32000, 'Invalid Last-Event-ID');
  const early = [request.signal, isApart ? undefined : requestState(context.caller.ctx).stopping];
  const until = endOfStream(early, session, keeper, context);
  if (until instanceof Response) return until;
  if (isApart) return apart(session, keeper, context, until);
  return resumed && resumed.stream !== 'news'
    ? resumedStream(session, resumed.stream, resumed.after, until)
    : notificationStream(session, last !== null, { access: context.caller.access, events: context.events }, until);
}

/** The only stream of a client of 2024-11, which starts its session and ends it. */
async function apart(session: Session, keeper: Keeper, context: StreamContext, until: AbortController): Promise<Response> {
  const { access, ctx, report, streams } = context.caller;
  await begin(session, NOTHING_SAID, keeper).catch((error: unknown) => {
    until.abort();
    throw error;
  });
  onAbort(until.signal, () => ctx.waitUntil(endSession(session, keeper).catch(report)));
  const end = { stopping: requestState(ctx).stopping, isAtWork: () => streams.isAtWork(session.sessionStore.label) };
  return outboxStream(session, `?${PARAMETER}=${session.id}`, { access, events: context.events }, until, end);
}

/** Ends a stream with its token, its session, or `early`; or refuses it if the limit of open streams is reached. */
function endOfStream(
  early: readonly (AbortSignal | undefined)[],
  { id, sessionStore }: Session,
  keeper: Keeper,
  { caller }: StreamContext,
): AbortController | Response {
  const { access, ctx, streamCheck, streams } = caller;
  const stillGood = async (): Promise<boolean> =>
    (await requestState(ctx).stillGood?.()) !== false && (await findSession(id, keeper)) !== null;
  const until = endOf(early, access, { stillGood }, streamCheck, keeper.states.now());
  const full = streams.take({ access, session: sessionStore.label }, until.signal);
  if (full === null) return until;
  until.abort();
  return tooManyOpen(full, ctx);
}
