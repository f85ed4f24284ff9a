/** What is read from an authorization server: one JSON object, bounded in size and time, from the very address. */
import { describe, expect, it } from 'vitest';
import { fetchJson } from '../../src/verifiers/discovery.ts';

const URL_OF_KEYS = 'https://as.example/keys';
const read = (answer: () => Response | Promise<Response>, none?: readonly number[]): Promise<unknown> =>
  fetchJson(async () => answer(), URL_OF_KEYS, 'keys', {}, none);

describe('verifiers/discovery, JSON', () => {
  it('asks for JSON, with what it was told to send, and follows no redirect', async () => {
    const calls: [unknown, RequestInit | undefined][] = [];
    const fetcher: typeof fetch = async (input, init) => (calls.push([input, init]), Response.json({ a: 1 }));
    expect(await fetchJson(fetcher, URL_OF_KEYS, 'keys', { method: 'POST', body: 'x', headers: { authorization: 'Basic x' } })).toEqual({ a: 1 });
    expect(await fetchJson(fetcher, URL_OF_KEYS, 'keys')).toEqual({ a: 1 });
    const common = { redirect: 'manual', signal: expect.any(AbortSignal) };
    expect(calls).toEqual([
      [URL_OF_KEYS, { method: 'POST', body: 'x', headers: { accept: 'application/json', authorization: 'Basic x' }, ...common }],
      [URL_OF_KEYS, { headers: { accept: 'application/json' }, ...common }],
    ]);
  }); // prettier-ignore

  it('reads nothing where a status says that there is nothing', async () => {
    expect(await read(() => new Response('', { status: 404 }))).toBeNull();
    expect(await read(() => Response.json({}, { status: 400 }), [400])).toBeNull();
    await expect(read(() => new Response('', { status: 404 }), [400])).rejects.toThrow('(keys_status_404)');
  });

  it.each([
    ['another status', () => Response.json({}, { status: 201 }), 'keys_status_201'],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } }), 'keys_status_302'],
    ['a text', () => Response.json('keys'), 'keys_malformed'],
    ['null', () => Response.json(null), 'keys_malformed'],
    ['a list', () => Response.json([]), 'keys_malformed'],
    ['no JSON', () => new Response('<html>'), 'keys_malformed'],
    ['no UTF-8', () => new Response(new Uint8Array([0x22, 0xff, 0x22])), 'keys_malformed'],
    ['a member twice', () => new Response('{"a":1,"a":2}'), 'keys_malformed'],
    ['no body', () => new Response(null), 'keys_malformed'],
    ['thirteen levels', () => new Response(`${'{"a":'.repeat(12)}{}${'}'.repeat(12)}`), 'keys_malformed'],
  ])('refuses %s', async (_, answer, step) => {
    await expect(read(answer)).rejects.toMatchObject({ name: 'SourceUnavailable', message: expect.stringContaining(`(${step})`) });
  });

  it('takes twelve levels, and 262,144 bytes', async () => {
    expect(await read(() => new Response(`${'{"a":'.repeat(11)}{}${'}'.repeat(11)}`))).toHaveProperty('a');
    const padded = (size: number): string => `{"a":"${'x'.repeat(size - 8)}"}`;
    expect(await read(() => new Response(padded(262_144)))).toHaveProperty('a');
    await expect(read(() => new Response(padded(262_145)))).rejects.toThrow('(keys_malformed)');
  });

  it('skips a byte order mark before the object', async () => {
    expect(await read(() => new Response('\ufeff{"a":1}'))).toEqual({ a: 1 });
  });

  it('stops reading at the limit, with any Content-Length: a decoded body may be longer', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => (sent++, controller.enqueue(new Uint8Array(65_536))),
    });
    await expect(read(() => new Response(endless, { headers: { 'content-length': '10' } }))).rejects.toThrow('(keys_malformed)');
    expect(sent).toBeLessThan(10);
  });

  it('says what went wrong where nothing answers', async () => {
    const cause = new TypeError('refused');
    await expect(read(() => Promise.reject(cause))).rejects.toMatchObject({ message: expect.stringContaining('(keys)'), cause });
  });
});
