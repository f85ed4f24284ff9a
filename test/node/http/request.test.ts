import { describe, expect, it } from 'vitest';
import { errors, gate, start, stopAfterEach, type Fetch } from '../../support/node-server.ts';
import { exchange } from '../../support/raw.ts';

stopAfterEach();

describe.each([
  ['native', false],
  ['lazy', true],
])('node/request, a %s request', (_name, light) => {
  it('carries method, URL, headers, environment, address and a body', async () => {
    const env = { NAME: 'x' };
    const { url } = await start(
      async (request, given, ctx) => {
        expect(request).toBeInstanceOf(Request);
        expect(request.headers).toBeInstanceOf(Headers);
        const { method, url: asked } = request;
        const { address } = ctx;
        return Response.json({
          method,
          asked,
          type: request.headers.get('Content-Type'),
          json: await request.json(),
          env: given === env,
          address,
        });
      },
      { env },
      light,
    );
    const answer = await fetch(`${url}/a/b?c=%20d`, { method: 'POST', body: '{"x":"ü"}', headers: { 'content-type': 'application/json' } });
    expect(await answer.json()).toEqual({
      method: 'POST',
      asked: `${url}/a/b?c=%20d`,
      type: 'application/json',
      json: { x: 'ü' },
      env: true,
      address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
    });
  });

  it('can be read in every way that the standard has, once', async () => {
    const ways: { [name: string]: (request: Request) => Promise<unknown> } = {
      text: (request) => request.text(),
      json: async (request) => JSON.stringify(await request.json()),
      arrayBuffer: async (request) => Buffer.from(await request.arrayBuffer()).toString(),
      bytes: async (request) => Buffer.from(await request.bytes()).toString(),
      blob: async (request) => (await request.blob()).text(),
      body: (request) => new Response(request.body).text(),
      clone: async (request) => (await request.clone().text()) && request.text(),
      'clone read last': async (request) => {
        const copy = request.clone();
        return (await request.text()) && copy.text();
      },
      copy: (request) => new Request(request, { headers: { a: 'b' } }).text(),
      'as init': (request) => new Request('http://localhost/', request).text(),
      reader: async (request) => {
        const chunks: Uint8Array[] = [];
        for await (const bytes of request.body ?? []) chunks.push(bytes);
        return Buffer.concat(chunks).toString();
      },
    };
    const { url } = await start(
      async (request) => {
        expect(request.bodyUsed).toBe(false);
        const text = String(await ways[request.headers.get('way') ?? '']?.(request));
        const again = await request.text().catch((error: unknown) => error);
        if (!/clone read/.test(request.headers.get('way') ?? '')) expect(again).toBeInstanceOf(TypeError);
        expect(request.bodyUsed).toBe(true);
        return new Response(text);
      },
      {},
      light,
    );
    for (const way of Object.keys(ways)) {
      const body = JSON.stringify({ long: 'ü'.repeat(50_000) });
      expect(await (await fetch(url, { method: 'POST', headers: { way }, body })).text(), way).toBe(body);
    }
    expect(errors).toEqual([]);
  });

  it('has no body where none was sent', async () => {
    const { url } = await start(async (request) => Response.json([request.body, await request.text(), request.bodyUsed]), {}, light);
    expect(await (await fetch(url)).json()).toEqual([null, '', false]);
    expect(await (await fetch(url, { method: 'POST' })).json()).toEqual([null, '', false]);
  });

  it('has headers that behave as headers', async () => {
    const { url, port } = await start(
      (request) => {
        const { headers } = request;
        const before = [...headers.keys()].length;
        expect(headers.get('constructor')).toBeNull();
        expect(headers.get('ACCEPT')).toBe('a, b');
        expect(headers.has('Accept')).toBe(true);
        expect(() => headers.get('not a name')).toThrow(TypeError);
        expect(new Headers(headers).get('accept')).toBe('a, b');
        expect([...new Headers(headers)]).toEqual([...headers]);
        expect(request.mode).toBe(new Request(url).mode);
        headers.set('accept', 'c');
        headers.append('x-new', '1');
        return Response.json([headers.get('accept'), [...headers.keys()].length - before, headers.get('authorization')]);
      },
      {},
      light,
    );
    const answer = await exchange(
      port,
      'GET / HTTP/1.1\r\nHost: localhost\r\naccept: a\r\nAccept: b\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\nConnection: close\r\n\r\n',
    );
    expect(answer, String(errors)).toContain('["c",1,"Bearer a, Bearer b"]');
  });

  it('aborts when the client hangs up', async () => {
    const aborted = gate<unknown>();
    const started = gate<void>();
    const { url } = await start(
      async (request) => {
        request.signal.addEventListener('abort', () => aborted.resolve(request.signal.reason));
        started.resolve();
        await aborted.promise;
        throw request.signal.reason;
      },
      {},
      light,
    );
    const client = new AbortController();
    const asking = fetch(url, { signal: client.signal }).catch(() => undefined);
    await started.promise;
    client.abort();
    expect(await aborted.promise).toMatchObject({ name: 'BodyError', reason: 'aborted' });
    await asking;
    expect(errors).toEqual([]);
  });
});

describe('node/request, URLs', () => {
  const echo: Fetch = (request) => new Response(request.url);
  const ask = async (port: number, target: string, host: string): Promise<string> => {
    const text = await exchange(port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return text.startsWith('HTTP/1.1 200') ? (text.split('\r\n\r\n')[1] ?? '') : text.slice(9, 12);
  };

  it('never lets a path choose the host, and writes it as every runtime does (SEC-178)', async () => {
    const { port } = await start(echo);
    expect(await ask(port, '//evil.example/x', 'h.example')).toBe('http://h.example//evil.example/x');
    expect(await ask(port, '/a/../b/%2e%2e/c', 'h.example')).toBe('http://h.example/c');
    expect(await ask(port, '/mcp%2f..', 'h.example')).toBe('http://h.example/mcp%2f..');
    expect(await ask(port, '/%74oken?x=%74', 'H.example:80')).toBe('http://h.example/%74oken?x=%74');
    expect(await ask(port, '/\\evil', 'h.example')).toBe('http://h.example//evil');
    expect(await ask(port, 'http://h.example/p?q', 'h.example')).toBe('http://h.example/p?q');
    expect(await ask(port, 'http://h.example', 'h.example')).toBe('http://h.example/');
    expect(await ask(port, 'http://evil.example/p', 'h.example')).toBe('400');
    for (const path of [
      '/',
      '/a',
      '/a/b?c=d&e=f%20',
      "/it's",
      '/a|b',
      '/x/.',
      '/x/..;/y',
      '/x?y=/../z',
      '/%2E/x',
      '/a.b/.c',
      '/.well-known/x',
      '/.%2e/x',
      '/.a/../b',
    ]) {
      expect(await ask(port, path, 'h.example')).toBe(new URL(`http://h.example${path}`).href);
    }
  });

  it('refuses a malformed, doubled or missing Host with 400', async () => {
    const { port } = await start(echo);
    for (const host of ['a b', 'user@evil', 'evil/..', 'a\\b', 'a..b', '[::1', 'a:b', 'a:99999', 'a\r\nHost: b', '']) {
      expect(await ask(port, '/', host), host).toBe('400');
    }
    expect(await exchange(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await ask(port, '/', '[::1]:8787')).toBe('http://[::1]:8787/');
    expect(await ask(port, '/', 'my_service')).toBe('http://my_service/');
  });

  it('answers a health check of HTTP/1.0, which names no host, under a name that leads nowhere (RFC 9112 §3.2)', async () => {
    const { port } = await start(echo);
    expect(await exchange(port, 'GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 [^]*\r\n\r\nhttp:\/\/no-host\.invalid\/health$/);
    expect(await exchange(port, 'GET http://evil.example/health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  });

  it('takes scheme and host from the configured origin alone', async () => {
    const { port } = await start(echo, { origin: 'https://mcp.example.com' });
    expect(await ask(port, '/a', 'evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: ftp')).toBe(
      'https://mcp.example.com/a',
    );
  });

  it('believes X-Forwarded-For only for the proxies it was told of (SEC-154, SEC-179)', async () => {
    const address: Fetch = (_request, _env, ctx) => new Response(ctx.address);
    const chain = 'h\r\nX-Forwarded-For: 6.6.6.6, 2.2.2.2, 1.1.1.1\r\nX_Forwarded_For: 7.7.7.7';
    const told = async (trustProxy: number, host = chain): Promise<string> => ask((await start(address, { trustProxy })).port, '/', host);
    expect(await told(0)).toBe('127.0.0.1');
    expect(await told(1)).toBe('1.1.1.1');
    expect(await told(2)).toBe('2.2.2.2');
    expect(await told(9)).toBe('6.6.6.6');
    expect(await told(1, 'h\r\nX-Forwarded-For: [2001:db8::1]:443')).toBe('2001:db8::1');
    expect(await told(1, 'h\r\nX-Forwarded-For: 5.5.5.5:80')).toBe('5.5.5.5');
    expect(await told(1, 'h\r\nX-Forwarded-For: <script>')).toBe('127.0.0.1');
    expect(await told(1, 'h')).toBe('127.0.0.1');
  });

  it('refuses methods that no Request can have, with 405 and Allow (SEC-167)', async () => {
    const { port } = await start(echo);
    const answer = await exchange(port, 'TRACE / HTTP/1.1\r\nHost: h\r\nSecret: x\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 405 [^]*\r\nallow: GET, /);
    expect(answer).not.toContain('Secret');
  });
});
