/** The same server on `@cloudflare/workers-oauth-provider` 1.2.3 with local KV. */
import { OAuthProvider, type OAuthHelpers } from '@cloudflare/workers-oauth-provider';
import { ANSWER, CLIENT_ID, CONSENT, HEADERS, ISSUER, REDIRECT_URI } from '../servers/answers.ts';

interface Env {
  readonly OAUTH_KV: KVNamespace;
  readonly OAUTH_PROVIDER: OAuthHelpers;
}

async function codeFrom(helpers: OAuthHelpers): Promise<string> {
  const { redirectTo } = await helpers.completeAuthorization({ ...CONSENT, metadata: {}, revokeExistingGrants: false });
  return new URL(redirectTo).searchParams.get('code') ?? '';
}

export default new OAuthProvider<Env>({
  apiRoute: '/mcp',
  apiHandler: { fetch: () => new Response(ANSWER, { headers: HEADERS }) },
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: ['read', 'write'],
  resourceMetadata: { resource: `${ISSUER}/mcp`, authorization_servers: [ISSUER] },
  defaultHandler: {
    async fetch(request: Request, env: Env): Promise<Response> {
      const client = {
        clientId: CLIENT_ID,
        redirectUris: [REDIRECT_URI],
        tokenEndpointAuthMethod: 'none',
        grantTypes: ['authorization_code', 'refresh_token'],
        responseTypes: ['code'],
      };
      if ((await env.OAUTH_KV.get(`client:${CLIENT_ID}`)) === null) await env.OAUTH_KV.put(`client:${CLIENT_ID}`, JSON.stringify(client));
      const count = Number(new URL(request.url).searchParams.get('codes'));
      const codes: string[] = [];
      while (codes.length < count) codes.push(await codeFrom(env.OAUTH_PROVIDER));
      return Response.json(codes);
    },
  },
});
