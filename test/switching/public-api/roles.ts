/** `OAuthAuthorizationServer` and `OAuthResourceServer`. */
import type { Case } from './case.ts';
import { CALLBACK, challengeOf, refusal, Server, VERIFIER } from './server.ts';
import { ISSUER, RESOURCE, tried, type World } from './world.ts';

type Options = Record<string, unknown>;
const OTHER = 'https://files.example/mcp';

/** An authorization server, with a page at its authorize endpoint. */
function authorizationServer(
  world: World,
  changes: Options = {},
): { server: Server; validate: (resource: string, token: string) => Promise<unknown> } {
  const options = {
    issuer: ISSUER,
    authorizeEndpoint: '/authorize',
    tokenEndpoint: '/token',
    clientRegistrationEndpoint: '/register',
    resources: [RESOURCE],
    onError: () => undefined,
    ...changes,
  };
  const as = new world.lib.OAuthAuthorizationServer(options as never);
  const helpers = () => as.getOAuthApi(world.env as never);
  const own = {
    async fetch(request: Request, env: never, ctx: never): Promise<Response> {
      if (!new URL(request.url).pathname.endsWith('/authorize')) return as.fetch(request, env, ctx);
      return world.site().fetch(request, { OAUTH_PROVIDER: helpers() });
    },
  };
  return { server: new Server(world, own, helpers), validate: (resource, token) => as.validateToken(resource, token, world.env as never) };
}

const starts = (what: string, changes: Options): Case => ({
  what: `an authorization server with ${what}`,
  run: (world) => tried(() => Boolean(authorizationServer(world, changes))),
});

/** The members of `ctx.auth` that are documented. */
function documented({ token, audience, expiresAt, scope, userId, clientId }: Options): Options {
  return { token, audience, expiresAt, scope, userId, clientId };
}

/** A resource server whose validator does this. */
function resourceServer(world: World, validate: (resource: string, token: string) => unknown, changes: Options = {}): Server {
  const rs = new world.lib.OAuthResourceServer({
    resourceMetadata: { resource: RESOURCE, authorization_servers: ['https://auth.example'] },
    handler: {
      fetch: (_request: Request, _env: unknown, ctx: { props: unknown; auth: Options }) =>
        Response.json({ props: ctx.props, ...documented(ctx.auth) }),
    },
    validateToken: (env: Options, request: Request) => async (resource: string, token: string) => {
      world.seen.push({ resource, token, env: env['OAUTH_KV'] !== undefined, path: new URL(request.url).pathname });
      return validate(resource, token);
    },
    ...changes,
  } as never);
  return new Server(world, rs, () => {
    throw new Error('A resource server has no helpers.');
  });
}
const GOOD = { props: { name: 'Una' }, audience: RESOURCE, expiresAt: 4_000_000_000, scope: ['read'], userId: 'user-1', clientId: 'c' };
const validates = (what: string, result: (world: World) => unknown, changes: Options = {}): Case => ({
  what: `a validator that ${what}`,
  run: async (world) => {
    const server = resourceServer(
      world,
      () => {
        const value = result(world);
        if (value instanceof Error) throw value;
        return value;
      },
      changes,
    );
    const answer = await server.call({ access_token: 'the-token' });
    return answer.status === 200 ? answer.body : refusal({ ...answer, body: {} });
  },
});
const constructs = (what: string, changes: Options): Case => ({
  what: `a resource server with ${what}`,
  run: (world) => tried(() => Boolean(resourceServer(world, () => GOOD, changes))),
});

export const roles: readonly Case[] = [
  starts('the usual', {}),
  starts('no issuer', { issuer: undefined }),
  starts('an issuer on http', { issuer: 'http://auth.example' }),
  starts('an issuer with a query', { issuer: `${ISSUER}/?a=1` }),
  starts('an issuer with a fragment', { issuer: `${ISSUER}/#x` }),
  starts('no resources', { resources: undefined }),
  starts('an empty list of resources', { resources: [] }),
  starts('a resource that is no URL', { resources: ['mcp'] }),
  starts('a resource on http', { resources: ['http://mcp.example/mcp'] }),
  starts('a resource twice', { resources: [RESOURCE, RESOURCE] }),
  starts('two resources', { resources: [RESOURCE, OTHER] }),
  starts('a default resource that is not listed', { resources: [RESOURCE], defaultResource: OTHER }),
  starts('a legacy resource that is not listed', { resources: [RESOURCE], legacyGrantResource: OTHER }),
  starts('two endpoints at one path', { authorizeEndpoint: '/token' }),
  starts('an option of the other role', { apiRoute: '/mcp' }),
  {
    what: 'metadata of an authorization server',
    run: async (world) => {
      const { body } = await authorizationServer(world, { resources: [RESOURCE, OTHER] }).server.ask('/.well-known/oauth-authorization-server');
      return ['issuer', 'authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'protected_resources'].map((name) => body[name]);
    },
  },
  {
    what: 'metadata of an authorization server without endpoints of its own',
    run: async (world) => {
      const { body } = await authorizationServer(world, { authorizeEndpoint: undefined, tokenEndpoint: undefined }).server.ask('/.well-known/oauth-authorization-server');
      return ['issuer', 'authorization_endpoint', 'token_endpoint'].map((name) => body[name]);
    },
  },
  {
    what: 'metadata of an issuer with a path',
    run: async (world) => {
      const { server } = authorizationServer(world, { issuer: `${ISSUER}/tenant`, authorizeEndpoint: undefined, tokenEndpoint: undefined, clientRegistrationEndpoint: undefined });
      const { status, body } = await server.ask('/.well-known/oauth-authorization-server/tenant');
      return [status, body['issuer'], body['authorization_endpoint'], body['token_endpoint']];
    },
  },
  {
    what: 'a sign-in, and a token that is validated for its resource',
    run: async (world) => {
      const { server, validate } = authorizationServer(world, { resources: [RESOURCE, OTHER], defaultResource: RESOURCE });
      const client = await server.client();
      const token = String((await server.signIn(client))['access_token']);
      const { expiresAt, clientId, ...rest } = (await validate(RESOURCE, token)) as Options;
      return { ...rest, client: clientId === client.id, seconds: Number(expiresAt) - Math.floor(Date.now() / 1000), other: await validate(OTHER, token), nonsense: await validate(RESOURCE, 'u:g:s') };
    },
  },
  {
    what: 'a token of the other resource',
    run: async (world) => {
      const { server, validate } = authorizationServer(world, { resources: [RESOURCE, OTHER], defaultResource: RESOURCE });
      const token = String((await server.signIn(await server.client(), { resource: OTHER }))['access_token']);
      return [((await validate(OTHER, token)) as Options | null)?.['audience'], await validate(RESOURCE, token)];
    },
  },
  {
    what: 'validateToken for a resource that is not listed',
    run: (world) => tried(() => authorizationServer(world).validate('https://other.example', 'x')),
  },
  {
    what: 'validateToken after the grant was revoked',
    run: async (world) => {
      const { server, validate } = authorizationServer(world);
      const token = String((await server.signIn(await server.client()))['access_token']);
      const [grant] = (await server.helpers.listUserGrants('user-1')).items;
      await server.helpers.revokeGrant(grant?.id ?? '', 'user-1');
      return validate(RESOURCE, token);
    },
  },
  {
    what: 'validateToken after the end of the token',
    run: async (world) => {
      const { server, validate } = authorizationServer(world);
      const token = String((await server.signIn(await server.client()))['access_token']);
      world.later(3601);
      return validate(RESOURCE, token);
    },
  },
  {
    what: 'no resource named, of two without a default',
    run: async (world) => {
      const { server } = authorizationServer(world, { resources: [RESOURCE, OTHER] });
      const { id } = await server.made();
      const { headers, body } = await server.authorize({ id });
      return [headers.get('location')?.includes('code=') ?? false, (body['thrown'] as Options | undefined)?.['code']];
    },
  },
  {
    what: 'a token is revoked at the token endpoint, also of an issuer with a path',
    run: async (world) => {
      const found: unknown[] = [];
      for (const [issuer, paths] of [[ISSUER, {}], [`${ISSUER}/tenant`, { authorizeEndpoint: undefined, tokenEndpoint: undefined, clientRegistrationEndpoint: undefined }]] as const) {
        const { server, validate } = authorizationServer(world, { issuer, ...paths });
        const { id } = await server.made({ tokenEndpointAuthMethod: 'none' });
        const path = issuer === ISSUER ? '/token' : '/tenant/oauth/token';
        const asked = issuer === ISSUER ? '/authorize' : '/tenant/authorize';
        const { headers } = await server.authorize({ id }, {}, asked);
        const code = new URL(headers.get('location') ?? 'https://none.example').searchParams.get('code') ?? '';
        const { body } = await server.form(path, { grant_type: 'authorization_code', client_id: id, code, redirect_uri: CALLBACK, code_verifier: VERIFIER });
        const before = (await validate(RESOURCE, String(body['access_token']))) !== null;
        const { status } = await server.form(path, { client_id: id, token: String(body['refresh_token']) });
        found.push([before, status, await validate(RESOURCE, String(body['access_token']))]);
      }
      return found;
    },
  },
  {
    what: 'a path that is no endpoint',
    run: async (world) => (await authorizationServer(world).server.ask('/other')).status,
  },
  {
    what: 'parseAuthRequest at another URL than the authorize endpoint',
    run: async (world) => {
      const { server } = authorizationServer(world);
      const client = await server.client();
      return refusal(await server.authorize(client, {}, '/other/authorize'));
    },
  },
  constructs('the usual', {}),
  constructs('no authorization server', { resourceMetadata: { resource: RESOURCE } }),
  constructs('an empty list of authorization servers', { resourceMetadata: { resource: RESOURCE, authorization_servers: [] } }),
  constructs('no resource', { resourceMetadata: { authorization_servers: ['https://auth.example'] } }),
  constructs('no handler', { handler: undefined }),
  constructs('a handler that is none', { handler: {} }),
  constructs('no validator', { validateToken: undefined }),
  constructs('a required scope with a space', { requiredScopes: ['a b'] }),
  {
    what: 'metadata of a resource server',
    run: async (world) => {
      const { body } = await resourceServer(world, () => GOOD, { requiredScopes: ['read'], resourceMetadata: { resource: RESOURCE, authorization_servers: ['https://auth.example'], resource_name: 'Notes' } }).ask('/.well-known/oauth-protected-resource/mcp');
      return ['resource', 'authorization_servers', 'scopes_supported', 'bearer_methods_supported', 'resource_name'].map((name) => body[name]);
    },
  },
  {
    what: 'a resource server without a token',
    run: async (world) => refusal(await resourceServer(world, () => GOOD, { requiredScopes: ['read'] }).call(null)),
  },
  {
    what: 'a resource server at another path',
    run: async (world) => (await resourceServer(world, () => GOOD).call({ access_token: 'x' }, '/other')).status,
  },
  {
    what: 'a resource server below its path',
    run: async (world) => (await resourceServer(world, () => GOOD).call({ access_token: 'x' }, '/mcp/deeper')).status,
  },
  {
    what: 'a preflight of a resource server',
    run: async (world) => (await resourceServer(world, () => GOOD).ask('/mcp', { method: 'OPTIONS', headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' } })).status,
  },
  {
    what: 'what a validator gets',
    run: async (world) => {
      await resourceServer(world, () => GOOD).call({ access_token: 'the-token' }, '/mcp/deeper');
      return world.seen;
    },
  },
  {
    what: 'a class as handler of a resource server',
    run: async (world) => {
      const Api = class extends world.WorkerEntrypoint {
        fetch(): Response {
          return Response.json({ props: this.ctx['props'], user: (this.ctx['auth'] as Options | undefined)?.['userId'] });
        }
      };
      const server = resourceServer(world, () => GOOD, { handler: Api });
      world.useNativeContext();
      return (await server.call({ access_token: 'x' })).body;
    },
  },
  validates('returns a token', () => GOOD),
  validates('returns a token with no more than it must', () => ({ props: 1, audience: RESOURCE })),
  validates('returns null', () => null),
  validates('returns nothing', () => undefined),
  validates('returns another audience', () => ({ ...GOOD, audience: OTHER })),
  validates('returns no audience', () => ({ props: {} })),
  validates('returns a list of audiences', () => ({ ...GOOD, audience: [RESOURCE] })),
  validates('returns an audience with a host in capitals', () => ({ ...GOOD, audience: 'https://MCP.example/mcp' })),
  validates('returns a token that is over', () => ({ ...GOOD, expiresAt: 1 })),
  validates('returns an end that is no number', () => ({ ...GOOD, expiresAt: '4000000000' })),
  validates('returns an end that is not finite', () => ({ ...GOOD, expiresAt: Number.NaN })),
  validates('returns scopes that are no list', () => ({ ...GOOD, scope: 'read' })),
  validates('returns scopes that are no texts', () => ({ ...GOOD, scope: [1] })),
  validates('returns a user that is no text', () => ({ ...GOOD, userId: 7 })),
  validates('returns a client that is no text', () => ({ ...GOOD, clientId: 7 })),
  validates('returns a text', () => 'yes'),
  validates('returns true', () => true),
  validates('throws `invalid_token`', (world) => new world.lib.OAuthError('invalid_token', { description: 'Own.' })),
  validates('throws `insufficient_scope` with scopes', (world) => new world.lib.OAuthError('insufficient_scope', { description: 'Own.', requiredScopes: ['admin'] })),
  validates('throws `insufficient_scope` without scopes', (world) => new world.lib.OAuthError('insufficient_scope', { description: 'Own.' }), { requiredScopes: ['read'] }),
  validates('throws `temporarily_unavailable`', (world) => new world.lib.OAuthError('temporarily_unavailable', { description: 'Own.', statusCode: 429, headers: { 'Retry-After': '9' } })),
  {
    what: 'a validator that throws `temporarily_unavailable` says when to come back',
    run: async (world) => {
      const server = resourceServer(world, () => {
        throw new world.lib.OAuthError('temporarily_unavailable', { description: 'Own.', statusCode: 429, headers: { 'Retry-After': '9' } });
      });
      return (await server.call({ access_token: 'x' })).headers.get('retry-after');
    },
  },
  validates('throws another error', () => new RangeError('own')),
  validates('returns a token without a required scope', () => GOOD, { requiredScopes: ['admin'] }),
  ...[undefined, 'Own words.'].map((text) => ({
    what: `\`insufficientScope\` ${text === undefined ? 'without' : 'with'} a text`,
    run: async (world: World) => {
      const response = world.lib.insufficientScope({ token: 't', audience: RESOURCE, scope: ['read'] }, ['read', 'admin'], text);
      const { error, error_description: words } = (await response.json()) as Options;
      return { status: response.status, error, words: text === undefined ? 'any' : words, challenge: challengeOf(response.headers.get('www-authenticate') ?? '') };
    },
  })),
]; // prettier-ignore
