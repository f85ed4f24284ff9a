/** Calls of the protected resource. */
import type { Case } from './case.ts';
import { type Body, refusal, type Server } from './server.ts';
import { ISSUER, RESOURCE, type World } from './world.ts';

type Options = Record<string, unknown>;

/** A call, with this authorization. */
const calls = (what: string, authorization: (tokens: Body) => string | undefined, options: Options = {}): Case => ({
  what: `called with ${what}`,
  run: async (world) => {
    const server = world.serve({ ...options });
    const header = authorization(await server.signIn(await server.client()));
    const answer = await server.ask('/mcp', { headers: header === undefined ? {} : { authorization: header } });
    return answer.status === 200 ? answer.body : refusal(answer);
  },
});

const token = (tokens: Body): string => String(tokens['access_token']);
const EXTERNAL = { props: { by: 'other' }, audience: RESOURCE };
/** A token of another server, for which this is returned or thrown. */
const resolves = (what: string, result: unknown, presented = 'ext-1'): Case => ({
  what: `an external token, for which ${what}`,
  run: async (world) => {
    const resolveExternalToken = async (): Promise<unknown> => {
      const value = typeof result === 'function' ? (result as (world: World) => unknown)(world) : result;
      if (value instanceof Error) throw value;
      return value;
    };
    const server = world.serve({ resolveExternalToken });
    const called = await server.call({ access_token: presented }).catch((error: Error) => error.name);
    if (typeof called === 'string') return called;
    return called.status === 200
      ? called.body['props']
      : {
          ...(refusal(called) as object),
          retry: called.headers.get('retry-after'),
          words: called.body['error_description'] === 'Own words.',
        };
  },
});
const external = (code: string, more: object) => (world: World) =>
  new world.lib.ExternalTokenError(code as never, { description: 'Own words.', ...more } as never);

const crossed = async (server: Server, init: RequestInit): Promise<unknown> => {
  const { status, headers } = await server.ask('/mcp', init);
  return {
    status,
    origin: headers.get('access-control-allow-origin'),
    exposed: (headers.get('access-control-expose-headers') ?? '').toLowerCase().includes('www-authenticate'),
  };
};
const PREFLIGHT = {
  method: 'OPTIONS',
  headers: {
    origin: 'https://page.example',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, mcp-protocol-version',
  },
};

export const resource: readonly Case[] = [
  calls('a token', (tokens) => `Bearer ${token(tokens)}`),
  calls('the scheme in lower case', (tokens) => `bearer ${token(tokens)}`),
  calls('two spaces', (tokens) => `Bearer  ${token(tokens)}`),
  calls('no authorization', () => undefined),
  calls('no authorization, where scopes are required', () => undefined, { requiredScopes: ['read', 'write'], scopesSupported: ['read', 'write'] }),
  calls('another scheme', (tokens) => `Basic ${token(tokens)}`),
  calls('a scheme alone', () => 'Bearer'),
  calls('a token that does not exist', () => 'Bearer nonsense'),
  calls('a token of our form that does not exist', () => 'Bearer user-1:abc:def'),
  calls('a refresh token', (tokens) => `Bearer ${String(tokens['refresh_token'])}`),
  calls('two tokens', (tokens) => `Bearer ${token(tokens)} ${token(tokens)}`),
  calls('a token that lacks a required scope', (tokens) => `Bearer ${token(tokens)}`, { requiredScopes: ['admin'], scopesSupported: ['read', 'write', 'admin'] }),
  calls('a token, where `offline_access` is required', (tokens) => `Bearer ${token(tokens)}`, { requiredScopes: ['read', 'offline_access'], scopesSupported: ['read', 'write'] }),
  calls('a token, where the resource publishes more scopes', (tokens) => `Bearer ${token(tokens)}`, { resourceMetadata: { resource: RESOURCE, scopes_supported: ['read', 'admin'] } }),
  {
    what: 'a token that the application granted without a required scope',
    run: async (world) => {
      const server = world.serve({ requiredScopes: ['admin'], scopesSupported: ['read', 'write', 'admin'], defaultHandler: world.site({ scope: ['read'] }) });
      return refusal(await server.call(await server.signIn(await server.client())));
    },
  },
  {
    what: 'a token without the required `offline_access`',
    run: async (world) => {
      const server = world.serve({ requiredScopes: ['read', 'offline_access'], scopesSupported: ['read'], defaultHandler: world.site({ scope: ['read'] }) });
      return (await server.call(await server.signIn(await server.client(), { scope: 'read' }))).status;
    },
  },
  {
    what: 'a token in the query is not read',
    run: async (world) => {
      const server = world.serve();
      return refusal(await server.ask(`/mcp?access_token=${token(await server.signIn(await server.client()))}`));
    },
  },
  {
    what: 'a token after its end',
    run: async (world) => {
      const server = world.serve({ accessTokenTTL: 600 });
      const tokens = await server.signIn(await server.client());
      world.later(599);
      const before = (await server.call(tokens)).status;
      world.later(2);
      return [before, refusal(await server.call(tokens))];
    },
  },
  {
    what: 'a token of another resource',
    run: async (world) => {
      const server = world.serve();
      const tokens = await server.signIn(await server.client());
      const other = world.serve({ apiRoute: '/other', resourceMetadata: { resource: `${ISSUER}/other` } });
      return refusal(await other.call(tokens, '/other'));
    },
  },
  {
    what: 'ctx.auth tells who calls',
    run: async (world) => {
      const api = { fetch: (_request: Request, _env: unknown, ctx: { auth: Options; props: unknown }) => Response.json({ ...ctx.auth, props: ctx.props }) };
      const server = world.serve({ apiHandler: api });
      const client = await server.client();
      const tokens = await server.signIn(client);
      const { token: presented, audience, scope, userId, clientId, expiresAt } = (await server.call(tokens)).body;
      return { presented: presented === tokens['access_token'], audience, scope, userId, client: clientId === client.id, ends: Math.round(Number(expiresAt) - Date.now() / 1000) };
    },
  },
  {
    what: 'the handler reads the body and the authorization',
    run: async (world) => {
      const api = { fetch: async (request: Request) => Response.json({ body: await request.text(), bearer: request.headers.get('authorization')?.startsWith('Bearer ') }) };
      const server = world.serve({ apiHandler: api });
      return (await server.call(await server.signIn(await server.client()), '/mcp', { method: 'POST', body: 'hello' })).body;
    },
  },
  {
    what: '`insufficientScope` is a 403 with a challenge',
    run: async (world) => {
      const api = { fetch: (_request: Request, _env: unknown, ctx: { auth: never }) => world.lib.insufficientScope(ctx.auth, ['read', 'admin'], 'Ask an admin.') };
      const server = world.serve({ apiHandler: api });
      const answer = await server.call(await server.signIn(await server.client()));
      return { ...(refusal(answer) as object), words: answer.body['error_description'], cached: answer.headers.get('cache-control') };
    },
  },
  {
    what: 'a preflight of another site, which the handler never sees',
    run: async (world) => {
      const answer = await world.serve().ask('/mcp', PREFLIGHT);
      const { status, headers } = answer;
      return { status, methods: headers.get('access-control-allow-methods') !== null, headers: (headers.get('access-control-allow-headers') ?? '').toLowerCase().includes('authorization') };
    },
  },
  { what: 'a preflight of another site, of an endpoint', run: async (world) => (await world.serve().ask('/token', PREFLIGHT)).status },
  {
    what: 'a call from a page of this site',
    run: async (world) => {
      const server = world.serve();
      return (await server.call(await server.signIn(await server.client()), '/mcp', { headers: { origin: ISSUER } })).status;
    },
  },
  {
    what: 'a call from a page of another site',
    run: async (world) => {
      const server = world.serve();
      const { status, headers } = await server.call(await server.signIn(await server.client()), '/mcp', { headers: { origin: 'https://page.example' } });
      return { status, origin: headers.get('access-control-allow-origin') };
    },
  },
  { what: 'a page of another site may read a challenge', run: (world) => crossed(world.serve(), { headers: { origin: 'https://page.example' } }) },
  {
    what: 'a page of another site may read an answer of the token endpoint',
    run: async (world) => {
      const { headers } = await world.serve().token({ grant_type: 'nonsense' }, { origin: 'https://page.example' });
      return ['*', 'https://page.example'].includes(headers.get('access-control-allow-origin') ?? '');
    },
  },
  resolves('nothing is returned', null),
  resolves('props are returned', EXTERNAL),
  resolves('props are returned, of our form', EXTERNAL, 'user-1:abc:def'),
  resolves('another audience is returned', { ...EXTERNAL, audience: 'https://other.example' }),
  resolves('no audience is returned', { props: {} }),
  resolves('the audience with a host in capitals is returned', { ...EXTERNAL, audience: 'https://MCP.example/mcp' }),
  resolves('the audience with a slash is returned', { ...EXTERNAL, audience: `${RESOURCE}/` }),
  resolves('an `invalid_token` is thrown', external('invalid_token', { statusCode: 401 })),
  resolves('an `insufficient_scope` is thrown', external('insufficient_scope', { statusCode: 403, requiredScopes: ['admin'] })),
  resolves('a `temporarily_unavailable` is thrown', external('temporarily_unavailable', { statusCode: 503, headers: { 'Retry-After': '30' } })),
  resolves('an `OAuthError` is thrown', (world: World) => new world.lib.OAuthError('invalid_token', { description: 'Own words.' })),
  resolves('an error is thrown', () => new RangeError('own')),
  {
    what: 'the resolver gets token, request and env, and only tokens that are not ours',
    run: async (world) => {
      const resolveExternalToken = async ({ token: presented, request, env }: { token: string; request: Request; env: Options }): Promise<unknown> => {
        world.seen.push({ presented, path: new URL(request.url).pathname, own: request.headers.get('x-own'), kv: env['OAUTH_KV'] !== undefined });
        return EXTERNAL;
      };
      const server = world.serve({ resolveExternalToken });
      await server.call({ access_token: 'ext.1' }, '/mcp/deeper', { headers: { 'x-own': 'yes' } });
      const own = await server.call(await server.signIn(await server.client()));
      return [...world.seen, own.body['props']];
    },
  },
]; // prettier-ignore
