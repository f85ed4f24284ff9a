/**
 * Post exchange: serves one POST of a session. The server is made for this request alone; it is told what the client declared at `initialize`.
 * Its requests to the client (elicitation, sampling) are sent on the stream of this POST. Their answers come in other POSTs, perhaps to other
 * processes, which write them to the session store; this exchange polls for them.
 *
 *   replay `initialize` → the messages of this POST → requests of the server, under ids of this exchange → answers from the store → result
 *
 * A client that disconnects has not cancelled (2025-11-25, Streamable HTTP): a tool runs on, for a client that returns with `Last-Event-ID`.
 */
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { AuthInfo, JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { onAbort, pause } from '../../lib/async.ts';
import type { Json, Seconds } from '../../model/store.ts';
import {
  LOOK_EVERY,
  type Recording,
  recordTo,
  SAID_EVERY,
  type ServerRequests,
  serverRequestsOf,
  watchForCancellations,
} from './exchange-records.ts';
import type { JudgedBody, JudgedMessage } from '../policy/gate.ts';
import { isGranted, MAX_SUBSCRIPTIONS, type Subscription, subscriptionIn, tellingItsEnd } from '../events/listening.ts';
import { type AnyServer, type Id, isAnswer, isBelow, type Message, messagesOf } from '../sdk.ts';
import type { Session } from './session.ts';
import { asError, type Report } from '../errors.ts';

/** One POST, and its session. */
export interface PostExchange {
  readonly session: Session;
  readonly request: Request;
  readonly body: JudgedBody;
  readonly authInfo: AuthInfo;
  readonly report: Report;
  /** Stores a session that this exchange started; gets the result of `initialize`. */
  readonly begin: (result: Json) => Promise<void>;
  /** Stores a subscription of the client in the session. False if there are too many. */
  readonly remember: (wish: Subscription) => Promise<boolean>;
  /** Aborts when the token of the request ends. */
  readonly until: AbortController;
  /** Called when the client has disconnected while a tool runs. */
  readonly leave: () => void;
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

/** How long a tool may run after its client has disconnected. */
const ALONE: Seconds = 600;
/** When a client should reconnect after a lost connection. */
const RETRY_MS = 1000;
const [INVALID_PARAMS, INTERNAL_ERROR] = [-32602, -32603];

/** How the messages of an exchange reach the client. */
interface Way {
  readonly transport: Transport;
  /** Stores the messages, for a client that reconnects. */
  readonly recording: Recording | null;
  /** Hands the client's own messages to the server. */
  readonly start: (authInfo: AuthInfo, request: Request, body: JudgedBody) => Promise<Response>;
}

/** A running exchange. */
interface Running {
  readonly exchange: PostExchange;
  /** Requests of the client that have no answer yet. */
  readonly open: Set<Id>;
  readonly requests: ServerRequests;
  readonly recording: Recording | null;
  /** Answers that are being sent. */
  readonly unsent: Set<Id>;
  /** Hands a message to the server. */
  readonly deliver: (message: object) => void;
  readonly finish: () => void;
}

/** Has a server answer the messages of an exchange, on the stream of its POST. */
export function exchangePost(server: AnyServer, exchange: PostExchange): Promise<Response> {
  return converse(server, exchange, (open, isTool) => {
    const { sessionStore, id, kept } = exchange.session;
    const recording = isTool ? recordTo(sessionStore, open, exchange.report) : null;
    const transport = new WebStandardStreamableHTTPServerTransport({
      ...(kept === null && { sessionIdGenerator: () => id }), // the SDK asks for it at `initialize` only
      ...(recording && { eventStore: recording, retryInterval: RETRY_MS }),
    });
    if (kept !== null) transport.sessionId = id;
    const start: Way['start'] = (authInfo, request, parsedBody) => transport.handleRequest(request, { authInfo, parsedBody });
    return { transport, recording, start };
  });
}

/** Has a server answer the messages of an exchange through `send`; the POST itself is accepted at once (2024-11). */
export function exchangePostAlone(
  server: AnyServer,
  exchange: PostExchange,
  send: (message: JSONRPCMessage) => Promise<void>,
): Promise<Response> {
  return converse(server, exchange, () => {
    const transport: Transport = {
      sessionId: exchange.session.id,
      start: () => Promise.resolve(),
      send,
      close: () => Promise.resolve(transport.onclose?.()),
    };
    const start: Way['start'] = (authInfo, request, body) => {
      for (const message of messagesOf<JudgedMessage>(body)) transport.onmessage?.(message as JSONRPCMessage, { authInfo, request });
      return Promise.resolve(new Response('Accepted', { status: 202 }));
    };
    return { transport, recording: null, start };
  });
}

/** Replays `initialize`, has the server answer, and waits until everything is answered. */
async function converse(
  server: AnyServer,
  exchange: PostExchange,
  wayFor: (open: ReadonlySet<Id>, isTool: boolean) => Way,
): Promise<Response> {
  const { session, request, body, authInfo, report, until } = exchange;
  const messages = messagesOf<JudgedMessage>(body);
  const open = new Set(messages.flatMap(({ id, method }) => (id !== undefined && method !== undefined ? [id] : [])));
  const isTool = messages.some(({ method }) => method === 'tools/call');
  const { transport, recording, start } = wayFor(open, isTool);
  const deliver: Running['deliver'] = (message) => transport.onmessage?.(message as JSONRPCMessage, { authInfo });
  const finish = (): void => {
    if (!until.signal.aborted) until.abort();
  };
  const requests = serverRequestsOf(session.sessionStore, { deliver, until: until.signal, report });
  const running: Running = { exchange, open, requests, recording, unsent: new Set(), deliver, finish };
  try {
    transport.send = routed(transport.send.bind(transport), running);
    const closed = closedAtEnd(server, exchange);
    await server.connect(transport as never);
    await introduce(transport, session.kept?.params ?? null, deliver);
    const response = await start(authInfo, request, body);
    if (isDone(running) || !response.ok) {
      finish();
      return response;
    }
    if (isTool) void watch(running).catch((error: unknown) => report(asError(error)));
    exchange.waitUntil(closed);
    return keptOpen(response, running);
  } catch (error) {
    finish();
    throw error;
  }
}

/** Replays `initialize` to a new server. Its answer was sent when the session started. */
async function introduce(transport: Transport, params: Json, deliver: Running['deliver']): Promise<void> {
  if (params === null) return;
  const send = transport.send.bind(transport);
  await new Promise<void>((done) => {
    const introducing: Transport['send'] = async (message, options) => (isAnswer(message) ? done() : send(message, options));
    transport.send = introducing;
    deliver({ jsonrpc: '2.0', id: 'portcullis', method: 'initialize', params });
  });
  transport.send = send;
}

/** Routes the server's messages: answers close requests, its own requests get other ids, and all are sent on the stream of a request. */
function routed(send: Transport['send'], running: Running): Transport['send'] {
  const { exchange, open, requests, unsent } = running;
  const messages = messagesOf<JudgedMessage>(exchange.body);
  let level = exchange.session.kept?.level ?? null;
  return async (message, options) => {
    const { id, method } = message as Message;
    if (method === undefined && id !== undefined) {
      const [asked] = messages.filter((one) => one.id === id);
      const answer = await settled(message as Message, asked, exchange);
      const wish = subscriptionIn(asked ?? {});
      if (wish?.kind === 'level' && 'result' in answer) level = wish.level;
      open.delete(id);
      unsent.add(id);
      try {
        await send(answer, options);
      } finally {
        unsent.delete(id); // if it cannot be sent, nothing more is to come
        if (isDone(running)) running.finish();
      }
      return;
    }
    const [first] = open;
    if (first === undefined) return; // a server made for this exchange alone can reach its client only in a response
    if (isBelow(level, message as Message)) return;
    const sendRelated = (one: JSONRPCMessage): Promise<void> =>
      send(one, { ...options, relatedRequestId: options?.relatedRequestId ?? first });
    if (id === undefined) return sendRelated(requests.asSent(message as Message));
    return requests.ask({ ...(message as Message), id }, sendRelated);
  };
}

/** Whether no answer is still to come or being sent: closing the server would drop that. */
function isDone({ open, unsent }: Running): boolean {
  return open.size + unsent.size === 0;
}

/** Completes an answer before it is sent: what the session needs of it is stored first, and a failure to store is an error. */
async function settled(answer: Message, asked: Message | undefined, exchange: PostExchange): Promise<JSONRPCMessage> {
  const { kept } = exchange.session;
  const { id, result } = answer;
  const refused = (code: number, message: string): JSONRPCMessage => ({ jsonrpc: '2.0', id: id as Id, error: { code, message } });
  try {
    if (asked?.method === 'initialize' && result !== undefined && (kept?.params ?? null) === null) await exchange.begin(result);
    const wish = subscriptionIn(asked ?? {});
    if (wish === null || !isGranted(wish, answer, kept?.canSubscribe === true)) return answer as JSONRPCMessage;
    if (!(await exchange.remember(wish)))
      return refused(INVALID_PARAMS, `A session may be subscribed to ${MAX_SUBSCRIPTIONS} resources, with URIs of ordinary length.`);
    return { jsonrpc: '2.0', id: id as Id, result: (result ?? {}) as { [name: string]: unknown } };
  } catch (error) {
    exchange.report(asError(error));
    return refused(INTERNAL_ERROR, 'Internal server error');
  }
}

/** Polls for cancellations by the client, and writes the heartbeat of a long stream. */
function watch(running: Running): Promise<void> {
  const { exchange, open, recording, deliver } = running;
  return watchForCancellations(exchange.session.sessionStore, open, {
    until: exchange.until.signal,
    report: exchange.report,
    async each(look) {
      if (look % (SAID_EVERY / LOOK_EVERY) === 0) await recording?.keep();
    },
    cancelled(requestId) {
      deliver({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
      open.delete(requestId);
      if (isDone(running)) running.finish();
    },
  });
}

/** Closes the server at the end of the exchange. */
function closedAtEnd(server: AnyServer, { until, report }: PostExchange): Promise<void> {
  const over = new Promise<void>((done) => void onAbort(until.signal, done));
  return over.then(() => server.close()).catch((error: unknown) => report(asError(error)));
}

/** A stream that may outlive its client: a tool then runs on for a while, all else ends. */
function keptOpen(response: Response, { exchange, open, recording, finish }: Running): Response {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response; // the messages are sent another way
  const { signal } = exchange.until;
  let isLeft = false;
  const left = (): void => {
    if (open.size === 0 || signal.aborted || isLeft) return;
    if (recording === null) return finish();
    isLeft = true;
    exchange.leave();
    void recording.keep();
    void pause(ALONE * 1000, signal).then(finish);
  };
  onAbort(signal, onAbort(exchange.request.signal, left));
  return tellingItsEnd(response, left);
}
