/**
 * JSON-RPC responses to refused calls: a reason that the model can read, or, for callers that must not know of the
 * primitive, the same as if it did not exist.
 */
import type { Id } from '../sdk.ts';
import type { Kind } from './policy.ts';

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
const [METHOD_NOT_FOUND, INVALID_PARAMS] = [-32601, -32602];

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
