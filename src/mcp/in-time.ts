/**
 * In time: an answer that takes long begins as a stream after a few seconds, so that no proxy between gives up on it, and says from then on that
 * it lives. The answer itself follows as the last message of the stream. For every line of the protocol: where the SDK opens a stream by itself, it
 * goes on as it is.
 */
import { utf8 } from '../lib/bytes.ts';
import type { Id } from './message.ts';

/** When a stream is opened for an answer that has not come. */
const PATIENCE_MS = 5000;
/** How often a stream says that it lives. */
export const ALIVE_MS = 15_000;

/** A request of a client, and what stands around its answer. */
export interface Waiting {
  /** Of the request; null where there are several. */
  readonly id: Id | null;
  /** Headers of the stream, as of a session that begins. */
  readonly headers?: { readonly [name: string]: string };
  /** Told when the client goes away before the answer has come. */
  readonly gone: () => void;
}

/** The answer, or in its place a stream that it follows on. @param answer must not reject. */
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

/** An answer that is no stream, as a message of one: its status is lost, and what it says is not. */
async function messageOf(response: Response, id: Id | null): Promise<string> {
  const text = await response.text();
  if (text === '') return '';
  const said = JSON.parse(text) as { readonly id?: Id | null }; // all that the SDK and we answer is JSON-RPC
  const message = Array.isArray(said) ? said : { ...said, id: said.id ?? id };
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
