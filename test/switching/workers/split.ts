/** Two Workers in one file: an authorization server, and a resource server that asks it over a service binding. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import {
  type AuthorizationServerBinding,
  OAuthAuthorizationServer,
  type OAuthHelpers,
  OAuthResourceServer,
} from '@cloudflare/workers-oauth-provider';

interface Env {
  AUTH: AuthorizationServerBinding<{ name: string }>;
}

const auth = new OAuthAuthorizationServer<Env>({
  issuer: 'https://mcp.example',
  authorizeEndpoint: 'https://mcp.example/authorize',
  tokenEndpoint: 'https://mcp.example/token',
  clientRegistrationEndpoint: 'https://mcp.example/register',
  resources: ['https://mcp.example/mcp'],
});

/** What the resource server calls. */
export class Auth extends WorkerEntrypoint<Env> {
  validateToken(resource: string, token: string): ReturnType<AuthorizationServerBinding['validateToken']> {
    return auth.validateToken(resource, token, this.env);
  }
}

const resource = new OAuthResourceServer<Env, { name: string }>({
  resourceMetadata: { resource: 'https://mcp.example/mcp', authorization_servers: ['https://mcp.example'] },
  handler: { fetch: (_request, _env, ctx) => Response.json(ctx.props) },
  validateToken: (env) => (uri, token) => env.AUTH.validateToken(uri, token),
});

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/mcp') return resource.fetch(request, env, ctx);
    if (pathname !== '/authorize') return auth.fetch(request, env, ctx);
    const oauth: OAuthHelpers = auth.getOAuthApi(env);
    const asked = await oauth.parseAuthRequest(request);
    const user = { userId: 'user-1', metadata: {}, scope: asked.scope, props: { name: 'Una', round: 0 } };
    return Response.redirect((await oauth.completeAuthorization({ request: asked, ...user })).redirectTo, 302);
  },
};
