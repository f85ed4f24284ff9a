/**
 * From a `Response` to Node's `ServerResponse`, and the `Response` of a Node process that serves. An answer that is complete within a few microtasks goes
 * out in one piece with its length; everything else is streamed, no faster than the client reads and no longer than it listens.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http';

/** Belong to one connection (RFC 9110 §7.6.1): Node sets its own, a proxied answer's must not leak through. */
const HOP_BY_HOP: ReadonlySet<string> = new Set('connection keep-alive proxy-connection trailer transfer-encoding upgrade'.split(' '));

/** How many turns of the microtask queue a body may take to show that it is complete. */
const TURNS = 8;

/** How long a client may read nothing of an answer: what it does not take fills memory, and a socket that is half open never does. */
const STALL_MS = 60_000;

type Whole = string | Uint8Array | null;
type Fields = Iterable<readonly [name: string, value: string]>;
type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Chunk = Awaited<ReturnType<Reader['read']>>;

/**
 * Sends an answer, at once if it is whole; else the promise settles when it is out or the client is gone.
 *
 * @param stall milliseconds after which a client is hung up on that reads nothing of what is there for it.
 * @throws what the body's stream throws, and what Node says of a header it cannot send. While `to.headersSent` is false,
 * another answer can still be given.
 */
export function send(from: Response, to: ServerResponse, stall: number = STALL_MS): Promise<void> | undefined {
  const plain = LazyResponse.whole(from);
  if (!plain && !(from?.headers instanceof Headers)) throw new TypeError('The handler gave no Response.');
  const { status } = from;
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError(`The handler gave a Response of status ${status}.`);
  const bodyless = to.req.method === 'HEAD' || status === 204 || status === 304;
  if (plain) return sendWhole(from, to, bodyless, { body: plain.body, stall }, plain.fields);
  if (from.body === null) return sendWhole(from, to, bodyless, { body: null, stall });
  return to.destroyed || bodyless ? sendHead(from, to, from.body) : sendStream(from, to, from.body.getReader(), stall);
}

/** Sends a short JSON answer of the server itself, unless one is on its way. */
export function sendPlain(to: ServerResponse, status: number, body: object, headers: readonly string[] = []): void {
  if (to.destroyed || to.headersSent) return;
  const text = JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  to.writeHead(status, STATUS_CODES[status], [
    'content-type',
    'application/json',
    'cache-control',
    'no-store',
    'content-length',
    length,
    ...headers,
  ]);
  to.end(to.req.method === 'HEAD' ? undefined : text);
}

async function sendHead(from: Response, to: ServerResponse, body: { cancel(): Promise<void> }): Promise<void> {
  await body.cancel();
  sendWhole(from, to, true, { body: null, stall: STALL_MS });
}

function sendWhole(
  from: Response,
  to: ServerResponse,
  bodyless: boolean,
  { body, stall }: { readonly body: Whole; readonly stall: number },
  fields: Fields = from.headers,
): undefined {
  if (to.destroyed) return;
  if (bodyless) {
    // The length that a GET would have, where it is known; never one on 204 (RFC 9110 §8.6).
    if (from.status === 204) writeHead(from, to, fields, 'drop');
    else writeHead(from, to, fields, 'keep', body === null ? undefined : lengthOf(body));
    to.end();
  } else {
    writeHead(from, to, fields, 'drop', lengthOf(body));
    if (lengthOf(body) > to.writableHighWaterMark) to.socket?.setTimeout(stall); // Node sets its own when all is out
    to.end(body ?? undefined);
  }
}

async function sendStream(from: Response, to: ServerResponse, reader: Reader, stall: number): Promise<void> {
  const gone = (): void => {
    // An error while cancelling cannot be reported to any caller.
    if (!to.writableFinished) reader.cancel(new Error('The client hung up.')).catch(() => undefined);
  };
  to.once('close', gone);
  let next = reader.read();
  const first = await soon(next);
  if (first?.done) return sendWhole(from, to, false, { body: null, stall });
  if (first) {
    next = reader.read();
    if ((await soon(next))?.done) return sendWhole(from, to, false, { body: first.value, stall });
  }
  if (to.destroyed) return;
  to.strictContentLength = true; // a length that the application gave and does not keep must not shift the next answer
  writeHead(from, to, from.headers, 'keep');
  if (first) await write(to, first.value, stall);
  else to.flushHeaders();
  for (;;) {
    const { done, value } = await next;
    if (to.destroyed) return;
    if (done) break;
    await write(to, value, stall);
    next = reader.read();
  }
  to.end();
}

/** What a promise gives within a few turns of the microtask queue, as bodies made of a string or of bytes do. */
async function soon(promise: Promise<Chunk>): Promise<Chunk | undefined> {
  let settled: Chunk | undefined;
  promise.then(
    (chunk) => (settled = chunk),
    () => undefined, // the next `await` of the promise gets the error
  );
  for (let turn = 0; turn < TURNS && settled === undefined; turn += 1) await Promise.resolve();
  return settled;
}

/** Resolves when there is room for more, or no client left to send it to, as when a client has read nothing for too long. */
function write(to: ServerResponse, bytes: Uint8Array, stall: number): Promise<void> | undefined {
  if (to.destroyed || to.write(bytes)) return undefined;
  to.socket?.setTimeout(stall); // counts from the last byte that the client took; Node then destroys the socket
  return new Promise((resolve) => {
    const go = (): void => {
      to.off('drain', go);
      to.off('close', go);
      to.socket?.setTimeout(0);
      resolve();
    };
    to.on('drain', go);
    to.on('close', go);
  });
}

/** @param length `keep` leaves the application's own, `drop` replaces it by `bytes`. */
function writeHead(from: Response, to: ServerResponse, given: Fields, length: 'keep' | 'drop', bytes?: number): void {
  const fields: string[] = [];
  let named = false;
  for (const [name, value] of given) {
    if (HOP_BY_HOP.has(name)) continue;
    if (name === 'content-length') {
      if (length === 'drop') continue;
      named = true;
    }
    fields.push(name, value);
  }
  if (bytes !== undefined && !named) fields.push('content-length', String(bytes));
  if (from.statusText === '') to.writeHead(from.status, fields);
  else to.writeHead(from.status, from.statusText, fields);
}

function lengthOf(body: Whole): number {
  if (body === null) return 0;
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

/** The native class, whatever stands in its place later. */
const Native = globalThis.Response;

type WholeBody = string | Uint8Array<ArrayBuffer> | null;
type FieldList = readonly (readonly [name: string, value: string])[];

const GETTERS = ['body', 'bodyUsed', 'redirected', 'type', 'url'];
const METHODS = ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text'];

/** Header names and values that are fine as they are: `Headers` would neither refuse nor change them. */
const NAME = /^[a-z][a-z\d-]*$/;
const VALUE = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;

const TEXT: FieldList[number] = ['content-type', 'text/plain;charset=UTF-8'];
const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * A response that passes for a native one everywhere. That one is made only when something needs more than status, headers and text: on Node it costs
 * more than the rest of a small answer, because it holds a stream.
 */
export class LazyResponse {
  #status = 200;
  #statusText = '';
  #body: WholeBody = null;
  #fields: FieldList | undefined;
  #headers: Headers | undefined;
  #native: Response | undefined;

  /** As `new Response(body, init)`. @throws what that throws, at once. */
  constructor(body: ConstructorParameters<typeof Response>[0] = null, init: ResponseInit = {}) {
    const { status = 200, statusText = '' } = typeof init === 'object' && init !== null ? init : { status: 0 };
    const isWhole = body === null || typeof body === 'string' || body instanceof Uint8Array;
    if (!isWhole || statusText !== '' || !isUsual(status, body)) {
      this.#native = new Native(body, init);
      return;
    }
    this.#status = status;
    this.#body = body instanceof Uint8Array ? body.slice() : body;
    this.#fields = fieldsOf(init.headers, typeof body === 'string');
    if (this.#fields === undefined) {
      this.#headers = new Headers(init.headers);
      if (typeof body === 'string' && !this.#headers.has(TEXT[0])) this.#headers.set(...TEXT);
    }
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const text = JSON.stringify(data);
    const { headers = {} } = init;
    if (text === undefined || !isRecord(init) || !isRecord(headers) || !Object.keys(headers).every((name) => NAME.test(name)))
      return Native.json(data, init);
    return new LazyResponse(text, { ...init, headers: { ...JSON_TYPE, ...headers } }) as unknown as Response;
  }

  /** `fetch` gives native responses, and they are responses, too. */
  static [Symbol.hasInstance](value: unknown): boolean {
    const { prototype } = (this as unknown) === LazyResponse ? Native : this;
    return Object.prototype.isPrototypeOf.call(prototype, value as object);
  }

  get status(): number {
    return this.#native?.status ?? this.#status;
  }
  get statusText(): string {
    return this.#native?.statusText ?? this.#statusText;
  }
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  get headers(): Headers {
    return (this.#headers ??= this.#native?.headers ?? new Headers(this.#fields as [string, string][] | undefined));
  }

  /** The native response, made at the first call; from then on it holds the body. Its headers are those of this one, which a handler may have taken and still change. */
  static native(response: Response): Response {
    if (!(#native in response)) return response;
    const lazy = response as LazyResponse & Response;
    const native = (lazy.#native ??= new Native(lazy.#body, { status: lazy.#status, headers: lazy.headers }));
    if (lazy.headers !== native.headers) replaceHeaders(native.headers, lazy.headers);
    return native;
  }

  /** Body and headers of a response that holds no stream; undefined for every other one. */
  static whole(
    response: Response,
  ): { readonly body: WholeBody; readonly fields: Iterable<readonly [name: string, value: string]> } | undefined {
    if (typeof response !== 'object' || response === null || !(#native in response)) return undefined;
    const lazy = response as LazyResponse & Response;
    return lazy.#native ? undefined : { body: lazy.#body, fields: lazy.#headers ?? lazy.#fields ?? [] };
  }
}

function replaceHeaders(to: Headers, from: Headers): void {
  const names = [...to.keys()]; // before any is deleted
  for (const name of names) to.delete(name);
  for (const [name, value] of from) to.append(name, value);
}

function isUsual(status: number, body: unknown): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599 && (body === null || ![204, 205, 304].includes(status));
}

function isRecord(value: object): value is Record<string, string> {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** A copy of a plain record; undefined for what only `Headers` can read. */
function fieldsOf(headers: ResponseInit['headers'] = {}, isText: boolean): FieldList | undefined {
  if (!isRecord(headers)) return undefined;
  const fields = Object.entries(headers as Record<string, string>);
  let isTyped = !isText;
  for (const [name, value] of fields) {
    if (typeof value !== 'string' || !NAME.test(name) || !VALUE.test(value)) return undefined;
    if (name === TEXT[0]) isTyped = true;
  }
  return isTyped ? fields : [...fields, TEXT];
}

for (const name of GETTERS) {
  Object.defineProperty(LazyResponse.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: Response): unknown {
      return Reflect.get(LazyResponse.native(this), name);
    },
  });
}
for (const name of METHODS) {
  Object.defineProperty(LazyResponse.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Response): unknown {
      const native = LazyResponse.native(this);
      return (Reflect.get(Native.prototype, name) as () => unknown).call(native);
    },
  });
}
Object.defineProperty(LazyResponse, 'name', { value: 'Response' });
Object.setPrototypeOf(LazyResponse, Native);
Object.setPrototypeOf(LazyResponse.prototype, Native.prototype);
