/** Which handler answers a path. */
import type { Case } from './case.ts';
import { ABSENT, ISSUER, tried, type World } from './world.ts';
import type { Server } from './server.ts';

type Named = { fetch(): Response };
const named = (name: string): Named => ({ fetch: () => Response.json({ by: name }) });

/** Who answers each path with a valid token. */
async function answerers(server: Server, paths: readonly string[]): Promise<unknown> {
  const tokens = await server.signIn(await server.client());
  const found: Record<string, unknown> = {};
  for (const path of paths) {
    const { status, body } = await server.call(tokens, path);
    found[path] = body['by'] ?? (body['site'] === undefined ? (body['path'] === undefined ? status : 'api') : 'site');
  }
  return found;
}

const origin = { resourceMetadata: { resource: ISSUER } };

export const routes: readonly Case[] = [
  {
    what: 'a route ends at a slash, not inside a name',
    run: (world) => answerers(world.serve(), ['/mcp', '/mcp/', '/mcp/a', '/mcp?a=1', '/mcpx', '/MCP', '/']),
  },
  {
    what: 'a list of routes has one handler',
    run: (world) => answerers(world.serve({ ...origin, apiRoute: ['/mcp', '/sse'] }), ['/mcp', '/sse', '/sse/message', '/other']),
  },
  {
    what: 'the longest of several routes answers',
    run: (world) =>
      answerers(
        world.serve({ ...origin, apiRoute: ABSENT, apiHandler: ABSENT, apiHandlers: { '/mcp': named('mcp'), '/mcp/admin': named('admin'), '/sse': named('sse') } }),
        ['/mcp', '/mcp/admin', '/mcp/admin/x', '/mcp/adminx', '/sse', '/other'],
      ),
  },
  {
    what: 'the route / is this path alone',
    run: (world) => answerers(world.serve({ ...origin, apiRoute: '/' }), ['/', '/other']),
  },
  {
    what: 'a route that ends in a slash',
    run: (world) => answerers(world.serve({ ...origin, apiRoute: '/api/' }), ['/api/', '/api/x', '/api', '/apix']),
  },
  {
    what: 'the URL of the origin as a route covers every path',
    run: (world) => tried(async () => (await world.serve({ ...origin, apiRoute: `${ISSUER}/` }).ask('/other')).status),
  },
  {
    what: 'a route that is a URL',
    run: (world) => answerers(world.serve({ apiRoute: `${ISSUER}/mcp` }), ['/mcp', '/mcp/a', '/other']),
  },
  {
    what: 'a route that is a URL does not answer another host',
    run: async (world) => {
      const server = world.serve({ apiRoute: `${ISSUER}/mcp` });
      return (await server.ask('https://other.example/mcp')).body;
    },
  },
  {
    what: 'a class as handler of the API gets props, environment and helpers',
    run: async (world) => {
      const Api = class extends world.WorkerEntrypoint {
        fetch(request: Request): Response {
          const { props } = this.ctx;
          return Response.json({ path: new URL(request.url).pathname, props, helpers: this.env['OAUTH_PROVIDER'] !== undefined });
        }
      };
      const server = world.serve({ apiHandler: Api });
      const tokens = await server.signIn(await server.client());
      world.useNativeContext();
      return (await server.call(tokens)).body;
    },
  },
  {
    what: 'a class as default handler gets the helpers',
    run: async (world) => {
      const Site = class extends world.WorkerEntrypoint {
        fetch(): Response {
          return Response.json(has(this.env));
        }
      };
      world.useNativeContext();
      return (await world.serve({ defaultHandler: Site }).ask('/')).body;
    },
  },
  {
    what: 'handlers get the helpers and the bindings in env',
    run: async (world) => {
      const api = { fetch: (_request: Request, env: Record<string, unknown>) => Response.json(has(env)) };
      const server = world.serve({ apiHandler: api });
      return (await server.call(await server.signIn(await server.client()))).body;
    },
  },
  {
    what: 'what the API answers is passed on, with its status and headers',
    run: async (world) => {
      const api = { fetch: () => new Response('teapot', { status: 418, headers: { 'x-own': 'yes', 'access-control-expose-headers': 'x-own' } }) };
      const server = world.serve({ apiHandler: api });
      const { status, headers, body } = await server.call(await server.signIn(await server.client()));
      return { status, own: headers.get('x-own'), body };
    },
  },
  {
    what: 'an exception of the API is not turned into an answer',
    run: async (world) => {
      const api = { fetch: () => Promise.reject(new RangeError('own')) };
      const server = world.serve({ apiHandler: api });
      const tokens = await server.signIn(await server.client());
      return server.call(tokens).then(({ status }) => status, (error: Error) => error.name);
    },
  },
  ...(['/account', '/login', '/device', '/introspect', '/par', '/jwks', '/revoke', '/logout', '/.well-known/openid-configuration', '/.well-known/jwks.json'].map((path) => ({
    what: `${path} is the application's`,
    run: (world: World) => world.serve().ask(path).then(({ body, status }) => body['site'] ?? status),
  })) as Case[]),
]; // prettier-ignore

function has(env: Record<string, unknown>): unknown {
  const helpers = env['OAUTH_PROVIDER'] as Record<string, unknown> | undefined;
  return { kv: env['OAUTH_KV'] !== undefined, helpers: typeof helpers?.['parseAuthRequest'] };
}
