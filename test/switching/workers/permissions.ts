/** A Worker whose API looks at permissions in the props, as Cloudflare's AuthKit demo does, with a class as handler. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import OAuthProvider, { type OAuthHelpers } from '@cloudflare/workers-oauth-provider';

interface Env {
  OAUTH_PROVIDER: OAuthHelpers;
}
interface Props {
  name: string;
  permissions: string[];
  round: number;
}

class Api extends WorkerEntrypoint<Env, Props> {
  override fetch(): Response {
    const { permissions } = this.ctx.props;
    return permissions.includes('image_generation') ? Response.json(this.ctx.props) : new Response('Forbidden', { status: 403 });
  }
}

export default new OAuthProvider({
  apiRoute: '/mcp',
  apiHandler: Api,
  defaultHandler: {
    async fetch(request: Request, env: Env): Promise<Response> {
      const asked = await env.OAUTH_PROVIDER.parseAuthRequest(request);
      const props: Props = { name: 'Una', permissions: ['image_generation'], round: 0 };
      const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
        request: asked,
        userId: 'user_01',
        metadata: {},
        scope: asked.scope,
        props,
      });
      return Response.redirect(redirectTo, 302);
    },
  },
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  resourceMetadata: { resource: 'https://mcp.example/mcp', resource_name: 'Images' },
});
