/**
 * Handles one request: accepts or rejects it, calls the application, sends the response or reports the error.
 * Also counts the running requests and tracks the promises given to `waitUntil`, and limits the requests that are half-sent.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, type FetchObject, RequestState, withRequestState } from '../../model/context.ts';
import { BodyError, type IncomingBody } from './body.ts';
import { isOverridden, overrideGlobalObjects } from './lazy-request.ts';
import { addressOf, incoming, type Incoming, type RequestRules } from './request.ts';
import { send, sendPlain } from './response.ts';

/** Limits and listeners of a server that concern one request. */
export interface AnswerSettings extends RequestRules {
  /** Second argument of `fetch`. Default: a copy of `process.env`. */
  readonly env: unknown;
  /** How many proxies stand in front of the server, each of which adds to `X-Forwarded-For`. Default 0: the header is ignored. */
  readonly trustProxy: number;
  /** How many requests may be worked on at once; one more is told to come back. Default 1000. */
  readonly maxRequests: number;
  /** Seconds that a client may take for its whole request, and then between two parts of the answer that it reads. Default 60. */
  readonly requestTimeout?: number | undefined;
  /**
   * Puts cheaper `Request`, `Response` and `fetch`, which do the same, in the place of this process's global ones. Default true; `false`
   * leaves them alone, and a small request costs about twice as much.
   */
  readonly overrideGlobalObjects?: boolean | undefined;
  /** Hears of every error that became a 500 or cut a stream, and of rejected `waitUntil` promises. Default: its stack on stderr. */
  readonly onError?: ((error: unknown, at: ErrorPlace) => void) | undefined;
}

/**
 * Checks the settings that a server and a listener share: a limit that is no number would limit nothing, and `trustProxy: true` would let callers
 * choose their address.
 *
 * @param owner of the options, in messages.
 * @throws {TypeError} naming the option.
 */
export function checkSettings(owner: string, settings: Partial<AnswerSettings>): void {
  const { origin, overrideGlobalObjects: override = true, onError = () => undefined } = settings;
  const wrong = (name: string, want: string): TypeError => new TypeError(`${owner}: ${name} must be ${want}.`);
  for (const [name, least] of [
    ['trustProxy', 0],
    ['bodyLimit', 0],
    ['maxRequests', 1],
    ['requestTimeout', 1],
  ] as const) {
    const { [name]: value = least } = settings;
    if (!Number.isFinite(value) || value < least) throw wrong(name, `a number, at least ${least}`);
  }
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin))
    throw wrong('origin', 'scheme and host alone, as in https://mcp.example.com');
  if (typeof override !== 'boolean') throw wrong('overrideGlobalObjects', 'true or false');
  if (typeof onError !== 'function') throw wrong('onError', 'a function');
}

/** Where an error happened. Holds nothing that could be a secret: no query, no header. */
export interface ErrorPlace {
  /** The `request_id` that the client was told. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

/** A server without its sockets. */
export interface Answering {
  /** Node's request listener. */
  answer(message: IncomingMessage, to: ServerResponse): void;
  /** From now on every answer is the last of its connection, and streams on which nothing is at work end. */
  stop(): void;
  /** Resolves when all promises given to `waitUntil` have settled. */
  settled(): Promise<void>;
}

/** Half-sent requests of one address that are waited for. */
const MAX_HALF_SENT = 128;

/** Status, body and further headers of the answers that need no application. */
const REFUSALS: { readonly [status: number]: readonly [error: string, text: string, ...headers: string[]] } = {
  400: ['invalid_request', 'The request line or a header is malformed.'],
  405: ['invalid_request', 'This method is not served here.', 'allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  408: ['invalid_request', 'The request body did not come in time.', 'connection', 'close'],
  413: ['invalid_request', 'The request body is larger than this server accepts.'],
  503: ['temporarily_unavailable', 'The server is busy. Try again shortly.', 'retry-after', '1'],
};

type Taken = Exclude<Incoming, { refused: unknown }>;

/** Binds an application to Node's request listener. */
export function answering(app: FetchObject, settings: AnswerSettings): Answering {
  const pending = new Set<Promise<unknown>>();
  const { overrideGlobalObjects: override = true } = settings;
  if (override) overrideGlobalObjects();
  const stopping = new AbortController();
  const { signal } = stopping;
  const here: Here = { trustProxy: settings.trustProxy, bodyLimit: settings.bodyLimit, stopping: signal, keep };
  /** Running requests; those without a complete body do not count towards the limit. */
  let busy = 0;
  const halfSent = halfSentRequests(MAX_HALF_SENT, settings.maxRequests, (message, to) => {
    if (to.headersSent) return void message.destroy();
    to.once('finish', () => message.destroy());
    refuse(to, 408);
  });

  async function handle({ request, body }: Taken, message: IncomingMessage, to: ServerResponse): Promise<void> {
    busy += 1;
    let working = true;
    const address = body === null || message.complete ? null : (addressOf(message, settings.trustProxy) ?? '');
    if (address !== null) halfSent.add(address, message, to);
    const rest = (): void => {
      working = false;
      release(message, to);
      busy -= 1; // from here on it holds a socket, not a place: a stream may stay open for hours
      if (address !== null) halfSent.delete(address, message);
    };
    try {
      const answer = await app.fetch(
        override && isOverridden() ? (request as unknown as Request) : request.native(),
        settings.env,
        new NodeContext(message, to, here),
      );
      rest();
      if (body?.tooLarge && !to.headersSent) return refuse(to, 413);
      if (signal.aborted && !to.headersSent) to.shouldKeepAlive = false;
      await send(answer, to, settings.requestTimeout && settings.requestTimeout * 1000);
    } catch (error) {
      if (working) rest();
      fail(error, body, message, to);
    }
  }

  function hasPlace(): boolean {
    return busy < settings.maxRequests || busy - halfSent.count() < settings.maxRequests;
  }

  /** What of the body has not come by the time of the answer is not waited for. */
  function release(message: IncomingMessage, to: ServerResponse): void {
    if (!message.complete) to.once('finish', () => discard(message, settings.bodyLimit));
  }

  function fail(error: unknown, body: IncomingBody | null, message: IncomingMessage, to: ServerResponse): void {
    if (body?.tooLarge && !to.headersSent) return refuse(to, 413);
    // A client that disconnected, or was ended while half-sent, needs no response, and the resulting error is not reported.
    if ((to.destroyed || to.writableEnded) && error instanceof Error && (error instanceof BodyError || error.name === 'AbortError')) return;
    const id = report(error, message);
    if (to.headersSent) to.destroy();
    else sendPlain(to, 500, { error: 'server_error', error_description: 'The server met an unexpected condition.', request_id: id });
  }

  function report(error: unknown, { method = '', url = '' }: IncomingMessage): string {
    const at = { id: randomUUID(), method, path: url.split('?', 1)[0] ?? '' };
    try {
      (settings.onError ?? print)(error, at);
    } catch (second) {
      print(error, at);
      print(second, at);
    }
    return at.id;
  }

  function keep(promise: Promise<unknown>, message: IncomingMessage): void {
    const kept: Promise<unknown> = Promise.resolve(promise)
      .catch((error: unknown) => report(error, message))
      .finally(() => pending.delete(kept));
    pending.add(kept);
  }

  return {
    answer(message, to) {
      if (signal.aborted) to.shouldKeepAlive = false;
      const taken = incoming(message, to, settings);
      if (!('refused' in taken) && hasPlace()) return void handle(taken, message, to);
      release(message, to);
      refuse(to, 'refused' in taken ? taken.refused : 503);
    },
    stop() {
      stopping.abort();
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

/** What the context of every request has of its server. */
interface Here {
  readonly trustProxy: number;
  readonly bodyLimit: number;
  readonly stopping: AbortSignal;
  readonly keep: (promise: Promise<unknown>, message: IncomingMessage) => void;
}

/** A class, since an accessor of an object literal costs as much as the rest of a small request. */
class NodeContext implements Context {
  readonly waitUntil: Context['waitUntil'];
  readonly #message: IncomingMessage;
  readonly #trustProxy: number;

  constructor(message: IncomingMessage, to: ServerResponse, { trustProxy, bodyLimit, stopping, keep }: Here) {
    this.#message = message;
    this.#trustProxy = trustProxy;
    const waitUntil: Context['waitUntil'] = (promise) => keep(promise, message);
    this.waitUntil = waitUntil;
    const answered = (): Promise<void> => new Promise((done) => (to.closed ? done() : void to.once('close', done)));
    withRequestState(this, new RequestState({ stopping, bodyLimit, answered }));
  }

  passThroughOnException(): void {} // there is no other origin to pass a request to

  get address(): string {
    return addressOf(this.#message, this.#trustProxy) ?? ''; // no socket any more
  }
}

function refuse(to: ServerResponse, status: number): void {
  const [error, text, ...headers] = REFUSALS[status] ?? ['server_error', ''];
  sendPlain(to, status, { error, error_description: text }, headers);
}

/** Lets what is left of an answered request's body go by, so that the client reads its answer; hangs up if it is too much. */
function discard(message: IncomingMessage, limit: number): void {
  if (message.complete || message.destroyed) return;
  let left = limit;
  message.on('data', (bytes: Uint8Array) => {
    left -= bytes.length;
    if (left < 0) message.destroy();
  });
  message.resume();
}

/** Name, message and stack alone: an error's other fields may hold a request and its headers. */
function print(error: unknown, { id, method, path }: ErrorPlace): void {
  const text = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : `thrown: a value of type ${typeof error}`;
  console.error(`${method} ${path} failed (request ${id})\n${text}`);
}

/** The requests that are half-sent. */
interface HalfSent {
  /** Adds a request that may have an incomplete body. */
  add(address: string, message: IncomingMessage, to: ServerResponse): void;
  /** Forgets a request that was answered. */
  delete(address: string, message: IncomingMessage): void;
  /** How many are half-sent at this moment. */
  count(): number;
}

/**
 * Half-sent requests are those with an incomplete body: a slow-loris attack sends thousands and never ends them. They do not count as running
 * requests. Their number is limited per address and in total; one more ends the oldest: an honest body arrives within moments, also from an
 * address that many users share.
 *
 * @param ofAddress the most of one address.
 * @param ofAll the most of all.
 * @param end answers and ends a request that has waited longest.
 */
export function halfSentRequests(ofAddress: number, ofAll: number, end: (message: IncomingMessage, to: ServerResponse) => void): HalfSent {
  const waiting = new Map<string, Map<IncomingMessage, ServerResponse>>();
  let size = 0;
  const remove = (address: string, message: IncomingMessage): void => {
    const own = waiting.get(address);
    if (!own?.delete(message)) return;
    size -= 1;
    if (own.size === 0) waiting.delete(address);
  };
  /** What has come since it was noted is not half-sent any more. */
  const prune = (): void => {
    for (const [address, own] of waiting)
      for (const message of own.keys()) if (message.complete || message.destroyed) remove(address, message);
  };
  const endFirst = (address: string): void => {
    for (const [message, to] of waiting.get(address) ?? []) {
      remove(address, message);
      return end(message, to);
    }
  };
  return {
    add(address, message, to) {
      const own = waiting.get(address) ?? new Map<IncomingMessage, ServerResponse>();
      waiting.set(address, own.set(message, to));
      size += 1;
      if (own.size <= ofAddress && size <= ofAll) return;
      prune();
      if (own.size > ofAddress) endFirst(address);
      else if (size > ofAll) endFirst(mostOf(waiting));
    },
    delete: remove,
    count() {
      prune();
      return size;
    },
  };
}

/** The address that has most. */
function mostOf(waiting: ReadonlyMap<string, { readonly size: number }>): string {
  let [most, size] = ['', 0];
  for (const [address, own] of waiting) if (own.size > size) [most, size] = [address, own.size];
  return most;
}
