/** What is sent to a site, and what of its answer is passed on. */
import { describe, expect, it } from 'vitest';
import { type AskInit, type Breaker, makeAsk } from '../../src/upstreams/ask.ts';
import { failureIn } from '../support/provider-trip.ts';

const SITE = 'https://idp.example/token';
const ask = (answer: () => Response | Promise<Response>, sent?: AskInit): Promise<Response> => makeAsk(async () => answer(), 5)(SITE, sent);

describe('upstreams/ask, what is sent', () => {
  it('is a GET without a body unless told otherwise, and follows no redirect', async () => {
    const calls: unknown[] = [];
    const sending = makeAsk(async (...all) => (calls.push(all), new Response('{}')), 5);
    await sending(SITE);
    await sending(SITE, { method: 'POST', headers: { a: 'b' }, body: 'x' });
    const common = { redirect: 'manual', signal: expect.any(AbortSignal) };
    expect(calls).toStrictEqual([
      [SITE, { method: 'GET', headers: {}, ...common }],
      [SITE, { method: 'POST', headers: { a: 'b' }, body: 'x', ...common }],
    ]);
  });

  it('goes through the breaker, where there is one', async () => {
    let runs = 0;
    const breaker = { run: async (work: () => Promise<Response>) => (runs++, work()) } as unknown as Breaker;
    expect((await makeAsk(async () => new Response('{}'), 5, breaker)(SITE)).status).toBe(200);
    expect(runs).toBe(1);
  });
});

describe('upstreams/ask, what is passed on', () => {
  it.each([200, 299, 300, 302, 400, 404, 428, 499])('is an answer with %i', async (status) => {
    const response = await ask(() => new Response('text', { status, headers: { location: '/x' } }));
    expect([response.status, await response.text(), response.headers.get('location')]).toEqual([status, 'text', '/x']);
  });

  it.each([204, 205, 304])('is an answer with %i, which has no body', async (status) => {
    const response = await ask(() => new Response(null, { status }));
    expect([response.status, response.body]).toEqual([status, null]);
  });

  it('is no redirect that a runtime hides', async () => {
    expect(await failureIn(ask(() => Response.error()))).toBe('broken status_0');
  });

  it.each([408, 425, 429, 500, 503, 599])('is an outage with %i', async (status) => {
    expect(await failureIn(ask(() => new Response('', { status })))).toBe(`unavailable status_${status}`);
  });

  it('contains no header about the original bytes', async () => {
    const headers = { 'content-length': '2', 'content-encoding': 'identity', 'transfer-encoding': 'chunked', 'x-own': '1' };
    const response = await ask(() => new Response('{}', { headers }));
    const names = Object.keys(headers);
    expect(names.map((name) => response.headers.get(name))).toEqual([null, null, null, '1']);
  });

  it('may begin with a byte order mark, which some servers put before JSON', async () => {
    const answer = await ask(() => new Response(`\ufeff{"a":"\ufeff"}`));
    expect(await answer.bytes()).toEqual(new TextEncoder().encode('{"a":"\ufeff"}'));
  });

  it('has at most 256 KiB, and is UTF-8 (SEC-142)', async () => {
    expect((await (await ask(() => new Response('x'.repeat(262_144)))).text()).length).toBe(262_144);
    expect(await failureIn(ask(() => new Response('x'.repeat(262_145))))).toBe('broken answer_too_large');
    expect(await failureIn(ask(() => new Response(new Uint8Array([0xff]))))).toBe('broken answer_malformed');
  });

  it.each([[' 7 ', 7], ['3600', 3600], ['3601', 3600], ['1', 1], ['1234567', undefined], ['7x', undefined], ['x7', undefined], ['', undefined]])('heeds Retry-After %j as %j', async (header, seconds) => {
    const outage = ask(() => new Response('', { status: 503, headers: { 'retry-after': header } }));
    await expect(outage).rejects.toMatchObject({ retryAfter: seconds });
  }); // prettier-ignore
});

describe('upstreams/ask, failures', () => {
  it('tells a network that fails from one that takes too long', async () => {
    expect(await failureIn(ask(() => Promise.reject(new TypeError('refused'))))).toBe('unavailable network');
    const late = makeAsk((_url, init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))), 0.02);
    expect(await failureIn(late(SITE))).toBe('unavailable deadline');
    expect(await failureIn(late(SITE))).toBe('unavailable deadline'); // the time of the step is over
  }); // prettier-ignore
});
