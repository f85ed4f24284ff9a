/**
 * The requests of the doctor, as MCP messages of both protocol eras and within limits, and their responses. A request never throws: a request without a response is an exchange with a `failure`.
 * Redirects are followed here, so that each target is checked for private addresses; a body is read up to a limit.
 */
import type { Reach } from '../reach.ts';
import { CliError, version } from '../terminal.ts';

/** A request. */
export interface Question {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
  /** Whether redirects are followed. */
  readonly follows?: boolean;
}

/** A request with its response. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** The URL of the response, after redirects. */
  readonly answeredBy: string;
  /** The target of each redirect, in order. */
  readonly redirects: readonly string[];
  /** 0 without a response. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as a JSON object, or the first message of an event stream; else null. */
  readonly json: { readonly [member: string]: unknown } | null;
  /** Seconds to the status line and headers. */
  readonly seconds: number;
  /** Whether the body was longer than the limit. */
  readonly isCut: boolean;
  /** Why there was no response: a code such as `ECONNREFUSED`. */
  readonly failure: string | null;
}

/** Sends a request; the same request is sent once per run. */
export type Ask = (question: Question) => Promise<Exchange>;

/** Failures that the doctor defines itself. */
export const PRIVATE_ADDRESS = 'PRIVATE_ADDRESS';
/** The limit of time or requests of the run is reached. */
export const OUT_OF_BOUNDS = 'OUT_OF_BOUNDS';

/** The parts of a run that send requests. */
export interface AskParts {
  readonly limits: Limits;
  readonly reach: Reach;
  /** Called with each request before it is sent. */
  readonly told: (line: string) => void;
  readonly fetch: Fetch;
}

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Makes the function that sends requests. */
export function makeAsk(parts: AskParts): Ask {
  const { limits, told } = parts;
  const known = new Map<string, Exchange>();
  const end = performance.now() + limits.totalSeconds * 1000;
  let count = 0;
  return async (question) => {
    const key = JSON.stringify(question);
    const before = known.get(key);
    if (before) return before;
    const left = end - performance.now();
    const late = ++count > limits.requests || left <= 0;
    if (!late) told(`${question.method ?? 'GET'} ${new URL(question.url).origin}${new URL(question.url).pathname}`);
    const signal = AbortSignal.timeout(Math.max(1, Math.min(limits.requestSeconds * 1000, left)));
    const exchange = late ? failed(question, OUT_OF_BOUNDS) : await send(question, parts, signal);
    known.set(key, exchange);
    return exchange;
  };
}

async function send(question: Question, { limits, reach, fetch }: AskParts, signal: AbortSignal): Promise<Exchange> {
  const { url, method = 'GET', headers = {}, body = null, follows = false } = question;
  const redirects: string[] = [];
  const start = performance.now();
  try {
    for (let at = url; ;) {
      await reach(new URL(at));
      const response = await fetch(at, { method, headers, body, signal, redirect: 'manual' });
      const seconds = (performance.now() - start) / 1000;
      const next = redirectOf(response, at);
      if (next !== null) redirects.push(next);
      if (next !== null && follows && redirects.length <= limits.redirects && /^https?:/.test(next)) {
        await response.body?.cancel();
        at = next;
        continue;
      }
      const { text, isCut } = await readText(response, limits.bytes);
      const json = objectIn(response.headers.get('content-type') ?? '', text);
      return {
        method,
        url,
        answeredBy: at,
        redirects,
        status: response.status,
        headers: response.headers,
        text,
        json,
        seconds,
        isCut,
        failure: null,
      };
    }
  } catch (error) {
    return { ...failed(question, codeOf(error)), redirects };
  }
}

function failed({ url, method = 'GET' }: Question, failure: string): Exchange {
  return {
    method,
    url,
    answeredBy: url,
    redirects: [],
    status: 0,
    headers: new Headers(),
    text: '',
    json: null,
    seconds: 0,
    isCut: false,
    failure,
  };
}

function redirectOf(response: Response, from: string): string | null {
  const location = response.headers.get('location');
  if (response.status < 300 || response.status > 399 || location === null) return null;
  return URL.canParse(location, from) ? new URL(location, from).href : location;
}

/** Reads a body up to a limit; of an event stream, which may stay open for hours, only the first message. */
async function readText(response: Response, most: number): Promise<{ readonly text: string; readonly isCut: boolean }> {
  if (response.body === null) return { text: '', isCut: false };
  const isStream = response.headers.get('content-type')?.includes('text/event-stream') === true;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const reader = response.body.getReader();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text, isCut: false };
    bytes += value.byteLength;
    text += decoder.decode(value, { stream: true });
    if (bytes > most || (isStream && messageIn(text) !== null)) {
      await reader.cancel().catch(() => undefined);
      return { text: text.slice(0, most), isCut: bytes > most };
    }
  }
}

function objectIn(type: string, text: string): Exchange['json'] {
  if (type.includes('text/event-stream')) return messageIn(text);
  return parseObject(text.replace(/^\ufeff/, ''));
}

/** The first event of a stream that answers a request. */
function messageIn(text: string): Exchange['json'] {
  const events = text.replaceAll('\r\n', '\n').split('\n\n').slice(0, -1);
  for (const event of events) {
    const data = event.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()); // prettier-ignore
    const message = parseObject(data.join('\n'));
    if (message !== null && ('result' in message || 'error' in message)) return message;
  }
  return null;
}

function parseObject(text: string): Exchange['json'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null; // the check that sent the request reports it
  }
}

function codeOf(error: unknown): string {
  if (error instanceof CliError) return PRIVATE_ADDRESS;
  const { cause, name } = error as { readonly cause?: { readonly code?: string; readonly message?: string }; readonly name: string };
  return cause?.code ?? (name === 'TypeError' ? (cause?.message ?? name) : name);
}

/** The limits of a run, so that no server can make the doctor wait, use its memory or redirect without end. */
export interface Limits {
  /** Seconds for one request, its body included. */
  readonly requestSeconds: number;
  /** Seconds for the whole run. */
  readonly totalSeconds: number;
  /** Maximum bytes read of a body. */
  readonly bytes: number;
  readonly redirects: number;
  readonly requests: number;
  /** Seconds until the first byte after which a server counts as slow. */
  readonly slowSeconds: number;
}

/** The default limits. */
export const LIMITS: Limits = {
  requestSeconds: 10,
  totalSeconds: 120,
  bytes: 262_144,
  redirects: 5,
  requests: 250,
  slowSeconds: 3,
};

/** The handshake of 2025. */
export const ERA_2025 = '2025-11-25';
/** The self-contained requests of 2026. */
const ERA_2026 = '2026-07-28';

/** Headers of every message. */
export interface Sending {
  readonly url: string;
  readonly token?: string | undefined;
  readonly headers?: { readonly [name: string]: string };
}

/** Versions of clients that are still in use. */
export const OLDER: readonly string[] = ['2025-06-18', '2025-03-26', '2024-11-05'];

/** The first message of a client of 2025, or of an older one. */
export function initialize(sending: Sending, protocolVersion: string = ERA_2025): Question {
  const clientInfo = { name: 'portcullis-doctor', version: version() };
  return message(sending, { id: 1, method: 'initialize', params: { protocolVersion, capabilities: {}, clientInfo } });
}

/** A request or notification within the session of 2025. */
export function message(sending: Sending, body: { readonly id?: number; readonly method: string; readonly params?: object }): Question {
  return {
    url: sending.url,
    method: 'POST',
    headers: { ...common(sending), 'content-type': 'application/json', ...sending.headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }),
  };
}

/** A request of 2026: it says in itself, and in headers, which version and method it is of. */
export function modern(sending: Sending, method: string): Question {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': ERA_2026,
    'io.modelcontextprotocol/clientInfo': { name: 'portcullis-doctor', version: version() },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = { 'mcp-protocol-version': ERA_2026, 'mcp-method': method, ...sending.headers };
  return message({ ...sending, headers }, { id: 1, method, params: { _meta } });
}

/** Headers without a message, for GET and HEAD. */
export function common({ token }: Sending): { readonly [name: string]: string } {
  return {
    accept: 'application/json, text/event-stream',
    'user-agent': `portcullis-doctor/${version()}`,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}
