import { describe, expect, it } from 'vitest';
import { LazyResponse } from '../../../src/node/http/response.ts';
import { errors, gate, start, stopAfterEach, type Fetch } from '../../support/node-server.ts';
import { exchange, heard, open } from '../../support/raw.ts';

stopAfterEach();

describe('node/response, answers', () => {
  const whole = async (fetch: Fetch, head = 'GET / HTTP/1.1'): Promise<string> =>
    exchange((await start(fetch)).port, `${head}\r\nHost: h\r\nConnection: close\r\n\r\n`);

  it('sends the length of a known body, of our own and of any other Response', async () => {
    for (const body of ['ok', 'ü', '']) {
      const length = Buffer.byteLength(body);
      for (const answer of [new Response(body), new Response(Buffer.from(body))]) {
        const text = await whole(() => answer);
        expect(text).toMatch(new RegExp(`^HTTP/1.1 200 OK\r\n[^]*content-length: ${length}\r\n`));
        expect(text).not.toMatch(/transfer-encoding/i);
        expect(Buffer.from(text.split('\r\n\r\n')[1] ?? '', 'latin1').toString()).toBe(body);
      }
    }
    expect(await whole(() => new Response(null))).toContain('content-length: 0\r\n');
    expect(await whole(() => new Response('ok', { headers: { 'content-length': '77' } }))).toContain('content-length: 2\r\n');
  });

  it('sends no body after HEAD, 204 and 304, and cancels what there was', async () => {
    const cancelled: string[] = [];
    const stream = (name: string): ReadableStream => new ReadableStream({ cancel: () => void cancelled.push(name) });
    const head = await whole(() => new Response('secret', { headers: { 'content-length': '6' } }), 'HEAD / HTTP/1.1');
    expect(head).toMatch(/content-length: 6\r\n[^]*\r\n\r\n$/);
    const known = (): Response => new LazyResponse('secret') as unknown as Response;
    expect(await whole(known, 'HEAD / HTTP/1.1')).toMatch(/content-length: 6\r\n[^]*\r\n\r\n$/);
    expect(await whole(() => new Response(stream('HEAD')), 'HEAD / HTTP/1.1')).toMatch(/^HTTP\/1.1 200 [^]*\r\n\r\n$/);
    expect(cancelled).toEqual(['HEAD']);
    for (const status of [204, 304]) {
      const text = await whole(() => new Response(null, { status, headers: { 'content-length': '5' } }));
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\r\n\r\n$`));
      if (status === 204) expect(text).not.toMatch(/content-length/i);
    }
  });

  it('keeps several Set-Cookie headers apart, and drops what belongs to one connection', async () => {
    const fetch = (): Response => {
      const answer = new Response('ok', {
        statusText: 'Fine',
        headers: { connection: 'x-a', 'keep-alive': '1', 'transfer-encoding': 'gzip' },
      });
      answer.headers.append('set-cookie', 'a=1; Path=/');
      answer.headers.append('set-cookie', 'b=2, c');
      return answer;
    };
    const text = await whole(fetch);
    expect(text).toMatch(/^HTTP\/1.1 200 Fine\r\n/);
    expect(text).toContain('set-cookie: a=1; Path=/\r\nset-cookie: b=2, c\r\n');
    expect(text).not.toMatch(/x-a|keep-alive: 1|transfer-encoding/);
  });

  it('never splits an answer: a header value with a line break is a 500 (SEC-166)', async () => {
    for (const value of ['a\r\nX-Evil: 1', 'a\nX-Evil: 1', 'a\0b', 'snow ☃']) {
      for (const make of [
        () => new Response('ok', { headers: { location: value } }),
        () => new Response('ok', { headers: { location: value } }),
      ]) {
        const text = await whole(make);
        expect(text).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/);
        expect(text).not.toMatch(/Evil|snow/);
      }
    }
    expect(errors).toHaveLength(8);
  });

  it('answers an error with a bland 500 and an id, and tells the operator the rest (SEC-177)', async () => {
    const seen: unknown[] = [];
    const onError = (...all: unknown[]): void => void seen.push(...all);
    const { url } = await start(
      (request) => {
        if (request.url.endsWith('odd')) return undefined as unknown as Response;
        if (request.url.endsWith('zero')) return Response.error();
        throw new Error('secret SQL at /home/x');
      },
      { onError },
    );
    const answer = await fetch(`${url}/path?code=secret`, { headers: { authorization: 'Bearer secret' } });
    expect(answer.status).toBe(500);
    const body = (await answer.json()) as { request_id: string };
    expect(body).toEqual({ error: 'server_error', error_description: expect.any(String), request_id: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(seen).toEqual([
      expect.objectContaining({ message: 'secret SQL at /home/x' }),
      { id: body.request_id, method: 'GET', path: '/path' },
    ]);
    expect((await fetch(`${url}/odd`)).status).toBe(500);
    expect((await fetch(`${url}/zero`)).status).toBe(500);
  });

  it('does not let a wrong length shift the next answer', async () => {
    const stream = (text: string): ReadableStream =>
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setImmediate(resolve));
          controller.enqueue(Buffer.from(text));
          controller.close();
        },
      });
    for (const length of ['2', '9']) {
      const { port } = await start(() => new Response(stream('HTTP!'), { headers: { 'content-length': length } }));
      const text = await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n');
      expect(text.match(/HTTP\/1.1/g)).toHaveLength(1); // the connection ends where the framing broke
    }
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH' });
    expect(errors.length).toBeGreaterThan(1);
  });
});

describe('node/response, streams', () => {
  it('sends each event at once, and the head before the first', async () => {
    const events = gate<ReadableStreamDefaultController<Uint8Array>>();
    const { url } = await start(() => new Response(new ReadableStream({ start: (controller) => events.resolve(controller) })));
    const answer = await fetch(url);
    const reader = answer.body?.getReader();
    const stream = await events.promise;
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      stream.enqueue(Buffer.from(text));
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(text);
    }
    stream.close();
    expect((await reader?.read())?.done).toBe(true);
  });

  it('reads only as much of the body as a slow client takes', async () => {
    let given = 0;
    const { port } = await start(
      () =>
        new Response(
          new ReadableStream(
            {
              pull(controller) {
                given += 65_536;
                controller.enqueue(new Uint8Array(65_536));
              },
            },
            { highWaterMark: 0 },
          ),
        ),
    );
    const socket = await open(port);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    let before = -1;
    while (before !== given || given === 0) {
      before = given;
      await new Promise((resolve) => setTimeout(resolve, 100)); // until nothing moves: the kernel's buffers are full
    }
    expect(given).toBeLessThan(32 * 1024 * 1024);
    socket.destroy();
  });

  it('cancels the body when the client hangs up in the middle (FLT-27)', async () => {
    const cancelled = gate<unknown>();
    const { port } = await start(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(Buffer.from('first')),
            cancel: (reason) => cancelled.resolve(reason),
          }),
        ),
    );
    const socket = await open(port);
    const answer = heard(socket, /first/);
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await answer;
    socket.destroy();
    expect(await cancelled.promise).toMatchObject({ message: 'The client hung up.' });
    expect(errors).toEqual([]);
  });

  it('cuts the connection when a stream fails after the headers, so that no client takes the part for the whole', async () => {
    const { port } = await start(
      () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await new Promise((resolve) => setImmediate(resolve));
              controller.enqueue(Buffer.from('part'));
              await new Promise((resolve) => setImmediate(resolve));
              controller.error(new Error('broken'));
            },
          }),
        ),
    );
    const text = await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(text).toContain('part');
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(errors).toMatchObject([{ message: 'broken' }]);
  });

  it('passes a body through without holding it', async () => {
    const { url } = await start((request) => new Response(request.body), { bodyLimit: 64 * 1024 * 1024 });
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    expect(Buffer.from(await (await fetch(url, { method: 'POST', body })).arrayBuffer()).equals(body)).toBe(true);
  });
});
