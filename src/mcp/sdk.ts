/**
 * The two lines of the MCP SDK as this wing sees them: 2.x is imported, 1.x (`@modelcontextprotocol/sdk`) is known by shape alone,
 * so that who uses only one of them installs only what is needed. A 1.x server rides on the transport of 2.x, in 2025-era sessions.
 */
import { McpServer, Server } from '@modelcontextprotocol/server';
import type { JSONRPCMessage, MessageExtraInfo, Transport } from '@modelcontextprotocol/server';
import type { Access } from '../model/access.ts';
import { isBelow } from './events/subscriptions.ts';
import { type Message, messagesOf } from './message.ts';
import { redactedHeaders, redactedUrl } from './redacted-request.ts';

/** A server of SDK 1.x: `McpServer` or `Server`, by shape. */
export interface OldServer {
  connect(transport: never): Promise<void>;
  close(): Promise<void>;
}

/** A server of either line. */
export type AnyServer = McpServer | Server | OldServer;

/** Whether the server speaks 2026-07-28 itself. What is of neither class, also of another copy of SDK 2.x, is served as of 1.x. */
export function isCurrent(server: AnyServer): server is McpServer | Server {
  return server instanceof McpServer || server instanceof Server;
}

/**
 * Lets something be done to the transport before and after a server takes it over.
 * The SDK calls `connect` itself, so this is the one public place where both lines can be reached.
 */
export function onConnect(server: AnyServer, before: (transport: Transport) => void, after?: (transport: Transport) => void): void {
  const seam = server as { connect(transport: Transport): Promise<void> };
  const connect = seam.connect.bind(server);
  seam.connect = async (transport) => {
    before(transport);
    await connect(transport);
    after?.(transport);
  };
}

/**
 * Gives handlers of SDK 1.x the `extra.requestInfo` they know: the transport of 2.x hands over the `Request` instead.
 * Without what carries a credential, as everywhere (`shown-request`).
 */
export function giveRequestInfo(transport: Transport): void {
  const deliver = transport.onmessage?.bind(transport);
  if (deliver === undefined) return;
  transport.onmessage = (message: JSONRPCMessage, extra?: MessageExtraInfo) => {
    if (extra?.request === undefined) return deliver(message, extra);
    const { headers, url } = extra.request;
    const requestInfo = { headers: Object.fromEntries(redactedHeaders(headers)), url: new URL(redactedUrl(url)) };
    return deliver(message, { ...extra, requestInfo } as MessageExtraInfo);
  };
}

/** How the protocol layer of both SDK lines finds handlers; private in their types. */
interface Handlers {
  readonly _requestHandlers?: Map<string, (request: unknown, context: object) => unknown>;
}

/**
 * Gives the handlers of these messages `auth` and `props` in their context: of tools, resources and prompts, and those set by hand. Both lines
 * make the context anew for each message, and have no place of their own for it.
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

/** News for streams that are held open; no part of an answer. */
const NEWS = /\/list_changed$|^notifications\/resources\/updated$/;
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const VERSION = 'io.modelcontextprotocol/protocolVersion';

/**
 * Makes what a server says through its own object (`server.sendLoggingMessage`, progress) part of the request that it was made for. It is there for that one
 * alone, and the SDK would drop what belongs to no request. A client of 2026-07-28 hears of logs only what it has asked for.
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
  onConnect(server, (transport) => {
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      const isOurs = 'method' in message && !('id' in message) && options?.relatedRequestId === undefined && !NEWS.test(message.method);
      if (isOurs && isUnwanted(message)) return;
      return send(message, isOurs ? { ...options, relatedRequestId } : options);
    };
  });
}

/** The registry inside `McpServer`; private in the types of both SDK lines, and the same in both. */
interface Registry {
  readonly _registeredTools?: { [name: string]: unknown };
}

/** Whether a tool has a challenge of its own in the SDK's way, which the SDK's transports ask for before it is called. */
export function challengesItself(server: AnyServer, name: unknown): boolean {
  const tools = (server as Registry)._registeredTools;
  if (tools === undefined || typeof name !== 'string' || !Object.hasOwn(tools, name)) return false;
  return (tools[name] as { readonly scopeChallenge?: unknown }).scopeChallenge !== undefined;
}

/**
 * Makes a server not know these tools. `McpServer` forgets them; and whatever handles `tools/call`, a handler of the application too, is asked for
 * a name that no tool has, so that it cannot run what was refused and says what it says of any other unknown name.
 */
export function forgetTools(server: AnyServer, names: readonly string[]): void {
  if (names.length === 0) return;
  const { _registeredTools: tools = {} } = server as Registry;
  for (const name of names) if (Object.hasOwn(tools, name)) delete tools[name];
  const unknown = new Map(names.map((name) => [name, crypto.randomUUID()]));
  onConnect(
    server,
    (transport) => {
      const send = transport.send.bind(transport);
      transport.send = (message, options) => send(renamedBack(message, unknown), options);
    },
    (transport) => {
      const deliver = transport.onmessage?.bind(transport);
      transport.onmessage = (message: JSONRPCMessage, extra?: MessageExtraInfo) => deliver?.(renamed(message, unknown), extra);
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
