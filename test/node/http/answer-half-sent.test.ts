import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { errors, gate, start, stopAfterEach, type Fetch } from '../../support/node-server.ts';
import { exchange, heard, open } from '../../support/raw.ts';

stopAfterEach();

const HALF = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf';
const WHOLE = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhonest one';
const reading: Fetch = async (request) => new Response(await request.text());

/** Opens so many connections that send half a request. */
async function halfSend(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at++) {
    const socket = await open(port);
    socket.write(HALF);
    sockets.push(socket);
  }
  return sockets;
}

describe('node/http/answer, half-sent requests', () => {
  it.each([false, true])(
    'serves all callers while a thousand requests are half-sent, also from the same address (F-20, light: %s)',
    async (light) => {
      const { port, url } = await start(reading, {}, light);
      const sockets = await halfSend(port, 1000);
      expect((await fetch(url)).status).toBe(200);
      for (let tries = 0; tries < 20; tries++) expect(await exchange(port, WHOLE)).toMatch(/^HTTP\/1.1 200 [^]*honest one$/);
      for (const socket of sockets) socket.destroy();
      expect(errors).toEqual([]);
    },
  );

  it('takes no slot for a request before its body arrives (F-20)', async () => {
    const opened = gate<void>();
    let inside = 0;
    const { port, url } = await start(
      async (request) => {
        const text = await request.text();
        if (text === '') return new Response('ok');
        inside += 1;
        await opened.promise;
        return new Response(text);
      },
      { maxRequests: 2 },
    );
    const [one, two] = (await halfSend(port, 2)) as [Socket, Socket];
    expect((await fetch(url)).status).toBe(200);
    const answers = [heard(one, /halffinish/), heard(two, /halffinish/)];
    for (const socket of [one, two]) socket.write('finish');
    await vi.waitFor(() => expect(inside).toBe(2), { timeout: 120_000 });
    expect((await fetch(url)).status).toBe(503);
    opened.resolve();
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect((await fetch(url)).status).toBe(200);
    for (const socket of [one, two]) socket.destroy();
  });

  it('answers 408 to the one that has waited longest, where one address sends half of too many (F-20)', async () => {
    const { port } = await start(reading);
    const [first, ...others] = await halfSend(port, 128);
    const answer = heard(first as Socket);
    const [last] = await halfSend(port, 1);
    expect(await answer).toMatch(/^HTTP\/1.1 408 [^]*did not come in time/);
    const rest = others.map((socket) => heard(socket, /halffinish/));
    for (const socket of [...others, last as Socket]) socket.write('finish');
    for (const one of await Promise.all(rest)) expect(one).toMatch(/^HTTP\/1.1 200 /);
    expect(errors).toEqual([]);
    for (const socket of [...others, last as Socket]) socket.destroy();
  });

  it('counts by the address that a trusted proxy names (F-20)', async () => {
    const { port } = await start(reading, { trustProxy: 1 });
    const from = (address: string): string => HALF.replace('Host: h', `Host: h\r\nX-Forwarded-For: ${address}`);
    const attackers: Socket[] = [];
    const honest = await open(port);
    honest.write(from('192.0.2.7'));
    for (let at = 0; at < 300; at++) {
      const socket = await open(port);
      socket.write(from('192.0.2.66'));
      attackers.push(socket);
    }
    const answer = heard(honest, /halffinish/);
    honest.write('finish');
    expect(await answer).toMatch(/^HTTP\/1.1 200 /);
    for (const socket of [honest, ...attackers]) socket.destroy();
  });

  it('closes the longest silent connection when too many are silent, and serves the active ones (F-20)', async () => {
    const { port, url } = await start(reading);
    const silent: Socket[] = [];
    for (let at = 0; at < 1024; at++) silent.push(await open(port));
    const ended = new Promise((done) => silent[0]?.resume().once('close', done));
    silent.push(await open(port));
    await ended;
    expect((await fetch(url)).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });

  it('closes a connection that never says anything (F-20)', async () => {
    const { port } = await start(reading, { headerTimeout: 1 });
    const socket = await open(port);
    await new Promise((done) => socket.resume().once('close', done));
    expect(socket.destroyed).toBe(true);
  });
});

describe('node/response, clients that read nothing', () => {
  const large = new Uint8Array(8_000_000);
  const streaming: Fetch = () => {
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(100_000)) });
    return new Response(body);
  };

  it.each([
    ['a large answer', (): Response => new Response(large)],
    ['an endless stream', streaming],
  ] as const)('are disconnected after a while with a partial %s (F-20)', async (_name, answer) => {
    const closed = gate<void>();
    const { port } = await start(
      (request, env, ctx) => {
        request.signal.addEventListener('abort', () => closed.resolve());
        return answer(request, env, ctx);
      },
      { headerTimeout: 1, requestTimeout: 1 },
    );
    const socket = await open(port);
    socket.pause().write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await closed.promise;
    socket.destroy();
    expect(errors).toEqual([]);
  });

  it('are not those that read slowly, nor those that wait for a stream on which nothing is said (F-20)', async () => {
    const { port, url } = await start(
      (request) => (new URL(request.url).pathname === '/quiet' ? new Response(quiet()) : new Response(large)),
      { headerTimeout: 9, requestTimeout: 9 }, // a busy machine that stands still for so long would look like a client that reads nothing
    );
    const quiet = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(100_000));
          await new Promise((done) => setTimeout(done, 11_000));
          controller.enqueue(new Uint8Array(1));
          controller.close();
        },
      });
    const slow = await open(port);
    let read = 0;
    slow.on('data', (bytes) => {
      read += bytes.length;
      slow.pause();
      setTimeout(() => slow.resume(), 90);
    });
    slow.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    const [answer] = await Promise.all([
      fetch(`${url}/quiet`).then((one) => one.arrayBuffer()),
      new Promise((done) => slow.once('close', done)),
    ]);
    expect(answer.byteLength).toBe(100_001);
    expect(read).toBeGreaterThan(large.byteLength);
  });
});
