/**
 * A request body that arrives on a socket. Small bodies are collected straight from the socket; a `ReadableStream`, which
 * costs several times as much, is only created when it is requested. Either way at most `limit` bytes are read.
 */
import type { IncomingMessage } from 'node:http';

/** Why a body could not be read to its end. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly reason: 'too_large' | 'aborted';

  /** @param reason `too_large` is answered with 413; `aborted` with nothing, since the client is gone. */
  constructor(reason: 'too_large' | 'aborted') {
    super(
      reason === 'too_large'
        ? 'The request body is larger than this server accepts.'
        : 'The client hung up before its request was complete.',
    );
    this.reason = reason;
  }
}

/** A consumer of the bytes. */
interface Sink {
  chunk(bytes: Uint8Array<ArrayBuffer>): void;
  end(): void;
  fail(error: BodyError): void;
}

/** The body of one request. It is read once: collected, or as a stream. */
export class IncomingBody {
  readonly #message: IncomingMessage;
  readonly #limit: number;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #collected = false;
  #tooLarge = false;

  /** @param limit bytes; one more, and reading fails with a {@link BodyError}. */
  constructor(message: IncomingMessage, limit: number) {
    this.#message = message;
    this.#limit = limit;
  }

  /** True once more than the limit has arrived. */
  get tooLarge(): boolean {
    return this.#tooLarge;
  }

  /** True once {@link collect} was called. */
  get isCollected(): boolean {
    return this.#collected;
  }

  /** All bytes at once, without a stream. Only if the stream was never requested. */
  collect(): Promise<Uint8Array<ArrayBuffer>> {
    this.#collected = true;
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      this.#read({ chunk: (bytes) => chunks.push(bytes), end: () => resolve(joined(chunks)), fail: reject });
    });
  }

  /** The real stream, made at the first call. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return (this.#stream ??= this.#open());
  }

  /** Reads the socket no faster than the stream is read. */
  #open(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const message = this.#message;
    let open = true;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#read({
            chunk: (bytes) => {
              if (!open) return; // cancelled: what still comes is let go
              controller.enqueue(bytes);
              if ((controller.desiredSize ?? 0) <= 0) message.pause();
            },
            end: () => {
              if (open) controller.close();
            },
            fail: (error) => {
              if (open) controller.error(error);
            },
          });
          message.pause();
        },
        pull: () => {
          message.resume();
        },
        cancel: () => {
          open = false;
          message.pause(); // the rest is dealt with when the answer is out
        },
      },
      { highWaterMark: 0 },
    );
  }

  #read(sink: Sink): void {
    const message = this.#message;
    let size = 0;
    let open = true;
    const finish = (then: () => void): void => {
      if (!open) return;
      open = false;
      then();
    };
    const fail = (reason: 'too_large' | 'aborted') => (): void => finish(() => sink.fail(new BodyError(reason)));
    // If the client disconnected before the first read, 'close' was emitted already: the promise would never settle.
    if (message.destroyed) return queueMicrotask(fail('aborted'));
    message.on('data', (bytes: Buffer<ArrayBuffer>) => {
      if (!open) return;
      size += bytes.length;
      if (size <= this.#limit) return sink.chunk(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
      this.#tooLarge = true;
      message.pause();
      fail('too_large')();
    });
    message.once('end', () => finish(() => sink.end()));
    message.once('error', fail('aborted'));
    message.once('close', fail('aborted'));
  }
}
// `Request` takes a body for a stream by its prototype.
Object.setPrototypeOf(IncomingBody.prototype, ReadableStream.prototype);
function joined(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const all = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
