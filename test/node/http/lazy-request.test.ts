/** The cheaper `Request`, `Response` and `fetch`: no one meets them. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { guard } from '../../../src/guard/guard.ts';
import { errors, start, stopAfterEach, type Fetch } from '../../support/node-server.ts';

stopAfterEach();
afterEach(() => vi.unstubAllGlobals());

const { protect } = guard({
  resource: 'http://localhost/mcp',
  authorizationServers: ['https://as.example'],
  verify: (_token, resource) => ({ userId: 'u', clientId: 'c', grantId: 'g', scope: [], resource, expiresAt: 9e9, props: {} }),
});

/** Copies and forwards the request in every way, as a proxy does. */
const forwardTo =
  (backend: string): Fetch =>
  async (request) => {
    const copy = new Request(request, { headers: { x: 'copied' } });
    const moved = new Request(`${backend}/moved`, copy);
    return fetch(request.headers.get('way') === 'whole' ? new Request(moved) : moved);
  };
const echo: Fetch = async (request) => new Response(`${request.method} ${request.url} ${request.headers.get('x')} ${await request.text()}`);
const asked = { method: 'PUT', body: 'hello', headers: { authorization: 'Bearer good' } };

describe('node/http/lazy-request', () => {
  it.each([true, false])('let a handler copy and forward its request, behind a guard or not (in place: %s)', async (light) => {
    const backend = await start(echo, {}, light);
    for (const handler of [forwardTo(backend.url), protect(forwardTo(backend.url)) as Fetch]) {
      const { url } = await start(handler, {}, light);
      for (const way of ['whole', 'part'])
        expect(await (await fetch(`${url}/mcp`, { ...asked, headers: { ...asked.headers, way } })).text()).toBe(
          `PUT ${backend.url}/moved copied hello`,
        );
    }
    expect(errors).toEqual([]);
  });

  it('keep one object for the headers of a request, whatever is read of it', async () => {
    const { url } = await start(async (request) => {
      const { headers } = request;
      await request.clone().text();
      headers.set('x', 'set');
      return new Response(`${request.headers === headers} ${request.headers.get('x')} ${new Request(request).headers.get('x')}`);
    });
    expect(await (await fetch(`${url}/a`, { method: 'POST', body: 'b' })).text()).toBe('true set set');
  });

  it('let a handler fetch the very request that it got', async () => {
    const backend = await start(echo);
    const { url } = await start((request) => (request.headers.has('x') ? echo(request, {}, null as never) : fetch(request)), {
      origin: backend.url,
    });
    expect(await (await fetch(`${url}/a`, { method: 'POST', body: 'b' })).text()).toBe(`POST ${backend.url}/a null b`);
  });

  it('refuse to send a body twice', async () => {
    const { url } = await start(async (request) => {
      await request.text();
      expect(() => new Request(request)).toThrow(TypeError);
      expect(() => request.clone()).toThrow(TypeError);
      expect([request.mode, request.bodyUsed, request.body?.locked]).toEqual(['cors', true, true]);
      return new Response('checked');
    });
    expect(await (await fetch(url, asked)).text(), String(errors)).toBe('checked');
  });

  it('give a native request if another library has replaced our class or function', async () => {
    const kinds: boolean[] = [];
    vi.resetModules(); // a file before this one may have left other objects in the place of ours
    const { LazyRequest: Lazy } = await import('../../../src/node/http/lazy-request.ts');
    const { serve } = await import('../../../src/node/serve.ts');
    const fetchKind = (request: Request): Response => {
      kinds.push(request instanceof Lazy);
      return new Response('ok');
    };
    const { url, stop } = await serve({ fetch: fetchKind as never }, { port: 0 });
    const ask = globalThis.fetch;
    await ask(url);
    vi.stubGlobal('fetch', (...given: Parameters<typeof fetch>) => ask(...given));
    await ask(url);
    vi.unstubAllGlobals();
    vi.stubGlobal('Request', class extends Request {});
    await ask(url);
    vi.unstubAllGlobals();
    await ask(url);
    await stop();
    expect(kinds).toEqual([true, false, false, true]);
  });

  it('are not replaced if the option says so, nor on Bun and Deno, whose servers read the internals of a response (N-07)', async () => {
    vi.resetModules();
    const { overrideGlobalObjects, isOverridden } = await import('../../../src/node/http/lazy-request.ts');
    const { serve } = await import('../../../src/node/serve.ts');
    const before = { Request, Response, fetch };
    const now = (): unknown => ({ Request: globalThis.Request, Response: globalThis.Response, fetch: globalThis.fetch });
    await (await serve({ fetch: echo as never }, { port: 0, overrideGlobalObjects: false })).stop();
    expect([now(), isOverridden()]).toEqual([before, false]);
    vi.stubGlobal('Deno', {});
    overrideGlobalObjects();
    expect([now(), isOverridden()]).toEqual([before, false]);
    vi.unstubAllGlobals();
    vi.stubGlobal('process', { ...process, versions: { ...process.versions, bun: '1.4' } });
    overrideGlobalObjects();
    expect([now(), isOverridden()]).toEqual([before, false]);
  });
});

it('serves the metadata of a guarded function only at its path', async () => {
  const { url } = await start(protect(echo as never) as Fetch);
  expect((await fetch(`${url}/.well-known/oauth-protected-resource/mcp`)).status).toBe(200);
  expect((await fetch(`${url}/x/.well-known/oauth-protected-resource/mcp`)).status).toBe(404);
});
