/**
 * A real `Request` over a socket, so that `new Request(request)`, `fetch(request)` and `clone()` work, with two things made only on
 * demand: the body's stream and the abort signal. (A copy made with `new Request` or `clone` does not hear of a client that
 * hangs up; `request.signal` does.)
 */
import type { IncomingBody, Stream } from './body.ts';

/** What a request needs of its socket. */
export interface Wire {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** Null where the method or the headers say that there is none. */
  readonly body: IncomingBody | null;
  /** Aborts when the client hangs up before it has the whole answer. */
  signal(): AbortSignal;
}

/** `Request` with accessors and methods, as it is; the type library has fields, which a subclass cannot override. */
declare class Accessors {
  constructor(url: string, init: object);
  get body(): Stream | null;
  get signal(): AbortSignal;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  json(): Promise<unknown>;
  text(): Promise<string>;
}
const Base = Request as unknown as typeof Accessors;

/** UTF-8 as `Request.text()` reads it: without the byte order mark, and lenient. */
const decoder = new TextDecoder();

/** A real request whose body and signal belong to a socket. */
export class NodeRequest extends Base {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    const { method, headers, body } = wire;
    super(wire.url, body === null ? { method, headers } : { method, headers, body, duplex: 'half' });
    this.#wire = wire;
  }

  override get signal(): AbortSignal {
    return this.#wire.signal();
  }

  override get body(): Stream | null {
    const body: unknown = super.body;
    return body === null || body !== this.#wire.body ? (body as Stream | null) : this.#wire.body.stream();
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    // Once anybody has touched the stream, the standard's own way decides what is still there.
    const { body } = this.#wire;
    return body?.untouched ? body.collect() : new Uint8Array(await super.arrayBuffer());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return bufferOf(await this.bytes());
  }

  override async text(): Promise<string> {
    return decoder.decode(await this.bytes());
  }

  override async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

/** A buffer of just these bytes. */
export function bufferOf(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
