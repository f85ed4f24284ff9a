/**
 * Sends a request to an upstream, bounded in time and size. An upstream that is down, slow or sends too much gives one kind of error, which
 * contains nothing from its response.
 */
import { isDownStatus } from '../lib/host-down.ts';
import { readBody } from '../lib/http.ts';
import type { Seconds } from '../model/store.ts';
import type { Breaker } from './breaker.ts';
import { type Fetch, UpstreamError } from './contract.ts';

/** Maximum size of a response in bytes. Enough for a key set with some hundred keys. */
const MAX_BYTES = 262_144;

/** A request without its URL. */
export interface AskInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | string | undefined;
}

/** Sends a request; the body of the response has been read. @throws {UpstreamError} */
export type Ask = (url: string, sent?: AskInit) => Promise<Response>;

/** Makes the function for one step of a sign-in; all its requests share the timeout. */
export function makeAsk(fetcher: Fetch, timeout: Seconds, breaker?: Breaker): Ask {
  const signal = AbortSignal.timeout(timeout * 1000);
  const ask: Ask = async (url, { method = 'GET', headers: sent = {}, body } = {}) => {
    const init: RequestInit = { method, headers: { ...sent }, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) };
    const { status, headers, text } = await withTimeout(signal, () => sendAndRead(fetcher, url, init));
    if (status < 200) throw new UpstreamError('broken', `status_${status}`);
    return new Response([204, 205, 304].includes(status) ? null : text, { status, headers });
  };
  return breaker ? (url, sent) => breaker.run(() => ask(url, sent)) : ask;
}

/** Rejects at the timeout even if a custom `fetch` or a body ignores the signal. */
async function withTimeout<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  let stop: (() => void) | undefined;
  const timeoutError = new Promise<never>((_, reject) => {
    stop = () => reject(new UpstreamError('unavailable', 'deadline'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([timeoutError, step()]);
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    throw new UpstreamError('unavailable', signal.aborted ? 'deadline' : 'network'); // anything that `fetch` and a stream can throw
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

async function sendAndRead(fetcher: Fetch, url: string, init: RequestInit): Promise<{ status: number; headers: Headers; text: string }> {
  const { status, headers, body } = await fetcher(url, init);
  if (isDownStatus(status)) {
    void body?.cancel().catch(() => undefined); // a page of any size and charset
    throw new UpstreamError('unavailable', `status_${status}`, { retryAfter: retryAfterOf(headers) });
  }
  const read = await readBody(new Response(body), MAX_BYTES);
  if ('problem' in read) throw new UpstreamError('broken', `answer_${read.problem.replace('-', '_')}`);
  const plain = new Headers(headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) plain.delete(name); // the text is already decoded
  return { status, headers: plain, text: read.text };
}

function retryAfterOf(headers: Headers): Seconds | undefined {
  const seconds = /^\d{1,6}$/.exec(headers.get('retry-after') ?? '')?.[0];
  return seconds === undefined ? undefined : Math.min(3600, Math.max(1, Number(seconds)));
}
