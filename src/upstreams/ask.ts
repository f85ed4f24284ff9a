/**
 * Ask: one request to a provider, bounded in time and size. What is down, slow, cut or too big comes out as one error;
 * nothing of the answer goes into it.
 */
import { readBody } from '../lib/http.ts';
import type { Seconds } from '../model/store.ts';
import type { Breaker } from './breaker.ts';
import { type Fetch, UpstreamError } from './contract.ts';

/** Bytes of an answer. A key set of some hundred keys fits. */
const MAX_BYTES = 262_144;

/** What is sent along. */
export interface AskInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | string | undefined;
}

/** Sends a request. The answer's body has been read when it comes. @throws {UpstreamError} */
export type Ask = (url: string, sent?: AskInit) => Promise<Response>;

/** Makes the verb for one step of a sign-in; all its requests share the time. */
export function makeAsk(fetcher: Fetch, timeout: Seconds, breaker?: Breaker): Ask {
  const signal = AbortSignal.timeout(timeout * 1000);
  const ask: Ask = async (url, { method = 'GET', headers: sent = {}, body } = {}) => {
    const init: RequestInit = { method, headers: { ...sent }, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) };
    const { status, headers, text } = await within(signal, () => whole(fetcher, url, init));
    if (status === 429 || status >= 500) throw new UpstreamError('unavailable', `status_${status}`, { retryAfter: retryAfterOf(headers) });
    if (status < 200 || status > 599) throw new UpstreamError('broken', `status_${status}`);
    return new Response([204, 205, 304].includes(status) ? null : text, { status, headers });
  };
  return breaker ? (url, sent) => breaker.run(() => ask(url, sent)) : ask;
}

/** A `fetch` or a body that does not heed the signal must not hold up the one who waits. */
async function within<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  let stop: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    stop = () => reject(new UpstreamError('unavailable', 'deadline'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([late, step()]);
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    throw new UpstreamError('unavailable', signal.aborted ? 'deadline' : 'network'); // all that `fetch` and a stream can fail with
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

async function whole(fetcher: Fetch, url: string, init: RequestInit): Promise<{ status: number; headers: Headers; text: string }> {
  const { status, headers, body } = await fetcher(url, init);
  const read = await readBody(new Response(body), MAX_BYTES);
  if ('problem' in read) throw new UpstreamError('broken', `answer_${read.problem.replace('-', '_')}`);
  const kept = new Headers(headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) kept.delete(name); // the text is plain by now
  return { status, headers: kept, text: read.text };
}

function retryAfterOf(headers: Headers): Seconds | undefined {
  const seconds = /^\d{1,6}$/.exec(headers.get('retry-after')?.trim() ?? '')?.[0];
  return seconds === undefined ? undefined : Math.min(3600, Math.max(1, Number(seconds)));
}
