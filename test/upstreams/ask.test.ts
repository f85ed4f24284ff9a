import { describe, expect, it, vi } from 'vitest';
import { makeAsk } from '../../src/upstreams/ask.ts';
import type { Fetch } from '../../src/upstreams/contract.ts';
import { UpstreamError } from '../../src/upstreams/contract.ts';
import { signalThatCounts } from '../support/counting-signal.ts';
import { failureIn } from '../support/provider-trip.ts';

const ask = (fetcher: Fetch, timeout = 0.05): Promise<Response> => makeAsk(fetcher, timeout)('https://idp.example/token');
const endless = (): ReadableStream => new ReadableStream({ pull: () => new Promise(() => undefined) });

describe('upstreams/ask', () => {
  it.each([
    ['a fetch that never answers and heeds no signal', () => new Promise<Response>(() => undefined)],
    ['a body that never ends', async () => new Response(endless())],
  ])('FLT-17 waits for %s no longer than it was told', async (_what, fetcher) => {
    expect(await failureIn(ask(fetcher))).toBe('unavailable deadline');
  });

  it('shares one deadline among all requests of a step', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    const several = makeAsk(async () => new Response(endless()), 0.05);
    for (let round = 0; round < 5; round += 1) expect(await failureIn(several('https://idp.example/a'))).toBe('unavailable deadline');
    expect(timeout.mock.calls).toEqual([[50]]);
    timeout.mockRestore();
  });

  it('leaves no listener on the signal that all requests of a step share', async () => {
    const { signal, listeners } = signalThatCounts();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(signal);
    const during: number[] = [];
    const several = makeAsk(async (url) => {
      during.push(listeners());
      return url.endsWith('down') ? Promise.reject(new Error('down')) : new Response('{}');
    }, 5);
    timeout.mockRestore();
    await several('https://idp.example/a');
    expect(await failureIn(several('https://idp.example/down'))).toBe('unavailable network');
    expect([...during, listeners()]).toEqual([1, 1, 0]);
  });

  it.each([
    ['30', 30], ['0', 1], ['999999', 3600], ['Wed, 21 Oct 2026 07:28:00 GMT', undefined], ['-1', undefined], ['1e9', undefined], [null, undefined],
  ])('FLT-17 heeds Retry-After %j as %j seconds', async (header, seconds) => {
    const headers = new Headers(header === null ? {} : { 'retry-after': header });
    const error = await ask(async () => new Response(null, { status: 429, headers }), 5).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UpstreamError);
    expect((error as UpstreamError).retryAfter).toBe(seconds);
  }); // prettier-ignore

  it.each([
    ['Wed, 21 Oct 2026 07:29:30 GMT', 90], ['Wed, 21 Oct 2026 07:28:00 GMT', 1], ['Wed, 21 Oct 2026 17:28:00 GMT', 3600],
    ['Wed, 21 Oct 2026 07:27:00 GMT', undefined], ['soon GMT', undefined], ['2026-10-21T07:29:30Z', undefined],
  ])('FLT-17 heeds the date %s by the clock of the site', async (date, seconds) => {
    const headers = { 'retry-after': date, date: 'Wed, 21 Oct 2026 07:28:00 GMT' };
    const error = await ask(async () => new Response(null, { status: 503, headers }), 5).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'status_503', retryAfter: seconds });
  }); // prettier-ignore

  it('follows no redirect, and passes a small answer on as it is', async () => {
    const seen: (RequestInit | undefined)[] = [];
    const response = await ask(
      async (_url, init) => (seen.push(init), new Response('{"a":1}', { headers: { 'content-type': 'application/json' } })),
      5,
    );
    expect([response.status, await response.text(), seen[0]?.redirect]).toEqual([200, '{"a":1}', 'manual']);
    expect((await ask(async () => new Response(null, { status: 204 }), 5)).status).toBe(204);
  });

  it('SEC-142 stops reading at a quarter of a megabyte', async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    expect(await failureIn(ask(async () => new Response(body), 5))).toBe('broken answer_too_large');
    expect(pulled).toBeLessThan(10);
  });
});
