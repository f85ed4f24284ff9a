/**
 * From a `Response` to Node's `ServerResponse`. An answer that is complete within a few microtasks goes out in one piece with its
 * length; everything else is streamed, no faster than the client reads and no longer than it listens.
 */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { LazyResponse } from './lazy-response.ts';

/** Belong to one connection (RFC 9110 §7.6.1): Node sets its own, a proxied answer's must not leak through. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

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
