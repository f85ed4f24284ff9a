/**
 * Lines of applications that were written for the other library, as they stand in public repositories. All of them compile with 1.2.3; here
 * `tsc -b` holds that they compile with ours. It never runs.
 */
import OAuthProvider, {
  type AuthorizationServerBinding,
  type ClientInfo,
  type CompleteAuthorizationOptions,
  getOAuthApi,
  type GrantSummary,
  GrantType,
  insufficientScope,
  type ListResult,
  OAuthAuthorizationServer,
  OAuthError,
  type OAuthHelpers,
  type OAuthProviderOptions,
  type OAuthResourceContext,
  OAuthResourceServer,
  type ResolveExternalTokenInput,
  type ResolveExternalTokenResult,
  type TokenExchangeCallbackOptions,
  type TokenExchangeCallbackResult,
  type TokenSummary,
  type ValidatedAccessToken,
} from '@cloudflare/workers-oauth-provider';
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers';
import { Hono } from 'hono';

interface Env {
  OAUTH_PROVIDER: OAuthHelpers;
  SECRET: string;
}
interface Props {
  login: string;
  refreshToken?: string;
}

declare const agent: { fetch<E>(request: Request, env: E, ctx: ExecutionContext): Promise<Response> };
declare function createMcpHandler(): (request: Request, env: unknown, ctx: ExecutionContext) => Promise<Response>;

const app = new Hono<{ Bindings: Env & { OAUTH_PROVIDER: OAuthHelpers } }>();
app.get('/connections', async (c) => {
  const { items } = await c.env.OAUTH_PROVIDER.listUserGrants('u', { limit: 100 });
  return c.json(items.map((one) => ({ id: one.id, label: typeof one.metadata?.label === 'string' ? one.metadata.label : one.clientId })));
});
app.get('/whoami', async (c) => {
  const token = await c.env.OAUTH_PROVIDER.unwrapToken<Props>(c.req.header('authorization') ?? '');
  const loose: TokenSummary | null = await c.env.OAUTH_PROVIDER.unwrapToken('x');
  const client: ClientInfo | null = await c.env.OAUTH_PROVIDER.lookupClient(token?.grant.clientId ?? '');
  return c.json({ login: token?.grant.props.login, any: loose?.grant.props.anything, name: client?.clientName });
});

/** The callback, with its grant types as strings and as members of an enum. */
export async function exchange(options: TokenExchangeCallbackOptions<Env>): Promise<TokenExchangeCallbackResult | void> {
  if (options.grantType === GrantType.AUTHORIZATION_CODE) return { newProps: options.props, accessTokenTTL: 60 };
  if (options.grantType !== 'refresh_token') return {};
  const { refreshToken } = options.props as Props;
  if (!refreshToken) throw new OAuthError('invalid_grant', { description: 'gone' });
  return { newProps: { ...options.props, at: options.env.SECRET }, accessTokenProps: { only: 1 } };
}
export type Refreshing = Extract<GrantType, GrantType.REFRESH_TOKEN>;
export const names: Record<GrantType, string> = {
  [GrantType.AUTHORIZATION_CODE]: 'code',
  [GrantType.REFRESH_TOKEN]: 'refresh',
  [GrantType.TOKEN_EXCHANGE]: 'exchange',
  [GrantType.JWT_BEARER]: 'assertion',
};
export async function testOf(callback: typeof exchange): Promise<string | undefined> {
  const result = await callback({ grantType: GrantType.REFRESH_TOKEN, props: { login: 'a' } } as TokenExchangeCallbackOptions<Env>);
  return result ? result.newProps.login : undefined;
}

class Api extends WorkerEntrypoint<Env, Props> {
  override fetch(): Response {
    return new Response(this.ctx.props.login + this.env.SECRET);
  }
}
const site: ExportedHandler<Env> = {
  async fetch(request, env, ctx) {
    ctx.waitUntil(env.OAUTH_PROVIDER.parseAuthRequest(request));
    return new Response();
  },
};
const base = { authorizeEndpoint: '/authorize', tokenEndpoint: '/token', resourceMetadata: { resource: 'https://mcp.example/mcp' } };
export const plain = new OAuthProvider({ ...base, apiRoute: '/mcp', apiHandler: agent, defaultHandler: app });
export const cast = new OAuthProvider<Env>({
  ...base,
  apiHandlers: { '/mcp': Api, '/sse': { fetch: (request, env, ctx) => createMcpHandler()(request, env, ctx) } },
  defaultHandler: app as unknown as ExportedHandler,
});
export const withEvents = new OAuthProvider<Env>({
  ...base,
  apiRoute: ['/mcp', '/v1/'],
  apiHandler: {
    async fetch(request, env, ctx) {
      return agent.fetch(request, env, ctx);
    },
  },
  defaultHandler: {
    fetch: (request, env, ctx) => app.fetch(request, env, ctx),
    async scheduled(_event, env, ctx) {
      ctx.waitUntil(env.OAUTH_PROVIDER.purgeExpiredData());
    },
  },
});

/** Options that several functions share. */
export function optionsOf(env: Env): OAuthProviderOptions<Env> {
  return {
    ...base,
    apiRoute: '/mcp',
    apiHandler: { fetch: (_request: Request, _env: Env, ctx: ExecutionContext) => new Response((ctx.props as Props).login) },
    defaultHandler: site,
    tokenExchangeCallback: exchange,
    resolveExternalToken: async ({ token, request }: ResolveExternalTokenInput<Env>): Promise<ResolveExternalTokenResult | null> =>
      token === env.SECRET ? { props: { login: 'a' }, audience: new URL(request.url).origin } : null,
    onError: ({ status, description, internal, request }) => new Response(description + internal.reason + request?.url, { status }),
    clientRegistrationCallback: async ({ clientMetadata }) =>
      clientMetadata['client_name'] ? undefined : { code: 'invalid_client_metadata', description: 'name', status: 400 },
  };
}
export class Mine extends OAuthProvider<Env> {
  override async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    return request.url.endsWith('/health') ? new Response() : super.fetch(request, env, ctx);
  }
}
export class Agent extends DurableObject<Env> {
  async forget(user: string): Promise<void> {
    const page: ListResult<GrantSummary> = await getOAuthApi(optionsOf(this.env), this.env).listUserGrants(user);
    for (const { id } of page.items) await this.env.OAUTH_PROVIDER.revokeGrant(id, user);
  }
}
export const mocked: Pick<OAuthHelpers, 'completeAuthorization'> = {
  completeAuthorization: async (options: CompleteAuthorizationOptions) => ({ redirectTo: options.props.login + options.metadata.label }),
};

const server = new OAuthAuthorizationServer<Env>({ issuer: 'https://auth.example', resources: ['https://mcp.example/mcp'] });
export class Auth extends WorkerEntrypoint<Env> {
  validateToken(resource: string, token: string): Promise<ValidatedAccessToken<Props> | null> {
    return server.validateToken<Props>(resource, token, this.env);
  }
  override fetch(request: Request): Promise<Response> {
    return server.fetch(request, this.env, this.ctx);
  }
}
interface ResourceEnv {
  AUTH: AuthorizationServerBinding<Props>;
}
const remote = {
  resourceMetadata: { resource: 'https://mcp.example/mcp', authorization_servers: ['https://auth.example'] },
  validateToken: (env: ResourceEnv) => (resource: string, token: string) => env.AUTH.validateToken(resource, token),
};
export const resource = new OAuthResourceServer<ResourceEnv, Props>({
  ...remote,
  handler: {
    async fetch(request, env, ctx) {
      if (!ctx.auth.scope.some((one) => one === 'write')) return insufficientScope(ctx.auth, ['write']);
      ctx.passThroughOnException();
      return createMcpHandler()(request, env, ctx);
    },
  },
});
class ResourceApi extends WorkerEntrypoint<ResourceEnv, Props> {
  override fetch(): Response {
    return new Response((this.ctx as OAuthResourceContext<Props>).auth.token);
  }
}
export const byClass = new OAuthResourceServer<ResourceEnv, Props>({ ...remote, handler: ResourceApi });
export const loose = (found: ValidatedAccessToken, binding: AuthorizationServerBinding): unknown => [found.props.login, binding];
