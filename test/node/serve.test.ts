import { requestState } from '../../src/model/context.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { passkeys } from '../../src/logins/passkey.ts';
import { memoryStore, OAuthProvider } from '../../src/node/main.ts';
import { nodeListener } from '../../src/node/middleware.ts';
import { serve } from '../../src/node/serve.ts';
import { errors, ok, gate, start, stopAfterEach } from '../support/node-server.ts';
import { open } from '../support/raw.ts';

stopAfterEach();

describe('node/serve, start and stop', () => {
  it('listens on both loopback addresses under one port', async () => {
    const { port, url } = await start(ok);
    expect(url).toBe(`http://localhost:${port}`);
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
    expect((await fetch(`http://[::1]:${port}`)).status).toBe(200);
  });

  it('names the port and the fix in one line', async () => {
    const taken = createServer().listen(0, '::1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await expect(start(ok, { port })).rejects.toThrow(
      `Port ${port} on localhost is taken: stop the program that uses it, or choose another`,
    );
    taken.close();
    const { port: ours } = await start(ok);
    await expect(start(ok, { port: ours })).rejects.toThrow(`Port ${ours} on localhost is taken`);
    await expect(start(ok, { port: ours, host: '127.0.0.1' })).rejects.toThrow(`Port ${ours} on 127.0.0.1 is taken`);
    await expect(start(ok, { host: '192.0.2.1' })).rejects.toThrow(/^Host 192\.0\.2\.1 \(port 0\) is no address of this machine[^\n]*$/);
    await expect(start(ok, { host: 'no such host' })).rejects.toThrow(/^Host no such host \(port 0\) is no address of this machine/);
  });

  it('refuses options that make no sense', async () => {
    const wrong: [object, RegExp][] = [
      [{ port: 70_000 }, /port must be a whole number from 0 to 65535/],
      ...[' ', '0x1F90', '8e3', '80.5', '-1', 'http'].map((PORT): [object, RegExp] => [
        { port: undefined, env: { PORT } },
        /the variable PORT/,
      ]),
      [{ host: '' }, /host must be/],
      [{ origin: 'https://x.example/path' }, /origin must be scheme and host alone/],
      [{ trustProxy: -1 }, /trustProxy must be/],
      [{ bodyLimit: Number.NaN }, /bodyLimit must be/],
      [{ maxRequests: 0 }, /maxRequests must be/],
      [{ prot: 1 }, /unknown option prot/],
    ];
    for (const [options, text] of wrong) await expect(start(ok, options)).rejects.toThrow(text);
    await expect(serve({} as never)).rejects.toThrow(/object with a fetch method/);
  });

  it('takes an option that is undefined for one that is not given', async () => {
    const absent = { host: undefined, data: undefined, origin: undefined, signals: undefined, trustProxy: undefined, bodyLimit: undefined };
    const { port, stop } = await serve({ fetch: ok }, { ...absent, port: undefined, drainTimeout: undefined, env: { PORT: '0' } });
    expect((await fetch(`http://localhost:${port}`)).status).toBe(200);
    await stop();
    const listener = createHttpServer(nodeListener(ok, { trustProxy: undefined, maxRequests: undefined, bodyLimit: undefined })).listen(0);
    await once(listener, 'listening');
    const { port: its } = listener.address() as { port: number };
    expect((await fetch(`http://localhost:${its}`, { method: 'POST', body: 'x' })).status).toBe(200);
    listener.close();
  });

  it('tells handlers the largest body that it takes (R-54)', async () => {
    const server = await start((_request, _env, ctx) => new Response(String(requestState(ctx).bodyLimit)), { bodyLimit: 33_000 });
    expect(await (await fetch(server.url)).text()).toBe('33000');
  });

  it('finishes what is in flight, refuses what is new, and lets idle connections go (FLT-28)', async () => {
    const opened = gate<void>();
    const asked = gate<void>();
    const server = await start(async () => (asked.resolve(), await opened.promise, new Response('done')), { drainTimeout: 10 });
    const idle = await open(server.port);
    const idleEnd = once(idle, 'close');
    const answer = fetch(server.url);
    await asked.promise;
    const stopped = server.stop();
    expect(server.stop()).toBe(stopped);
    idle.resume();
    await expect(fetch(server.url)).rejects.toThrow();
    opened.resolve();
    expect(await (await answer).text()).toBe('done');
    expect((await answer).headers.get('connection')).toBe('close');
    await stopped;
    idle.destroy();
    await idleEnd;
  });

  it('hangs up on what outlives the drain time, and tells the application', async () => {
    const asked = gate<Request>();
    const server = await start((request) => (asked.resolve(request), new Promise<Response>(() => undefined)), { drainTimeout: 0.05 });
    const answer = fetch(server.url).catch((error: unknown) => error);
    const { signal } = await asked.promise;
    await server.stop();
    expect(await answer).toBeInstanceOf(TypeError);
    if (!signal.aborted) await once(signal, 'abort');
  });

  it('runs waitUntil promises to their end before it stops, and reports those that reject', async () => {
    const opened = gate<void>();
    let finished = false;
    const server = await start(
      (_request, _env, ctx) => {
        ctx.waitUntil(opened.promise.then(() => void (finished = true)));
        ctx.waitUntil(Promise.reject(new Error('later')));
        return new Response('ok');
      },
      { drainTimeout: 10 },
    );
    expect((await fetch(server.url)).status).toBe(200);
    const stopped = server.stop();
    opened.resolve();
    await stopped;
    expect(finished).toBe(true);
    expect(errors).toMatchObject([{ message: 'later' }]);
  });

  it('leaves no listener for signals once it has stopped', async () => {
    const counts = (): number[] => ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal));
    const before = counts();
    const server = await serve({ fetch: () => new Response() }, { port: 0, signals: true });
    expect(counts()).toEqual(before.map((count) => count + 1));
    await Promise.all([server.stop(), server.stop()]);
    expect(counts()).toEqual(before);
  });

  it('on SIGTERM finishes what is in flight, then ends with 0 (FLT-28)', async () => {
    const program = `
      import { serve } from '${new URL('../../src/node/serve.ts', import.meta.url).href}';
      setInterval(() => undefined, 1000); // a program that would never end by itself
      const app = { fetch: async () => { console.log('asked'); await new Promise((go) => setTimeout(go, 200)); return new Response('done'); } };
      console.log((await serve(app, { port: 0, signals: true })).url);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const url = String((await lines.next()).value);
    const answer = fetch(url);
    expect((await lines.next()).value).toBe('asked');
    child.kill('SIGTERM');
    expect(await (await answer).text()).toBe('done');
    expect(await ended).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow();
  });
});

it('does not start where a package of a login is missing, and says what to install (N-08)', async () => {
  const missing = new TypeError('logins: passkeys() needs the package @simplewebauthn/server; run: npm install @simplewebauthn/server.');
  const app = (load: () => Promise<unknown>): OAuthProvider =>
    new OAuthProvider({ apiRoute: '/mcp', apiHandler: () => new Response(), logins: [{ ...passkeys(), load }], store: memoryStore() });
  await expect(
    serve(
      app(() => Promise.reject(missing)),
      { port: 0 },
    ),
  ).rejects.toBe(missing);
  await expect(passkeys().load?.()).resolves.toHaveProperty('verifyRegistrationResponse');
  const server = await serve(
    app(async () => {}),
    { port: 0, drainTimeout: 0.1 },
  );
  await server.stop();
});
