/**
 * A request from a socket, with its headers as Node has parsed them, and what puts cheaper `Request`, `Response` and `fetch` in the place of the global ones.
 * It acts as a `Request` and costs next to nothing while only its method, URL, headers, signal and whole body are read; everything else creates the native
 * one. Only native code looks behind it: `new Request(request)` and `fetch(request)`, which is why ours stand in their place.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { IncomingBody } from './body.ts';
import { LazyResponse } from './response.ts';

/** Names as Node spells them: their look-up needs no conversion. */
const NAME = /^[a-z][a-z\d-]*$/;

/**
 * The headers, with the interface of `Headers`. Reading one costs a look-up; anything else creates the native object. `new Headers(lazy)`,
 * `{ headers: lazy }` and `instanceof Headers` work, since those ask for an iterator and a prototype.
 */
export class LazyHeaders {
  readonly #parsed: IncomingHttpHeaders;
  #real: Headers | undefined;

  constructor(parsed: IncomingHttpHeaders) {
    this.#parsed = parsed;
  }

  get(name: string): string | null {
    if (this.#real) return this.#real.get(name);
    const value = Object.hasOwn(this.#parsed, name) ? this.#parsed[name] : undefined;
    if (typeof value === 'string') return value;
    if (value === undefined && !NAME.test(name)) return this.real.get(name); // another spelling, or no header's name at all
    return value?.join(', ') ?? null;
  }
  has(name: string): boolean {
    return this.get(name) !== null;
  }
  append(name: string, value: string): void {
    this.real.append(name, value);
  }
  delete(name: string): void {
    this.real.delete(name);
  }
  set(name: string, value: string): void {
    this.real.set(name, value);
  }
  getSetCookie(): string[] {
    return this.real.getSetCookie();
  }
  keys(): ReturnType<Headers['keys']> {
    return this.real.keys();
  }
  values(): ReturnType<Headers['values']> {
    return this.real.values();
  }
  entries(): ReturnType<Headers['entries']> {
    return this.real.entries();
  }
  forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    this.real.forEach((value, name) => each.call(self, value, name, this as unknown as Headers));
  }
  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.real.entries();
  }

  /** The real headers, made at the first call. */
  get real(): Headers {
    return (this.#real ??= new Headers(this.#parsed as Record<string, string>));
  }
  /** Those of the native request take their place: what is set on one is then set on the other. */
  set real(headers: Headers) {
    this.#real = headers;
  }
}
Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);

/** The native class, whatever stands in its place later. */
const Native = globalThis.Request;

/** UTF-8 as `Request.text()` reads it: without the byte order mark, and lenient. */
const decoder = new TextDecoder();

/** What a request needs of its socket. */
export interface Wire {
  readonly method: string;
  readonly url: string;
  /** Null where the method or the headers say that there is none. */
  readonly body: IncomingBody | null;
  /** Aborts when the client hangs up before it has the whole answer. */
  signal(): AbortSignal;
}

/** Members that need the native request. */
const GETTERS = [
  'cache',
  'credentials',
  'destination',
  'duplex',
  'integrity',
  'isHistoryNavigation',
  'isReloadNavigation',
  'keepalive',
  'mode',
  'redirect',
  'referrer',
  'referrerPolicy',
];

/** The request. */
export class LazyRequest {
  readonly #wire: Wire;
  readonly #headers: LazyHeaders;
  #native: Request | undefined;

  constructor(wire: Wire, headers: LazyHeaders) {
    this.#wire = wire;
    this.#headers = headers;
  }

  get method(): string {
    return this.#wire.method;
  }
  get url(): string {
    return this.#wire.url;
  }
  get headers(): Headers {
    return this.#headers as unknown as Headers;
  }
  get signal(): AbortSignal {
    return this.#native?.signal ?? this.#wire.signal();
  }
  get body(): Request['body'] {
    return this.#wire.body === null ? null : this.native().body;
  }
  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? this.#wire.body?.isCollected ?? false;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const { body } = this.#wire;
    if (body === null) return new Uint8Array();
    if (this.#native === undefined && !body.isCollected) return body.collect();
    return new Uint8Array(await this.native().arrayBuffer());
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes();
    return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  }
  async text(): Promise<string> {
    return decoder.decode(await this.bytes());
  }
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
  blob(): ReturnType<Request['blob']> {
    return this.native().blob();
  }
  formData(): ReturnType<Request['formData']> {
    return this.native().formData();
  }
  clone(): Request {
    return this.native().clone();
  }

  /** The native request, made at the first call; from then on it holds the body. */
  native(): Request {
    if (this.#native === undefined) {
      this.#native = this.#made();
      this.#headers.real = this.#native.headers;
    }
    return this.#native;
  }

  #made(): Request {
    const { method, url, body } = this.#wire;
    const init = { method, headers: this.#headers.real, signal: this.#wire.signal() };
    if (body === null) return new Native(url, init);
    if (!body.isCollected) return new Native(url, { ...init, body: body.stream(), duplex: 'half' } as RequestInit);
    const used = new Native(url, { ...init, body: '' });
    void used.text(); // has been read here already, so that it cannot be read there
    return used;
  }
}
for (const name of GETTERS) {
  Object.defineProperty(LazyRequest.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: LazyRequest): unknown {
      return Reflect.get(this.native(), name);
    },
  });
}
Object.setPrototypeOf(LazyRequest.prototype, Native.prototype);

const native = (input: unknown): unknown => (input instanceof LazyRequest ? input.native() : input);

/** What stands in place now; none before the first server. */
let own: Pick<typeof globalThis, 'Request' | 'Response' | 'fetch'> | undefined;

/**
 * Puts ours in place, once in a process, as `@hono/node-server` does: a handler that says `new Response(…)` then costs as much as one of `node:http`. They
 * do the same; only code that compares a class or a function by identity can tell. Other runtimes answer with native code that looks inside a `Response`:
 * they keep theirs.
 */
export function overrideGlobalObjects(): void {
  if (own !== undefined || process.versions['bun'] !== undefined || 'Deno' in globalThis) return;
  const before = globalThis.fetch;
  own = {
    Request: new Proxy(globalThis.Request, {
      construct: (target, [input, ...rest], newTarget) => Reflect.construct(target, [native(input), ...rest], newTarget) as Request,
    }),
    Response: LazyResponse as unknown as typeof Response,
    fetch: function fetch(input, init) {
      return before(native(input) as Request, init);
    },
  };
  for (const [name, value] of Object.entries(own))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: true });
}

/** Whether a lazy request may go to the application: not where another library has put its own in the place of ours. */
export function isOverridden(): boolean {
  return own !== undefined && globalThis.Request === own.Request && globalThis.fetch === own.fetch;
}
