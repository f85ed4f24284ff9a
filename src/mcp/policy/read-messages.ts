/**
 * Reads the body of a POST once and strictly, and builds its messages anew from the members that JSON-RPC 2.0 defines. The original text is not
 * passed on: two parsers can see two messages in one text (a byte order mark, a duplicate member, `METHOD` beside `method`).
 */
import { isJsonContentType } from '@modelcontextprotocol/server';
import { unauthorized, unavailable } from '../../guard/answers.ts';
import { readBody } from '../../lib/http.ts';
import { isStrict } from '../../lib/json.ts';
import type { RequestState } from '../../model/context.ts';
import type { Json } from '../../model/store.ts';
import type { Id, Message } from '../sdk.ts';
import { rpcError } from '../errors.ts';

/** A message with known members only. */
export type ReadMessage = Message & { readonly jsonrpc: '2.0' };

/** The messages of a body, at least one. */
export interface Messages {
  readonly messages: readonly ReadMessage[];
  readonly isBatch: boolean;
}

/** Why a body is not valid JSON-RPC: for events. */
export type Unreadable =
  | 'media_type'
  | 'too_large'
  | 'body_encoded'
  | 'not_utf8'
  | 'not_json'
  | 'not_strict'
  | 'batch_size'
  | 'not_json_rpc'
  | 'id_twice';

/** The refusal of a body, and why. */
export interface Refused {
  readonly answer: Response;
  readonly reason: Unreadable;
}

/** Maximum bytes of a body, if the server in front has no limit of its own; the SDK's limit too. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_BATCH = 100;
/** Maximum characters of an id, a method, a name or a URI. */
const MAX_TEXT = 8192;
/** Becomes U+FFFD in UTF-8 and in a URL: two different texts would become the same. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Members that a message is dispatched by. Other parsers match members regardless of case. */
const DECIDING: readonly string[] = ['name', 'uri', 'ref', 'arguments'];

/** @throws {TypeError} for an invalid limit; the message names the function that was given it. */
export function checkBodyLimit(name: string, limit: number | undefined): void {
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1))
    throw new TypeError(`${name}: \`bodyLimit\` must be a whole number of bytes, 1 or more.`);
}

/** Milliseconds for a body after which its token is asked about again. */
const SLOW_MS = 1000;

/** The answer if the token ended while the body arrived, which may take a minute; null if it is good. @param since when the body began to be read. */
export async function refusalMeanwhile(
  { stillGood, challenge }: Pick<RequestState, 'stillGood' | 'challenge'>,
  since: number,
): Promise<Response | null> {
  if (Date.now() - since < SLOW_MS || !stillGood || !challenge) return null;
  try {
    return (await stillGood()) ? null : unauthorized(challenge, true);
  } catch {
    return unavailable(); // the store is down
  }
}

/** Reads the messages of a request. @param maxBytes of its body. */
export async function readMessages(request: Request, maxBytes: number = MAX_BYTES): Promise<Messages | Refused> {
  if (!isJsonContentType(request.headers.get('content-type')))
    return refused('media_type', 415, -32000, 'Unsupported Media Type: Content-Type must be application/json');
  const read = await readBody(request, maxBytes);
  if ('text' in read) return parseMessages(read.text);
  if (read.problem === 'encoded')
    return refused('body_encoded', 415, -32000, 'The message is compressed (Content-Encoding); send it as it is.');
  return read.problem === 'too-large'
    ? refused('too_large', 413, -32700, `The message may have ${maxBytes} bytes.`)
    : refused('not_utf8', 400, -32700, 'The message is not well-formed UTF-8.');
}

/**
 * Reads the messages of a request and serializes them anew, for a handler that reads a body itself: it gets none of the original bytes. A
 * request that is not a POST is passed on without a body.
 */
export async function readAnew(request: Request, maxBytes?: number): Promise<Request | Refused> {
  const { method, url, signal, body } = request;
  if (method !== 'POST') return body === null ? request : new Request(url, { method, headers: request.headers, signal });
  const read = await readMessages(request, maxBytes);
  if ('reason' in read) return read;
  const headers = new Headers(request.headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name);
  headers.set('content-type', 'application/json');
  return new Request(url, { method, headers, signal, body: JSON.stringify(read.isBatch ? read.messages : read.messages[0]) });
}

/** Reads the messages of a text. */
export function parseMessages(text: string): Messages | Refused {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refused('not_json', 400, -32700, 'The message is not JSON. It must be UTF-8 without a byte order mark.');
  }
  // Code that copies by assignment would turn `__proto__` into a prototype, and find members in it that were not judged.
  if (!isStrict(text, MAX_DEPTH, '__proto__'))
    return refused('not_strict', 400, -32600, 'The message repeats a member, or is nested too deep.');
  const isBatch = Array.isArray(body);
  const all = isBatch ? (body as readonly unknown[]) : [body];
  if (all.length === 0 || all.length > MAX_BATCH)
    return refused('batch_size', 400, -32600, `A batch must hold between 1 and ${MAX_BATCH} messages.`);
  const messages = all.map(messageOf).filter((message) => message !== null);
  if (messages.length < all.length) return refused('not_json_rpc', 400, -32600, 'The message is not a JSON-RPC 2.0 message of MCP.');
  if (isBatch && hasIdTwice(messages)) return refused('id_twice', 400, -32600, 'Two messages of the batch have the same id.');
  return { messages, isBatch };
}

/** A name, a URI or another text that a message is dispatched by. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT && !LONE_SURROGATE.test(value);
}

function messageOf(value: unknown): ReadMessage | null {
  if (!isObject(value) || value['jsonrpc'] !== '2.0') return null;
  const { id, method, result } = value;
  const params = value['params'] ?? undefined; // some clients write every member, `null` if it is absent
  const error = value['error'] === null && isObject(result) ? undefined : value['error'];
  if (id !== undefined && !isId(id)) return null;
  const common = { jsonrpc: '2.0', ...(id !== undefined && { id }) } as const;
  const isAnswer = result !== undefined || error !== undefined;
  if (method !== undefined) {
    if (!isText(method) || isAnswer || (params !== undefined && !isObject(params))) return null;
    return { ...common, method, ...(params && { params: paramsOf(method, params) }) };
  }
  if (params !== undefined || (result !== undefined && error !== undefined)) return null;
  if (isObject(result) && id !== undefined) return { ...common, result: result as Json };
  return isObject(error) ? { ...common, error } : null;
}

/** Members of params are open-ended; those that another parser could take for a deciding one are left out. */
function paramsOf(method: string, params: { readonly [name: string]: unknown }): { readonly [name: string]: unknown } {
  const isKnown = (name: string): boolean => DECIDING.includes(name) || !DECIDING.includes(name.toUpperCase().toLowerCase());
  const known = Object.keys(params).every(isKnown) ? params : Object.fromEntries(Object.entries(params).filter(([name]) => isKnown(name)));
  const own = known['arguments'] === null ? { ...known, arguments: undefined } : known;
  return method === 'completion/complete' ? { ...own, ref: refOf(own['ref']) } : own;
}

/** The reference of a completion, with the members of its type; null for any other type. */
function refOf(ref: unknown): object | null {
  const { type, name, title, uri } = isObject(ref) ? ref : {};
  if (type === 'ref/prompt') return { type, name, ...(title !== undefined && { title }) };
  return type === 'ref/resource' ? { type, uri } : null;
}

/** Requests and answers have separate ids. JSON-RPC distinguishes `1` and `"1"`; not every program does. */
function hasIdTwice(messages: readonly ReadMessage[]): boolean {
  const ids = messages.filter(({ id }) => id !== undefined).map(({ id, method }) => `${method === undefined} ${id}`);
  return new Set(ids).size < ids.length;
}

function isId(value: unknown): value is Id {
  return typeof value === 'number' ? Number.isSafeInteger(value) : isText(value);
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(reason: Unreadable, status: number, code: number, message: string): Refused {
  return { answer: rpcError(status, code, message), reason };
}
