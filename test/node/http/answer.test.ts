import { connect } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { guard } from '../../../src/guard/guard.ts';
import type { Context } from '../../../src/model/context.ts';
import { errors, ok, gate, start, stopAfterEach, type Fetch } from '../../support/node-server.ts';
import { exchange, heard, open } from '../../support/raw.ts';

stopAfterEach();

describe('node/answer, the context of a request', () => {
  it('has nothing but what Workers have, address, and what a guard puts there', async () => {
    const check = guard({
      resource: 'http://localhost/mcp',
      authorizationServers: ['https://as.example'],
      tokenOf: () => 'secret',
      verify: (_token, resource) => ({ userId: 'u', clientId: 'c', grantId: 'g', scope: [], resource, expiresAt: 9e9, props: {} }),
    });
    const names = (_request: Request, _env: unknown, ctx: Context): Response => {
      const members = Object.getOwnPropertyNames(Object.getPrototypeOf(ctx)).filter((name) => name !== 'constructor');
      expect(inspect(ctx, { showHidden: true, depth: 9 })).not.toContain('secret');
      return Response.json([...Object.keys(ctx), ...members].toSorted());
    };
    const plain = await start(names);
    expect(await (await fetch(plain.url)).json()).toEqual(['address', 'passThroughOnException', 'waitUntil']);
    const guarded = await start(check.protect(names) as Fetch);
    expect(await (await fetch(guarded.url)).json(), String(errors)).toEqual([
      'address',
      'auth',
      'passThroughOnException',
      'props',
      'waitUntil',
    ]);
  });
});

describe('node/answer, limits', () => {
  const reading: Fetch = async (request) => new Response(String((await request.arrayBuffer()).byteLength));
  const streaming: Fetch = async (request) => {
    let size = 0;
    for await (const bytes of request.body ?? []) size += bytes.length;
    return new Response(String(size));
  };

  it('answers 413 before the application when the length says too much (SEC-171)', async () => {
    let called = 0;
    const { url } = await start(() => new Response(String((called += 1))), { bodyLimit: 10 });
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(10) })).status).toBe(200);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
    expect(called).toBe(1);
  });

  it('answers 413 if a chunked body exceeds the limit, for every way to read it, and disconnects if it never ends (SEC-171)', async () => {
    for (const fetch of [
      reading,
      streaming,
      async (request: Request) => Promise.resolve(streaming(request, null, null as never)).catch(() => new Response('mine')),
    ]) {
      for (const light of [false, true]) {
        const { port } = await start(fetch, { bodyLimit: 100_000 }, light);
        const socket = await open(port);
        const answer = heard(socket);
        socket.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n');
        const chunk = `2000\r\n${'x'.repeat(0x2000)}\r\n`;
        let sent = 0;
        while (!socket.closed && !socket.destroyed && sent < 50_000_000) {
          sent += 0x2000;
          if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
        }
        expect(await answer).toMatch(/^HTTP\/1.1 413 /);
        expect(sent).toBeLessThan(20_000_000);
      }
    }
    expect(errors).toEqual([]);
  });

  it('keeps the connection usable after an answer that did not read a small body', async () => {
    const { port } = await start(ok);
    const post = `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello`;
    const text = await exchange(port, post + post + 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(3);
  });

  it('answers slow headers and slow bodies with 408 (SEC-171)', async () => {
    const { port } = await start(reading, { headerTimeout: 1, requestTimeout: 1 });
    const [slowHead, slowBody] = await Promise.all([
      exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\nX-Slow: '),
      exchange(port, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx'),
    ]);
    expect(slowHead).toMatch(/^HTTP\/1.1 408 /);
    expect(slowBody).toMatch(/^HTTP\/1.1 408 /);
    expect(errors).toEqual([]);
  });

  it('answers 32 KB of headers with 431, and takes a usual amount (SEC-171)', async () => {
    const { port } = await start(ok);
    const asking = (bytes: number): string => `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(bytes)}\r\nConnection: close\r\n\r\n`;
    expect(await exchange(port, asking(32_768))).toMatch(/^HTTP\/1.1 431 /);
    expect(await exchange(port, asking(1000))).toMatch(/^HTTP\/1.1 200 /);
  });

  it('refuses ambiguous framing (SEC-179)', async () => {
    const { port } = await start(reading);
    for (const headers of [
      'Content-Length: 3\r\nContent-Length: 4',
      'Content-Length: 3\r\nTransfer-Encoding: chunked',
      'Content-Length: 3, 3',
      'Content-Length: -1',
      'Transfer-Encoding: chunked, identity',
      'Content-Length : 3',
    ]) {
      const text = await exchange(port, `POST / HTTP/1.1\r\nHost: h\r\n${headers}\r\nConnection: close\r\n\r\nabcd`);
      expect(text, headers).toMatch(/^HTTP\/1.1 400 /);
    }
  });

  it('does not let Connection take the Authorization header away (SEC-179)', async () => {
    const { port } = await start((request) => new Response(request.headers.get('authorization')));
    const text = await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\nConnection: close, authorization\r\n\r\n');
    expect(text).toMatch(/Bearer x$/);
  });

  it('tells the one too many to come back, and takes the next when there is room again (FLT-18)', async () => {
    const opened = gate<void>();
    const full = gate<void>();
    let inside = 0;
    const { url } = await start(
      async () => {
        if ((inside += 1) === 2) full.resolve();
        await opened.promise;
        return new Response('ok');
      },
      { maxRequests: 2 },
    );
    const waiting = [fetch(url), fetch(url)];
    await full.promise;
    const busy = await fetch(url);
    expect(busy.status).toBe(503);
    expect(busy.headers.get('retry-after')).toBe('1');
    opened.resolve();
    expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200]);
    expect((await fetch(url)).status).toBe(200);
  });

  it('frees the place of a caller that disconnected before the body was read (FLT-27)', async () => {
    const entered = gate<void>();
    const left = gate<void>();
    const told = gate<unknown>();
    const { url, port } = await start(
      async (request) => {
        if (request.method === 'GET') return new Response('ok');
        request.signal.addEventListener('abort', () => left.resolve());
        entered.resolve();
        await left.promise;
        await new Promise(setImmediate); // by now the connection's last event is long gone
        told.resolve(await request.text().catch((error: unknown) => error));
        return new Response('too late');
      },
      { maxRequests: 1 },
    );
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 100\r\n\r\nabc`);
    await entered.promise;
    socket.destroy();
    expect(await told.promise).toBeInstanceOf(Error);
    expect((await fetch(url)).status).toBe(200);
  });

  it('does not count an open stream as work', async () => {
    const { url } = await start(() => new Response(new ReadableStream()), { maxRequests: 1 });
    const one = await fetch(url);
    const two = await fetch(url);
    expect([one.status, two.status]).toEqual([200, 200]);
    await Promise.all([one.body?.cancel(), two.body?.cancel()]);
  });
});
