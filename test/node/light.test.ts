/** Who gets the server's light request: handlers that ask for it. Everybody else gets a genuine one. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { toNativeRequest } from '../../src/lib/native-request.ts';
import { mcpHandler } from '../../src/mcp/index.ts';
import type { Context, FetchFunction } from '../../src/model/handler.ts';
import { memoryStore, OAuthProvider, password } from '../../src/node/main.ts';
import { LazyResponse } from '../../src/node/http/lazy-response.ts';
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
  const copy = new Request(toNativeRequest(request), { headers: { 'x-copied': '1' } });
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

describe('the fetch of a provider, called by a server that is not ours', () => {
  const app = new OAuthProvider({
    apiRoute: '/mcp',
    apiHandler: mcpHandler(() => new McpServer({ name: 'light', version: '1.0.0' })),
    clientRegistrationEndpoint: '/register',
    logins: [password()],
    store: memoryStore(),
  });
  const origin = 'http://localhost:8787';
  const post = (path: string, body: string, headers: Record<string, string> = {}): Request =>
    new Request(`${origin}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  const asked = (): readonly Request[] => [
    new Request(`${origin}/.well-known/oauth-protected-resource/mcp`),
    new Request(`${origin}/.well-known/oauth-authorization-server`),
    new Request(`${origin}/authorize`),
    new Request(`${origin}/nothing`),
    post('/mcp', '{}'),
    post('/mcp', '{}', { origin: 'https://elsewhere.example' }),
    post('/mcp', '{}', { authorization: 'Bearer wrong' }),
    post('/register', '{"redirect_uris":["http://127.0.0.1/cb"]}'),
    post('/token', 'grant_type=none', { 'content-type': 'application/x-www-form-urlencoded' }),
  ];
  /** Native code of Bun and Deno looks for what this looks for. */
  const isGenuine = (response: Response): boolean => {
    try {
      return Response.prototype.clone.call(response).status === response.status;
    } catch {
      return false;
    }
  };

  it.each([
    ['nothing beside the request', (): unknown[] => [{}]],
    ['one context for all requests', ((context) => () => [{}, context])({ waitUntil: () => undefined })],
  ])('is a genuine response, with %s (N-07)', async (_name, rest) => {
    const answers = await Promise.all(asked().map((request) => app.fetch(request, ...(rest() as [object]))));
    expect(answers.map(isGenuine)).toEqual(answers.map(() => true));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 404, 401, 403, 401, 201, 401]);
    const again = await app.fetch(post('/mcp', '{}'), ...(rest() as [object]));
    expect(isGenuine(again)).toBe(true);
  });

  it('is a genuine one for the call of a tool as well, and light only where the server asks for it (N-07)', async () => {
    const respond = (text: string | null, init: ResponseInit): Response => LazyResponse.of(text, init);
    const light = await app.fetch(post('/mcp', '{}'), {}, { waitUntil: () => undefined, respond });
    expect(isGenuine(light)).toBe(false);
    const behind = guarded((_request: Request, _env: unknown, ctx: Context) => new Response(String(ctx.respond === undefined)));
    const answer = await behind.fetch(post('/mcp', '{}', { authorization: 'Bearer other' }), {});
    expect([isGenuine(answer), await answer.text()]).toEqual([true, 'true']);
  });

  /** A provider that takes every token of another server. */
  function guarded(apiHandler: FetchFunction): OAuthProvider {
    const access = { userId: 'u', clientId: 'c', grantId: 'g', scope: [], expiresAt: 9e9, props: {} };
    return new OAuthProvider({
      apiRoute: '/mcp',
      apiHandler,
      logins: [password()],
      store: memoryStore(),
      externalTokens: { authorizationServers: ['https://as.example'], verify: (_token, resource) => ({ ...access, resource }) },
    });
  }
});
