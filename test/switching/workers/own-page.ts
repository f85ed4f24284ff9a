/** A Worker with its own consent page, as a user of the other library writes it. */
import OAuthProvider, { type OAuthHelpers } from '@cloudflare/workers-oauth-provider';

interface Env {
  OAUTH_PROVIDER: OAuthHelpers;
}

const api = {
  fetch(_request: Request, _env: Env, ctx: ExecutionContext): Response {
    return Response.json(ctx.props);
  },
};

const site = {
  async fetch(request: Request, env: Env): Promise<Response> {
    const oauth = env.OAUTH_PROVIDER;
    if (request.method === 'GET') {
      const asked = await oauth.parseAuthRequest(request);
      const { clientName, redirectHost, scope } = await oauth.describeConsent(asked);
      const { handle, headers } = await oauth.beginConsent(asked);
      headers.set('content-type', 'text/html');
      return new Response(`${clientName} at ${redirectHost} asks for ${scope.join(', ')} <input name="handle" value="${handle}">`, {
        headers,
      });
    }
    const handle = (await request.clone().formData()).get('handle');
    if (typeof handle !== 'string') return new Response('Bad request', { status: 400 });
    const { request: approved } = await oauth.approveConsent(request, handle);
    const user = { userId: 'user-1', metadata: { label: 'Una' }, scope: approved.scope, props: { name: 'Una', round: 0 } };
    const { redirectTo } = await oauth.completeAuthorization({ request: approved, ...user });
    return Response.redirect(redirectTo, 302);
  },
};

export default new OAuthProvider({
  apiRoute: '/mcp',
  apiHandler: api,
  defaultHandler: site,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: ['read', 'write'],
  resourceMetadata: { resource: 'https://mcp.example/mcp' },
});
