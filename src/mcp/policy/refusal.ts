/**
 * How a call that may not go on is answered inside JSON-RPC: so that the model can read why, or, where it is nobody's
 * business, as if there were no such thing.
 */
import type { Id } from '../message.ts';
import type { Kind } from './policy.ts';

/** A call as it stands in a message. */
export interface Call {
  readonly id: Id | null;
  readonly kind: Kind;
  /** Name of the tool or prompt, URI of the resource, name of a method that MCP does not have. */
  readonly name: string;
  readonly args: unknown;
  /** Whether the name is the text of a URI template. */
  readonly isTemplate?: boolean;
  /** Whether the client speaks 2026-07-28, whose results say that they are complete. */
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
const [METHOD_NOT_FOUND, INVALID_PARAMS] = [-32601, -32602];

/** A refusal for good: a tool's is a result with `isError`, which the model reads; never a challenge, on which clients would loop. */
export function deniedResult(call: Call, text: string = DENIED[call.kind]): object {
  if (call.kind !== 'tool') return { jsonrpc: '2.0', id: call.id, error: { code: INVALID_PARAMS, message: text } };
  return resultOf(call, { isError: true, content: [{ type: 'text', text }] });
}

/** What the SDK says of a name that it does not know. */
export function notFound({ id, kind, name }: Call): object {
  return { jsonrpc: '2.0', id, error: { code: kind === 'method' ? METHOD_NOT_FOUND : INVALID_PARAMS, message: MISSING[kind](name) } };
}

/** A JSON-RPC error as the whole answer. */
export function rpcError(status: number, code: number, message: string, id: Id | null = null): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id }, { status, headers: { 'cache-control': 'no-store' } });
}

/** The challenge for clients that react to results alone (ChatGPT): the header of the 403 as `_meta`. */
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
