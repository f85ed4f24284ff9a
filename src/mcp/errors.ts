/**
 * What a caller is told of a call that fails. A refused call gets a reason that the model can read; or, if the caller must not know of the
 * primitive, the same answer as if it did not exist. When a handler throws, the SDK sends `error.message` as it is, and messages of databases, HTTP
 * clients and upstreams contain addresses, queries and keys. So a {@link ToolError}, an `UpstreamTokenError` (which has only texts of ours) and a
 * protocol error (one with a JSON-RPC code) are sent to the caller; for all other errors the caller gets a plain sentence, and the operator the
 * error, unless the call was cancelled (by its client, a lost connection, or the end of its token) and the error says no more than that.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { UpstreamTokenError } from '../model/upstream.ts';
import { type AnyServer, type Id, wrapSend } from './sdk.ts';

/**
 * An error whose message the model and the user may read. The message of any other error is replaced, since it may contain secrets.
 *
 * @example
 * server.registerTool('weather', {}, async () => {
 *   throw new ToolError('There is no city of that name.');
 * });
 */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** Receives errors that the caller must not see. */
export type Report = (error: Error) => void;

const BLAND = 'Something went wrong on the server.';
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

/** The caller of tool handlers inside `McpServer`; private in the types of both SDK lines, and the same in both. */
interface Inside {
  executeToolHandler?: (...args: unknown[]) => Promise<unknown>;
}

/** Makes a server of either line hide the messages of unexpected errors: those of tools, resources and prompts. */
export function keepErrorsInside(server: AnyServer, report: Report): void {
  const inside = server as Inside;
  const execute = inside.executeToolHandler;
  if (execute !== undefined) {
    const executing: typeof execute = async (...args) => {
      try {
        return await execute.apply(server, args);
      } catch (error) {
        if (error instanceof ToolError || error instanceof UpstreamTokenError || isForCaller(error)) throw error;
        if (saysGivenUp(error, signalIn(args.at(-1)))) throw error; // the call was cancelled: no client reads the answer
        report(asError(error));
        throw new ToolError(BLAND);
      }
    };
    inside.executeToolHandler = executing;
  }
  wrapSend(server, (send) => (message, options) => send(withoutDetails(message, report), options));
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Resources, prompts and low-level handlers answer a thrown error as a JSON-RPC error: seen here, on its way out. */
function withoutDetails(message: JSONRPCMessage, report: Report): JSONRPCMessage {
  if (!('error' in message) || isForCaller(message.error)) return message;
  if (isOfParameters(message.error.message)) return { ...message, error: { code: INVALID_PARAMS, message: 'Invalid params' } };
  report(new Error(message.error.message));
  return { ...message, error: { code: INTERNAL_ERROR, message: BLAND } };
}

/** The context of a call: `ctx` of SDK 2.x, `extra` of SDK 1.x. */
interface CallContext {
  readonly signal?: AbortSignal;
  readonly mcpReq?: { readonly signal?: AbortSignal };
}

function signalIn(context: unknown): AbortSignal | undefined {
  const { mcpReq, signal } = (context ?? {}) as CallContext;
  return mcpReq?.signal ?? signal;
}

/** Whether an error only tells that its call was given up: what waits for the client is told so by the SDK, what heeds the signal by its reason. */
function saysGivenUp(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  const { name, code, message } = asError(error) as Error & { readonly code?: unknown };
  return error === signal.reason || name === 'AbortError' || code === 'CONNECTION_CLOSED' || message === 'Not connected';
}

/** The SDKs' error for parameters that do not match the protocol: the issues of a schema. It is the client's fault. */
function isOfParameters(message: string): boolean {
  if (!message.startsWith('[')) return false;
  try {
    const issues = JSON.parse(message) as readonly { readonly path?: readonly unknown[] }[];
    return issues.length > 0 && issues.every(({ path }) => path?.[0] === 'params');
  } catch {
    return false; // a text like any other
  }
}

/** JSON-RPC codes are below zero; those of DOMException, gRPC and databases are not. The SDK makes "Internal error" of any throw. */
function isForCaller(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' && Number.isInteger(code) && code < 0 && code !== INTERNAL_ERROR;
}

/** The kinds of primitives; and methods that MCP does not define, which a server may add. */
export type Kind = 'tool' | 'resource' | 'prompt' | 'method';

/** A call in a message. */
export interface Call {
  readonly id: Id | null;
  readonly kind: Kind;
  /** Name of the tool or prompt, URI of the resource, name of a method that MCP does not define. */
  readonly name: string;
  readonly args: unknown;
  /** Whether the name is the text of a URI template. */
  readonly isTemplate?: boolean;
  /** Whether the client uses 2026-07-28, in which results declare that they are complete. */
  readonly modern: boolean;
}

const DENIED: { readonly [kind in Kind]: string } = {
  tool: 'You do not have permission to use this tool.',
  resource: 'You do not have permission to read this resource.',
  prompt: 'You do not have permission to use this prompt.',
  method: 'Method not found',
};

const MISSING: { readonly [kind in Kind]: (name: string) => string } = {
  tool: (name) => `Tool ${name} not found`,
  resource: (uri) => `Resource ${uri} not found`,
  prompt: (name) => `Prompt ${name} not found`,
  method: () => 'Method not found',
};
const METHOD_NOT_FOUND = -32601;

/** A final refusal: for a tool a result with `isError`, which the model reads; never a challenge, on which clients would loop. */
export function deniedResult(call: Call, text: string = DENIED[call.kind]): object {
  if (call.kind !== 'tool') return { jsonrpc: '2.0', id: call.id, error: { code: INVALID_PARAMS, message: text } };
  return resultOf(call, { isError: true, content: [{ type: 'text', text }] });
}

/** The SDK's response to an unknown name. */
export function notFound({ id, kind, name }: Call): object {
  return { jsonrpc: '2.0', id, error: { code: kind === 'method' ? METHOD_NOT_FOUND : INVALID_PARAMS, message: MISSING[kind](name) } };
}

/** A JSON-RPC error as the whole response. */
export function rpcError(status: number, code: number, message: string, id: Id | null = null): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id }, { status, headers: { 'cache-control': 'no-store' } });
}

/** The challenge for clients that react to results only (ChatGPT): the header of the 403 as `_meta`. */
export function challengeResult(call: Call, header: string): object {
  return resultOf(call, askForMore(header));
}

/** The same as a tool's own result. */
export function askForMore(
  header: string,
  text = 'This needs more access than you have given so far. Connect again and allow it.',
): { isError: true; content: { type: 'text'; text: string }[]; _meta: { [name: string]: unknown } } {
  return { isError: true, content: [{ type: 'text', text }], _meta: { 'mcp/www_authenticate': [header] } };
}

function resultOf({ id, modern }: Call, result: object): object {
  return { jsonrpc: '2.0', id, result: modern ? { resultType: 'complete', ...result } : result };
}
