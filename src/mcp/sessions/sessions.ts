/**
 * Sessions of the 2025 protocol (`Mcp-Session-Id`): a value for the option `sessions`. Servers need them to send requests to the client while a
 * tool runs, and to send notifications. Without it all requests are served statelessly. Clients of 2026-07-28 never have sessions.
 *
 *   guard and gate have checked the request → the session of this user and client, else 404 → store answers from the client → serve the POST
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
import { checkTerms } from './limits.ts';
import { exchangePost, exchangePostAlone, type PostExchange } from './post-exchange.ts';
import { putAnswer, putCancellation } from './exchange-records.ts';
import { putInOutbox } from './notifications.ts';
import { openSessionStream } from './session-streams.ts';
import {
  type Admitted,
  type Agreed,
  begin,
  findSession,
  HEADER,
  type Keeper,
  MAX_RECORD_BYTES,
  newSession,
  notFound,
  PARAMETER,
  refusal,
  remember,
  type Session,
  type SessionCaller,
  statesIn,
} from './session.ts';

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
