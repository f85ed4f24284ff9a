/** A Worker that refreshes upstream tokens in `tokenExchangeCallback`, as Cloudflare's Auth0 demo does. Its upstream rotates its tokens. */
import { GrantType, OAuthError, OAuthProvider, type OAuthHelpers, type TokenExchangeCallbackOptions, type TokenExchangeCallbackResult } from '@cloudflare/workers-oauth-provider'; // prettier-ignore

interface Env {
  OAUTH_PROVIDER: OAuthHelpers;
  UPSTREAM: KVNamespace;
}

async function tokenExchangeCallback({
  grantType,
  props,
  env,
}: TokenExchangeCallbackOptions<Env>): Promise<TokenExchangeCallbackResult | void> {
  if (grantType === GrantType.AUTHORIZATION_CODE) return { newProps: { ...props, exchanged: true }, accessTokenTTL: 600 };
  if (grantType !== GrantType.REFRESH_TOKEN) return undefined;
  const live = (await env.UPSTREAM.get('live')) ?? '0';
  if (String(props.round) !== live) throw new OAuthError('invalid_grant', { description: 'The upstream token was used before.' });
  const round = Number(live) + 1;
  await env.UPSTREAM.put('live', String(round));
  return { newProps: { ...props, round }, accessTokenProps: { ...props, round, only: 'token' }, accessTokenTTL: 600 };
}

export default new OAuthProvider<Env>({
  apiRoute: ['/mcp'],
  apiHandler: { fetch: (_request: Request, _env: Env, ctx: ExecutionContext) => Response.json(ctx.props) },
  defaultHandler: {
    async fetch(request: Request, env: Env): Promise<Response> {
      const asked = await env.OAUTH_PROVIDER.parseAuthRequest(request);
      const user = { userId: 'auth0|user-1', metadata: { label: 'Una' }, scope: asked.scope, props: { name: 'Una', round: 0 } };
      return Response.redirect((await env.OAUTH_PROVIDER.completeAuthorization({ request: asked, ...user })).redirectTo, 302);
    },
  },
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  tokenExchangeCallback,
  resourceMetadata: { resource: 'https://mcp.example/mcp' },
});
