/**
 * A Worker around its provider, as users of the other library write it: a provider for each request, of a class of its own, helpers from the
 * environment of `cloudflare:workers` and outside of the provider, a Hono app, a `WorkerEntrypoint` for the API.
 */
import OAuthProvider, { type OAuthHelpers, type OAuthProviderOptions } from '@cloudflare/workers-oauth-provider';
import { env as globalEnv, WorkerEntrypoint } from 'cloudflare:workers';
import { Hono } from 'hono';

interface Env {
  OAUTH_PROVIDER: OAuthHelpers;
}
interface Props {
  name: string;
  round: number;
}
const oauth = (): OAuthHelpers => (globalEnv as unknown as Env).OAUTH_PROVIDER;

class Api extends WorkerEntrypoint<Env, Props> {
  override fetch(): Response {
    return Response.json(this.ctx.props);
  }
}

const app = new Hono<{ Bindings: Env }>();
app.get('/authorize', async (c) => {
  const asked = await c.env.OAUTH_PROVIDER.parseAuthRequest(c.req.raw);
  const { clientName } = await oauth().describeConsent(asked);
  const { handle, headers } = await oauth().beginConsent(asked);
  headers.set('content-type', 'text/html');
  return new Response(`${clientName} <input name="handle" value="${handle}">`, { headers });
});
app.post('/authorize', async (c) => {
  const handle = (await c.req.raw.clone().formData()).get('handle') as string;
  const { request } = await oauth().approveConsent(c.req.raw, handle);
  const user = { userId: 'user-1', metadata: { label: 'Una' }, scope: request.scope, props: { name: 'Una', round: 0 } };
  return c.redirect((await oauth().completeAuthorization({ request, ...user })).redirectTo);
});

class Provider extends OAuthProvider<Env> {
  override async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    if (request.headers.has('x-blocked')) return new Response('Blocked', { status: 403 });
    return super.fetch(request, env, ctx);
  }
}

const options = (origin: string): OAuthProviderOptions<Env> => ({
  apiRoute: '/mcp',
  apiHandler: Api,
  defaultHandler: app as unknown as ExportedHandler<Env>,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: ['read', 'write'],
  resourceMetadata: { resource: `${origin}/mcp` },
});

export default {
  async fetch(request, env, ctx) {
    const { origin, pathname } = new URL(request.url);
    if (pathname === '/grants') {
      const { items } = await env.OAUTH_PROVIDER.listUserGrants('user-1');
      for (const { id } of items) if (request.method === 'POST') await env.OAUTH_PROVIDER.revokeGrant(id, 'user-1');
      return Response.json(items.map(({ metadata }) => metadata?.label));
    }
    return new Provider(options(origin)).fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;
