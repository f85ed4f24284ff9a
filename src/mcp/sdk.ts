/**
 * The two lines of the MCP SDK as this folder uses them: 2.x is imported, 1.x (`@modelcontextprotocol/sdk`) is recognized by shape,
 * so that users of only one line install only what they need. A 1.x server uses the transport of 2.x, in 2025-era sessions. Also JSON-RPC
 * messages by their members, the same in both.
 */
import { type JSONRPCMessage, McpServer, type MessageExtraInfo, Server, type Transport } from '@modelcontextprotocol/server';
import type { Access } from '../model/access.ts';
import type { Json } from '../model/store.ts';
import { redactedHeaders, redactedUrl } from './tool-context.ts';

/** A server of SDK 1.x: `McpServer` or `Server`, by shape. */
export interface OldServer {
  connect(transport: never): Promise<void>;
  close(): Promise<void>;
}

/** A server of either line. */
export type AnyServer = McpServer | Server | OldServer;

/** Whether the server supports 2026-07-28 itself. An instance of neither class, also of another copy of SDK 2.x, is served as 1.x. */
export function isCurrent(server: AnyServer): server is McpServer | Server {
  return server instanceof McpServer || server instanceof Server;
}

/**
 * Runs functions on the transport before and after a server connects to it.
 * The SDK calls `connect` itself, so this is the one public place where both lines can be reached.
 */
export function onConnect(server: AnyServer, before: (transport: Transport) => void, after?: (transport: Transport) => void): void {
  const seam = server as { connect(transport: Transport): Promise<void> };
  const connect = seam.connect.bind(server);
  const connecting = async (transport: Transport): Promise<void> => {
    before(transport);
    await connect(transport);
    after?.(transport);
  };
  seam.connect = connecting;
}

/** Puts another `send` before that of the transport to which a server connects. */
export function wrapSend(server: AnyServer, wrap: (send: Transport['send']) => Transport['send']): void {
  onConnect(server, (transport) => {
    transport.send = wrap(transport.send.bind(transport));
  });
}

/**
 * Gives handlers of SDK 1.x the `extra.requestInfo` they expect: the transport of 2.x passes the `Request` instead.
 * Without credentials, as everywhere (`redacted-request`).
 */
export function giveRequestInfo(transport: Transport): void {
  const deliver = transport.onmessage?.bind(transport);
  if (deliver === undefined) return;
  const onmessage: typeof deliver = (message: JSONRPCMessage, extra?: MessageExtraInfo) => {
    if (extra?.request === undefined) return deliver(message, extra);
    const { headers, url } = extra.request;
    const requestInfo = { headers: Object.fromEntries(redactedHeaders(headers)), url: new URL(redactedUrl(url)) };
    return deliver(message, { ...extra, requestInfo } as MessageExtraInfo);
  };
  transport.onmessage = onmessage;
}

/** Where the protocol layer of both SDK lines finds handlers; private in their types. */
interface Handlers {
  readonly _requestHandlers?: Map<string, (request: unknown, context: object) => unknown>;
}

/**
 * Adds `auth` and `props` to the context of the handlers of these messages: of tools, resources and prompts, and those set by hand. Both lines
 * make a new context for each message, and offer no hook for it.
 */
export function giveCaller(server: AnyServer, body: Message | readonly Message[], access: Access | null): void {
  const { server: inner = server } = server as { readonly server?: object };
  const { _requestHandlers: handlers } = inner as Handlers;
  const caller = { auth: access ?? undefined, props: access?.props ?? {} };
  for (const method of new Set(messagesOf(body).map((message) => message.method))) {
    const handler = method === undefined ? undefined : handlers?.get(method);
    if (handler && method) handlers?.set(method, (request, context) => handler(request, Object.assign(context, caller)));
  }
}

/** Notifications for open streams; not part of a response. */
const NEWS = /\/list_changed$|^notifications\/resources\/updated$/;
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const VERSION = 'io.modelcontextprotocol/protocolVersion';

/**
 * Relates what a server sends through its own object (`server.sendLoggingMessage`, progress) to the request that it was made for. The server
 * serves that request only, and the SDK would drop messages without one. A client of 2026-07-28 gets only the log messages it has asked for.
 */
export function relateToRequest(server: AnyServer, body: Message | readonly Message[]): void {
  const [first] = messagesOf(body).filter(({ id, method }) => id !== undefined && method !== undefined);
  if (first?.id === undefined) return;
  const relatedRequestId = first.id;
  const meta = (first.params?.['_meta'] ?? {}) as { readonly [name: string]: unknown };
  const level = meta[LOG_LEVEL];
  const isUnwanted = (message: JSONRPCMessage): boolean =>
    'method' in message &&
    message.method === 'notifications/message' &&
    meta[VERSION] !== undefined &&
    (typeof level !== 'string' || isBelow(level, message));
  wrapSend(server, (send) => async (message, options) => {
    const isOurs = 'method' in message && !('id' in message) && options?.relatedRequestId === undefined && !NEWS.test(message.method);
    if (isOurs && isUnwanted(message)) return;
    return send(message, isOurs ? { ...options, relatedRequestId } : options);
  });
}

/** The registry inside `McpServer`; private in the types of both SDK lines, and the same in both. */
interface Registry {
  readonly _registeredTools?: { [name: string]: unknown };
}

/** Whether a tool has a challenge of its own in the SDK's way, which the SDK's transports check before the call. */
export function challengesItself(server: AnyServer, name: unknown): boolean {
  const tools = (server as Registry)._registeredTools;
  if (tools === undefined || typeof name !== 'string' || !Object.hasOwn(tools, name)) return false;
  return (tools[name] as { readonly scopeChallenge?: unknown }).scopeChallenge !== undefined;
}

/**
 * Hides these tools from a server. They are removed from `McpServer`; and any handler of `tools/call`, also one of the application, gets
 * a name that no tool has, so that it cannot run a refused tool and answers as for any other unknown name.
 */
export function forgetTools(server: AnyServer, names: readonly string[]): void {
  if (names.length === 0) return;
  const { _registeredTools: tools = {} } = server as Registry;
  for (const name of names) if (Object.hasOwn(tools, name)) delete tools[name];
  const unknown = new Map(names.map((name) => [name, crypto.randomUUID()]));
  wrapSend(server, (send) => (message, options) => send(renamedBack(message, unknown), options));
  onConnect(
    server,
    () => {},
    (transport) => {
      const deliver = transport.onmessage?.bind(transport);
      const onmessage: typeof deliver = (message: JSONRPCMessage, extra?: MessageExtraInfo) => deliver?.(renamed(message, unknown), extra);
      transport.onmessage = onmessage;
    },
  );
}

function renamed(message: JSONRPCMessage, unknown: ReadonlyMap<string, string>): JSONRPCMessage {
  const { method, params } = message as { readonly method?: unknown; readonly params?: { readonly name?: unknown } };
  const name = method === 'tools/call' ? unknown.get(params?.name as string) : undefined;
  return name === undefined ? message : ({ ...message, params: { ...params, name } } as JSONRPCMessage);
}

function renamedBack(message: JSONRPCMessage, unknown: ReadonlyMap<string, string>): JSONRPCMessage {
  let text = JSON.stringify(message);
  for (const [name, other] of unknown) text = text.replaceAll(other, () => JSON.stringify(name).slice(1, -1));
  return JSON.parse(text) as JSONRPCMessage;
}

/** Of a request, on either side. */
export type Id = string | number;

/** A message. */
export interface Message {
  readonly id?: Id;
  readonly method?: string;
  readonly params?: { readonly [name: string]: unknown };
  readonly result?: Json;
  readonly error?: unknown;
}

/** Maximum characters of an id as JSON. A request with a longer one is served, but cannot be cancelled from another POST. */
const MAX_ID_LENGTH = 120;

/** Whether it is an id that can be stored. */
export function isOfOrdinaryLength(id: unknown): id is Id {
  return (typeof id === 'number' || typeof id === 'string') && JSON.stringify(id).length <= MAX_ID_LENGTH;
}

/** Whether a message answers a request. */
export function isAnswer(message: object): boolean {
  return 'result' in message || 'error' in message;
}

/** The ids of the requests in a body. */
export function requestsIn(body: Message | readonly Message[]): readonly Id[] {
  return messagesOf(body).flatMap(({ id, method }) => (id !== undefined && method !== undefined ? [id] : []));
}

/** Levels of log messages: RFC 5424, §6.2.1, lowest first. */
export const LEVELS: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

/** Whether it is a log message below the client's minimum level. */
export function isBelow(level: string | null, message: { readonly method?: string; readonly params?: unknown }): boolean {
  if (level === null || message.method !== 'notifications/message') return false;
  const of = LEVELS.indexOf(String((message.params as { level?: unknown } | undefined)?.level));
  return of !== -1 && of < LEVELS.indexOf(level);
}

/** A body as its messages. */
export function messagesOf<T extends Message>(body: T | readonly T[]): readonly T[] {
  return Array.isArray(body) ? (body as readonly T[]) : [body as T];
}

/** The part of a Standard Schema that describes it (Standard JSON Schema). */
interface Describing {
  readonly input: (options: object) => Record<string, unknown>;
  readonly output: (options: object) => Record<string, unknown>;
}

/**
 * The same schema, with its JSON Schema cached for each dialect; a schema of an unknown type is returned as it is. The SDK converts the schemas of
 * tools for each server, hence here for each request, which for many tools is most of the time of a list. A schema does not change.
 */
export function describedOnce(schema: unknown): unknown {
  const standard = partOf(schema, '~standard');
  const describing = partOf(standard, 'jsonSchema') as Describing | undefined;
  if (typeof standard !== 'object' || standard === null || typeof describing?.input !== 'function') return schema;
  const jsonSchema = { input: once((options) => describing.input(options)), output: once((options) => describing.output(options)) };
  return { '~standard': Object.create(standard, { jsonSchema: { value: jsonSchema, enumerable: true } }) as object };
}

function once(describe: Describing['input']): Describing['input'] {
  const known = new Map<string, Record<string, unknown>>();
  return (options) => {
    const dialect = JSON.stringify(options);
    const found = known.get(dialect) ?? describe(options);
    known.set(dialect, found);
    return found;
  };
}

function partOf(value: unknown, name: string): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? (value as { readonly [name: string]: unknown })[name]
    : undefined;
}
