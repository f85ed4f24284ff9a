/**
 * A request from a socket. It acts as a `Request` and costs next to nothing while only its method, URL, headers, signal and whole body
 * are read; everything else creates the native one. Only native code looks behind it: `new Request(request)` and `fetch(request)`, which is
 * why `./globals` puts ours in their place.
 */
import type { IncomingBody } from './body.ts';
import { LazyHeaders } from './lazy-headers.ts';

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
    return this.#native?.headers ?? (this.#headers as unknown as Headers);
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
    return (this.#native ??= this.#made());
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
