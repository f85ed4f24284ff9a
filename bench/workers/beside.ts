/** `@cloudflare/workers-oauth-provider` 1.2.3 that says yes to everybody, for the test that compares what it lets in with what we do. */
import { OAuthProvider, type OAuthHelpers } from '@cloudflare/workers-oauth-provider';
import { ISSUER } from '../servers/answers.ts';

interface Env {
  readonly OAUTH_PROVIDER: OAuthHelpers;
}

export default new OAuthProvider<Env>({
  apiRoute: '/mcp',
  apiHandler: { fetch: () => new Response('called') },
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: ['read', 'write', 'offline_access'],
  requiredScopes: ['read'],
  resourceMetadata: { resource: `${ISSUER}/mcp`, authorization_servers: [ISSUER] },
  defaultHandler: {
    async fetch(request: Request, { OAUTH_PROVIDER: helpers }: Env): Promise<Response> {
      if (new URL(request.url).pathname === '/made') {
        const { secret, ...client } = (await request.json()) as { secret: string; redirectUris: string[] };
        const { clientId } = await helpers.createClient({ ...client, tokenEndpointAuthMethod: 'client_secret_basic' });
        await helpers.updateClient(clientId, { clientSecret: secret });
        return Response.json({ client_id: clientId });
      }
      try {
        const asked = await helpers.parseAuthRequest(request);
        const consent = { request: asked, userId: 'user-1', metadata: {}, scope: asked.scope, props: {}, revokeExistingGrants: false };
        return Response.redirect((await helpers.completeAuthorization(consent)).redirectTo, 302);
      } catch (error) {
        return new Response(String(error), { status: 400 });
      }
    },
  },
});
