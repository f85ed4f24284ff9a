/** A Worker that signs users in at another site, as Cloudflare's GitHub demo does: approval, redirect, callback. */
import { OAuthProvider, type OAuthHelpers } from '@cloudflare/workers-oauth-provider';

interface Env {
  OAUTH_PROVIDER: OAuthHelpers;
}

const api = {
  fetch: (_request: Request, _env: Env, ctx: ExecutionContext): Response => Response.json(ctx.props),
};

const site = {
  async fetch(request: Request, env: Env): Promise<Response> {
    const oauth = env.OAUTH_PROVIDER;
    const { pathname } = new URL(request.url);
    if (pathname === '/callback') {
      const { request: approved, data } = await oauth.finishUpstream<{ verifier: string }>(request);
      const login = new URL(request.url).searchParams.get('code') ?? '';
      const props = { login, verifier: data.verifier, round: 0 };
      const { redirectTo } = await oauth.completeAuthorization({
        request: approved,
        userId: login,
        metadata: { label: login },
        scope: approved.scope,
        props,
      });
      return Response.redirect(redirectTo, 302);
    }
    if (request.method === 'GET') {
      const asked = await oauth.parseAuthRequest(request);
      const client = await oauth.lookupClient(asked.clientId);
      const { handle, headers } = await oauth.beginConsent(asked);
      headers.set('content-type', 'text/html');
      return new Response(`${client?.clientName ?? 'Unknown MCP Client'} <input name="handle" value="${handle}">`, { headers });
    }
    const handle = (await request.clone().formData()).get('handle');
    if (typeof handle !== 'string') return new Response('Bad request', { status: 400 });
    const approved = await oauth.approveConsent(request, handle);
    const { state, headers } = await oauth.beginUpstream(approved.request, { data: { verifier: 'v' }, headers: approved.headers });
    headers.set('location', `https://github.example/login?state=${state}`);
    return new Response(null, { status: 302, headers });
  },
};

export default new OAuthProvider({
  apiHandlers: { '/sse': api, '/mcp': api },
  defaultHandler: site,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  resourceMetadata: { resource: 'https://mcp.example' },
});
