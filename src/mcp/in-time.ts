/**
 * In time: turns a slow response into a stream after a few seconds, and sends keep-alives from then on, so that no proxy closes the connection.
 * The response itself follows as the last message of the stream. For every version of the protocol; a stream that the SDK opens by itself is
 * left as it is.
 */
import { utf8 } from '../lib/bytes.ts';
import type { Id } from './message.ts';

/** How long to wait for a response before a stream is opened. */
const PATIENCE_MS = 5000;
/** Interval of the keep-alives. */
export const ALIVE_MS = 15_000;

/** A request of a client, and the context of its response. */
export interface Waiting {
  /** The id of the request; null if there are several. */
  readonly id: Id | null;
  /** Headers of the stream, such as those of a session that starts. */
  readonly headers?: { readonly [name: string]: string };
  /** Called when the client disconnects before the response is there. */
  readonly gone: () => void;
}

/** The response, or a stream that it follows on. @param answer must not reject. */
export async function inTime(answer: Promise<Response>, waiting: Waiting): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((done) => (timer = setTimeout(() => done(null), PATIENCE_MS)));
  const first = await Promise.race([answer, late]);
  clearTimeout(timer);
  return first ?? streamOf(answer, waiting);
}

function streamOf(answer: Promise<Response>, { id, headers = {}, gone }: Waiting): Response {
  let alive: ReturnType<typeof setInterval> | undefined;
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  let isGone = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const say = (): void => controller.enqueue(utf8(': still here\n\n'));
      say();
      alive = setInterval(say, ALIVE_MS);
    },
    async pull(controller) {
      if (reader === null) {
        const response = await answer;
        clearInterval(alive);
        if (isGone) return void response.body?.cancel().catch(() => undefined);
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
        reader = isStream && response.body ? response.body.getReader() : null;
        if (reader === null) {
          controller.enqueue(utf8(await messageOf(response, id)));
          return controller.close();
        }
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      isGone = true;
      clearInterval(alive);
      gone();
      await reader?.cancel();
    },
  });
  const about = { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };
  return new Response(body, { headers: { ...about, ...headers } });
}

/** A response that is not a stream, as a message of one: its status is lost, its body is not. */
async function messageOf(response: Response, id: Id | null): Promise<string> {
  const text = await response.text();
  if (text === '') return '';
  const said = JSON.parse(text) as { readonly id?: Id | null }; // the SDK and this package answer with JSON-RPC only
  const message = Array.isArray(said) ? said : { ...said, id: said.id ?? id };
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
