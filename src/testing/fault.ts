/** Faults of fake providers, as with real ones. */

/** What is wrong with an endpoint: down, no response, a truncated response, an HTML page, too much data, or any given response. */
export type Fault =
  | 'down'
  | 'hangs'
  | 'cut'
  | 'html'
  | 'huge'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown };

/** Responds with a fault. */
export async function faulty(fault: Fault, signal: AbortSignal | null | undefined): Promise<Response> {
  const json = { 'content-type': 'application/json' };
  switch (fault) {
    case 'down':
      throw new TypeError('fetch failed');
    case 'hangs':
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))));
    case 'cut':
      return new Response(cutStream(), { headers: json });
    case 'html':
      return new Response('<!doctype html><title>Oops</title>', { headers: { 'content-type': 'text/html' } });
    case 'huge':
      return new Response(`{"pad":"${'x'.repeat(10_000_000)}"}`, { headers: json });
    default:
      return new Response(JSON.stringify(fault.body ?? {}), { status: fault.status, headers: { ...json, ...fault.headers } });
  }
}

function cutStream(): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(new TypeError('terminated'));
      sent = true;
      controller.enqueue(new TextEncoder().encode('{"access_to'));
    },
  });
}
