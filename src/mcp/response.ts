/**
 * The form of a response: plain JSON or a stream.
 *
 * One request of a 2025-era client and its response are the transport of the server that was made for it. If the response is the first message,
 * it is sent as plain JSON, which every client accepts; if another message comes before it (progress, a log line), as a stream. The SDK's own
 * transport for these clients opens a stream for every call, which is most of what a short call costs. All other cases are left to it: see
 * {@link isPlain}. A slow response becomes a stream after a few seconds, with keep-alives, so that no proxy closes the connection; the response
 * follows as its last message. For every version of the protocol; a stream that the SDK opens by itself is left as it is.
 */
import {
  type AuthInfo,
  isJsonContentType,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type MessageExtraInfo,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
} from '@modelcontextprotocol/server';
import { utf8 } from '../lib/bytes.ts';
import { accepts, json } from '../lib/http.ts';
import { onAbort } from '../lib/async.ts';
import type { FetchObject } from '../model/context.ts';
import type { JudgedBody, JudgedMessage } from './policy/gate.ts';
import { type AnyServer, challengesItself, type Id } from './sdk.ts';
import { asError, type Report } from './errors.ts';

const METHODS: readonly string[] = ['tools/call', 'tools/list'];
const ENVELOPE = 'io.modelcontextprotocol/protocolVersion';

/** A call or list that was judged. */
export type PlainCall = JudgedMessage & JSONRPCRequest;

/** Whether it is a single call or list of a client of 2025 that sent the required headers. */
export function isPlain({ headers }: Request, body: JudgedBody, server: AnyServer): body is PlainCall {
  if (!isJSONRPCRequest(body) || !METHODS.includes(body.method) || body.params?._meta?.[ENVELOPE] !== undefined) return false;
  const [accept, version] = [headers.get('accept') ?? '', headers.get('mcp-protocol-version')];
  return (
    accept.includes('application/json') &&
    accept.includes('text/event-stream') &&
    isJsonContentType(headers.get('content-type')) &&
    (version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version)) &&
    !headers.has('mcp-method') &&
    !challengesItself(server, body.params?.['name'])
  );
}

/** Has a server answer. Closes it once the response is sent, or the client has disconnected. */
export async function respondInJson(
  server: AnyServer,
  request: Request,
  message: PlainCall,
  { authInfo, report }: { readonly authInfo: AuthInfo; readonly report: Report },
): Promise<Response> {
  const { signal } = request;
  let stream: Stream | null = null;
  let [closed, asking] = [false, false];
  let settle: (response: Response) => void = () => {};
  const answer = new Promise<Response>((resolve) => (settle = resolve));
  const close = (): void => void server.close().catch((error: unknown) => report(asError(error)));
  const opened = (): Stream => {
    if (stream) return stream;
    stream = openStream(close);
    settle(stream.response);
    return stream;
  };
  let forget = (): void => {};

  /** On close, the SDK makes an error for each of its own open requests. If there are none, only its owner's hook is left to call. */
  const finish = (): void => {
    if (asking) return close();
    end();
    ownHook(server)?.();
  };
  const end = (): void => {
    closed = true;
    forget();
    stream?.end();
  };

  const transport: Transport = {
    start: async () => {},
    async send(sent, options) {
      const isAsking = 'method' in sent && 'id' in sent;
      if (closed && isAsking) throw new Error('The answer was sent: the user can no longer be asked.');
      if (closed) return;
      asking ||= isAsking;
      const isLast = !('method' in sent);
      if ((isLast ? sent.id : options?.relatedRequestId) !== message.id) return; // no stream for messages that belong to no request
      if (!isLast) return opened().write(sent);
      if (stream) stream.write(sent);
      else settle(json(sent));
      queueMicrotask(finish); // not here: the server is still within its own `send`
    },
    async close() {
      if (closed) return;
      end();
      settle(new Response(null, { status: 499 })); // the client has disconnected; resolves the promise if there was no answer
      transport.onclose?.();
    },
  };
  await (server as { connect(to: Transport): Promise<void> }).connect(transport);
  forget = onAbort(signal, close);
  if (!signal.aborted) transport.onmessage?.(message, { authInfo, request } as MessageExtraInfo);
  return answer;
}

/** The hook that the owner of a server has set for its end. */
function ownHook(server: AnyServer): (() => void) | undefined {
  const { server: inner = server } = server as { readonly server?: object };
  return (inner as { readonly onclose?: () => void }).onclose;
}

interface Stream {
  readonly response: Response;
  write(message: JSONRPCMessage): void;
  end(): void;
}

/** Server-sent events. @param gone called when the client disconnects. */
function openStream(gone: () => void): Stream {
  const encoder = new TextEncoder();
  let to: ReadableStreamDefaultController<Uint8Array> | null = null;
  const say = (text: string): void => to?.enqueue(encoder.encode(text));
  const alive = setInterval(() => say(': still here\n\n'), ALIVE_MS);
  const leave = (): void => {
    clearInterval(alive);
    to = null;
  };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void (to = controller),
    cancel() {
      leave();
      gone();
    },
  });
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };
  return {
    response: new Response(body, { headers }),
    write: (message) => say(`event: message\ndata: ${JSON.stringify(message)}\n\n`),
    end() {
      to?.close();
      leave();
    },
  };
}

/** How long to wait for a response before a stream is opened. */
const PATIENCE_MS = 5000;
/** Interval of the keep-alives. */
export const ALIVE_MS = 15_000;

/** A request of a client, and the context of its response. */
export interface Waiting {
  /** The id of the request; null if there are several. */
  readonly id: Id | null;
  /** Headers of the stream, such as those of a session that starts. */
  readonly headers?: { readonly [name: string]: string };
  /** Called when the client disconnects before the response is there. */
  readonly gone: () => void;
}

/** The response, or a stream that it follows on. @param answer must not reject. */
export async function inTime(answer: Promise<Response>, waiting: Waiting): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((done) => (timer = setTimeout(() => done(null), PATIENCE_MS)));
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first ?? streamOf(answer, waiting);
}

function streamOf(answer: Promise<Response>, { id, headers = {}, gone }: Waiting): Response {
  let alive: ReturnType<typeof setInterval> | undefined;
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  let isGone = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const say = (): void => controller.enqueue(utf8(': still here\n\n'));
      say();
      alive = setInterval(say, ALIVE_MS);
    },
    async pull(controller) {
      if (reader === null) {
        const response = await answer;
        clearInterval(alive);
        if (isGone) return void response.body?.cancel().catch(() => undefined);
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
        reader = isStream && response.body ? response.body.getReader() : null;
        if (reader === null) {
          controller.enqueue(utf8(await messageOf(response, id)));
          return controller.close();
        }
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      isGone = true;
      clearInterval(alive);
      gone();
      await reader?.cancel();
    },
  });
  const about = { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };
  return new Response(body, { headers: { ...about, ...headers } });
}

/** A response that is not a stream, as a message of one: its status is lost, its body is not. */
async function messageOf(response: Response, id: Id | null): Promise<string> {
  const text = await response.text();
  if (text === '') return '';
  const said = JSON.parse(text) as { readonly id?: Id | null }; // the SDK and this package answer with JSON-RPC only
  const message = Array.isArray(said) ? said : { ...said, id: said.id ?? id };
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}

const [JSON_TYPE, STREAM] = ['application/json', 'text/event-stream'] as const;

/**
 * Lets clients call a handler that accept JSON alone or a stream alone, though the protocol requires both: Claude's proxy and ElevenLabs accept a
 * stream, Gemini CLI and simple programs JSON. The SDK answers with 406; here the answer takes the form that is accepted (RFC 9110 §12.5.1).
 */
export function inOneForm<Env>(answer: FetchObject<Env>['fetch']): FetchObject<Env>['fetch'] {
  return async (request, env, ctx) => {
    const accept = request.headers.get('accept');
    const [json, stream] = [accepts(accept, JSON_TYPE), accepts(accept, STREAM)];
    const endless = request.headers.get('mcp-method') === 'subscriptions/listen';
    if (request.method !== 'POST' || json === stream || (json && endless)) return answer(request, env, ctx);
    const headers = new Headers(request.headers);
    headers.set('accept', `${JSON_TYPE}, ${STREAM}`);
    const response = await answer(new Request(request, { headers }), env, ctx);
    const type = response.headers.get('content-type') ?? '';
    if (json && type.startsWith(STREAM)) return withBody(response, JSON_TYPE, answerIn(await response.text()));
    if (stream && response.status === 200 && type.startsWith(JSON_TYPE))
      return withBody(response, STREAM, `event: message\ndata: ${await response.text()}\n\n`);
    return response;
  };
}

/** The answers in a stream: one, or a list of those to a batch. Notifications and questions of the server have no place in JSON. */
function answerIn(text: string): string {
  const messages = [...text.matchAll(/^data: ?(\{.*\})\r?$/gm)].map(([, data = '']) => JSON.parse(data) as object);
  const answers = messages.filter((message) => !('method' in message));
  return JSON.stringify(answers.length === 1 ? answers[0] : answers);
}

function withBody({ status, headers }: Response, type: string, body: string): Response {
  const own = new Headers(headers);
  own.set('content-type', type);
  own.delete('content-length');
  return new Response(body, { status, headers: own });
}
