/** Who gets the server's light request: handlers that ask for it. Everybody else gets a genuine one. */
import { expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { genuine } from '../../src/lib/genuine.ts';
import type { FetchFunction } from '../../src/model/handler.ts';
import { serve } from '../../src/node/serve.ts';
import { fetchOf } from '../../src/provider/handlers.ts';
import { start, stopAfterEach } from '../support/node-server.ts';

stopAfterEach();

const { protect } = guard({
  resource: 'http://localhost/mcp',
  authorizationServers: ['https://as.example'],
  verify: (_token, resource) => ({ userId: 'u', clientId: 'c', grantId: 'g', scope: [], resource, expiresAt: 9e9, props: {} }),
});
const tell: FetchFunction = async (request) => {
  const light = 'genuine' in request;
  const copy = new Request(genuine(request), { headers: { 'x-copied': '1' } });
  return new Response(`${light ? 'light' : 'genuine'} ${copy.headers.get('x-copied')} ${await copy.text()}`);
};
const asking = Object.assign((...given: Parameters<typeof tell>) => tell(...given), { takesLightRequests: true });

async function answerOf(app: { readonly fetch: FetchFunction; readonly takesLightRequests?: boolean }): Promise<string> {
  const server = await serve(app, { port: 0, drainTimeout: 0.2 });
  const answer = await fetch(`${server.url}/mcp`, { method: 'POST', body: 'body', headers: { authorization: 'Bearer good' } });
  await server.stop();
  return answer.text();
}

it('gives a handler behind the guard a genuine request, whatever the server took in', async () => {
  expect(await answerOf({ fetch: protect(tell) })).toBe('genuine 1 body');
  expect(await answerOf({ fetch: (...given) => protect(tell)(...given) })).toBe('genuine 1 body');
  expect(await answerOf({ fetch: fetchOf(tell), takesLightRequests: true })).toBe('genuine 1 body');
  expect(await answerOf({ fetch: fetchOf({ fetch: tell }), takesLightRequests: true })).toBe('genuine 1 body');
});

it('gives a handler that asks for it the light one, which makes the genuine one on demand', async () => {
  expect(await answerOf({ fetch: asking })).toBe('light 1 body');
  expect(await answerOf({ fetch: protect(asking) })).toBe('light 1 body');
  expect(await answerOf({ fetch: fetchOf({ fetch: tell, takesLightRequests: true }), takesLightRequests: true })).toBe('light 1 body');
  expect(await answerOf({ fetch: fetchOf(asking), takesLightRequests: true })).toBe('light 1 body');
});

it('serves the metadata of a guarded function at its path and nowhere else', async () => {
  const { url } = await start(protect(tell) as never, {}, true);
  expect((await fetch(`${url}/.well-known/oauth-protected-resource/mcp`)).status).toBe(200);
  expect((await fetch(`${url}/x/.well-known/oauth-protected-resource/mcp`)).status).toBe(401);
});
