/**
 * A request that passes for a `Request` and costs next to nothing while only its method, its URL, single headers and its whole body
 * are read. Everything else makes the real one. What cannot work is `new Request(light)` and `fetch(light)`, which look
 * inside: hence it is handed only to code that asks `genuine()` of it before a stranger gets it (`lib/native-request`).
 */
import { LazyHeaders } from './lazy-headers.ts';
import { bufferOf, NodeRequest, type Wire } from './node-request.ts';

const decoder = new TextDecoder();

/** Members that need the real request: it answers for them. */
const FORWARDED = [
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

/** The light request. */
export class LazyRequest {
  readonly #wire: Omit<Wire, 'headers'>;
  readonly #headers: LazyHeaders;
  #genuine: NodeRequest | undefined;

  constructor(wire: Omit<Wire, 'headers'>, headers: LazyHeaders) {
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
    return (this.#genuine as unknown as Request | undefined)?.headers ?? (this.#headers as unknown as Headers);
  }
  get signal(): AbortSignal {
    return this.#wire.signal();
  }
  get body(): Request['body'] {
    return this.#wire.body === null ? null : this.genuine().body;
  }
  get bodyUsed(): boolean {
    return this.#genuine === undefined ? (this.#wire.body?.locked ?? false) : this.genuine().bodyUsed;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const { body } = this.#wire;
    if (body === null) return new Uint8Array();
    return body.untouched && this.#genuine === undefined ? body.collect() : ((await this.genuine().bytes()) as Uint8Array<ArrayBuffer>);
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return bufferOf(await this.bytes());
  }
  async text(): Promise<string> {
    return decoder.decode(await this.bytes());
  }
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
  blob(): ReturnType<Request['blob']> {
    return this.genuine().blob();
  }
  formData(): ReturnType<Request['formData']> {
    return this.genuine().formData();
  }
  clone(): Request {
    return this.genuine().clone();
  }

  /** The real request, made at the first call; both share one body. */
  genuine(): Request {
    this.#genuine ??= new NodeRequest({ ...this.#wire, headers: this.#headers.real });
    return this.#genuine as unknown as Request;
  }
}
for (const name of FORWARDED) {
  Object.defineProperty(LazyRequest.prototype, name, {
    configurable: true,
    get(this: LazyRequest): unknown {
      return (this.genuine() as unknown as { [name: string]: unknown })[name];
    },
  });
}
Object.setPrototypeOf(LazyRequest.prototype, Request.prototype);
