/**
 * Turn: one POST of a session. The server is made for this request alone, as everywhere; it is told what the client said of itself, so that
 * it knows whom it talks to, and its requests to the client (elicitation, sampling) go out on the stream of this POST. Their answers come
 * in other POSTs, perhaps to other processes: they are put into the session's drawer, where this turn looks for them.
 *
 *   initialize, replayed → the messages of this POST → what the server asks, under an id of this turn → its answer from the drawer → result
 *
 * A client that goes away has not cancelled (2025-11-25, Streamable HTTP): a tool runs on, for whoever comes back with `Last-Event-ID`.
 */
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { AuthInfo, JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { base64url } from '../lib/base64url.ts';
import type { Json, Seconds } from '../model/store.ts';
import { tellingItsEnd } from './listening.ts';
import { type Recording, recordTo } from './replay.ts';
import type { AnyServer } from './sdk.ts';
import type { Session } from './session.ts';
import { asError, type Report } from './tool-error.ts';

/** One POST, and whose. */
export interface Turn {
  readonly session: Session;
  readonly request: Request;
  readonly body: unknown;
  readonly authInfo: AuthInfo;
  readonly report: Report;
  /** Keeps a session that this turn began; gets the result of `initialize`. */
  readonly begin: (result: Json) => Promise<void>;
  /** Ends with the token of the request. */
  readonly until: AbortController;
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

type Id = string | number;
/** A message by its members. */
interface Message {
  readonly id?: Id;
  readonly method?: string;
  readonly params?: { readonly [name: string]: unknown };
  readonly result?: Json;
}

/** How long an answer waits to be fetched, and a wish to cancel. */
export const WAITS: Seconds = 600;
/** How long a tool may go on for a client that has gone away. */
const ALONE: Seconds = 600;
/** A person answers in seconds; the drawer is looked into at first often, then once a second. */
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [100, 1000];
const CANCEL_LOOK_MS = 2000;
/** When a client whose connection broke comes back. */
const RETRY_MS = 1000;

/** How the messages of a turn go to the client. */
interface Way {
  readonly transport: Transport;
  /** Keeps what is said, for a client that comes back. */
  readonly recording: Recording | null;
  /** Hands the client's own messages to the server. */
  readonly start: (authInfo: AuthInfo, request: Request, body: unknown) => Promise<Response>;
}

/** Has a server answer the messages of a turn, on the stream of its POST. */
export function takeTurn(server: AnyServer, turn: Turn): Promise<Response> {
  return converse(server, turn, (isLast, isTool) => {
    const { drawer, id, kept } = turn.session;
    const recording = isTool ? recordTo(drawer, isLast, turn.report) : null;
    const transport = new WebStandardStreamableHTTPServerTransport({
      ...(kept === null && { sessionIdGenerator: () => id }), // the SDK asks for it at `initialize` alone
      ...(recording && { eventStore: recording, retryInterval: RETRY_MS }),
    });
    if (kept !== null) transport.sessionId = id;
    const start: Way['start'] = (authInfo, request, parsedBody) => transport.handleRequest(request, { authInfo, parsedBody });
    return { transport, recording, start };
  });
}

/** Has a server answer the messages of a turn by way of `send`, while the POST is told at once that they have come (2024-11). */
export function takeTurnApart(server: AnyServer, turn: Turn, send: (message: JSONRPCMessage) => Promise<void>): Promise<Response> {
  return converse(server, turn, () => {
    const transport: Transport = {
      sessionId: turn.session.id,
      start: () => Promise.resolve(),
      send,
      close: () => Promise.resolve(transport.onclose?.()),
    };
    const start: Way['start'] = (authInfo, request, body) => {
      for (const message of messagesOf(body)) transport.onmessage?.(message as JSONRPCMessage, { authInfo, request });
      return Promise.resolve(new Response('Accepted', { status: 202 }));
    };
    return { transport, recording: null, start };
  });
}

async function converse(
  server: AnyServer,
  turn: Turn,
  wayFor: (isLast: (message: JSONRPCMessage) => boolean, isTool: boolean) => Way,
): Promise<Response> {
  const { session, request, body, authInfo, report, until } = turn;
  const { drawer } = session;
  const messages = messagesOf(body);
  const open = new Set(messages.flatMap(({ id, method }) => (id !== undefined && method !== undefined ? [id] : [])));
  const isTool = messages.some(({ method }) => method === 'tools/call');
  const isLast = (message: JSONRPCMessage): boolean => isResponse(message) && open.size === 0;
  const { transport, recording, start } = wayFor(isLast, isTool);
  const known = session.kept?.params ?? null;
  const asked = new Map<string, Id>();

  const deliver = (message: object): void => transport.onmessage?.(message as JSONRPCMessage, { authInfo });
  const finish = (): void => {
    if (!until.signal.aborted) until.abort();
  };
  const over = new Promise<void>((done) => until.signal.addEventListener('abort', () => done(), { once: true }));
  const closed = over.then(() => server.close()).catch((error: unknown) => report(asError(error)));

  /** Looks for the answer to a request of the server until it is there, or nobody waits for it any more. */
  const fetchAnswer = async (name: string, id: Id): Promise<void> => {
    for (let wait = FIRST_LOOK_MS; asked.has(name); wait = Math.min(2 * wait, LAST_LOOK_MS)) {
      await pause(wait, until.signal);
      if (until.signal.aborted) return;
      const found = await looked(() => drawer.read<{ [name: string]: Json }>(answerTo(name)), report);
      if (found && (await drawer.remove(answerTo(name), found.version)) && asked.delete(name)) deliver({ ...found.value, id });
    }
  };

  /** Looks whether the client wants one of its requests cancelled, and keeps the stream of a long one. */
  const watch = async (): Promise<void> => {
    for (let at = 0; !until.signal.aborted; at++) {
      await pause(CANCEL_LOOK_MS, until.signal);
      if (until.signal.aborted) return;
      if (at % 100 === 0) await recording?.keep();
      for (const id of open) {
        if ((await looked(() => drawer.read<true>(cancelOf(id)), report)) === null) continue;
        deliver({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
        open.delete(id);
      }
      if (open.size === 0) finish();
    }
  };

  let replayed: (() => void) | null = null;
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    const { id, method, params, result } = message as Message;
    if (method === undefined && replayed !== null) return replayed(); // nothing else has been asked yet
    if (method === undefined && id !== undefined) {
      if (known === null && result !== undefined) await turn.begin(result);
      open.delete(id);
      await send(message, options);
      if (open.size === 0) finish();
      return;
    }
    const [first] = open;
    if (first === undefined) return; // a server of this turn alone has nobody to talk to but in an answer
    const related = { ...options, relatedRequestId: options?.relatedRequestId ?? first };
    if (id !== undefined) {
      const name = base64url(crypto.getRandomValues(new Uint8Array(16)));
      asked.set(name, id);
      await send({ ...message, id: name } as JSONRPCMessage, related);
      void fetchAnswer(name, id).catch((error: unknown) => report(asError(error)));
      return;
    }
    const name = method === 'notifications/cancelled' ? [...asked].find(([, own]) => own === params?.['requestId'])?.[0] : undefined;
    if (name === undefined) return send(message, related);
    asked.delete(name);
    await send({ ...message, params: { ...params, requestId: name } } as JSONRPCMessage, related);
  };

  await server.connect(transport as never);
  if (known !== null) {
    await new Promise<void>((done) => {
      replayed = done;
      deliver({ jsonrpc: '2.0', id: 'portcullis', method: 'initialize', params: known });
    });
    replayed = null;
  }
  const response = await start(authInfo, request, body);
  if (open.size === 0 || !response.ok) {
    finish();
    return response;
  }
  if (isTool) void watch().catch((error: unknown) => report(asError(error)));
  turn.waitUntil(closed);
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response; // what is said goes another way
  const left = (): void => {
    if (open.size === 0 || until.signal.aborted) return;
    if (recording === null) return finish();
    void recording.keep();
    void pause(ALONE * 1000, until.signal).then(finish);
  };
  request.signal.addEventListener('abort', left, { once: true });
  return tellingItsEnd(response, left);
}

/** A body as its messages. */
function messagesOf(body: unknown): readonly Message[] {
  return (Array.isArray(body) ? body : [body]) as readonly Message[];
}

/** Where the answer to a request of the server is put. */
export function answerTo(name: string): string {
  return `answer ${name}`;
}

/** Where it is put down that a request of the client is to be cancelled. */
export function cancelOf(id: string | number): string {
  return `cancel ${JSON.stringify(id)}`;
}

/** Waits, but no longer than until the signal. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      done();
    };
    const timer = setTimeout(stop, milliseconds);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
}

/** A store that is down for a moment is asked again. */
async function looked<T>(look: () => Promise<T | null>, report: Report): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    report(asError(error));
    return null;
  }
}

function isResponse(message: JSONRPCMessage): boolean {
  return 'result' in message || 'error' in message;
}
