/** What TypeScript says of a caller: `tsc -b` checks it. Run, each builds what it describes without an error. */
import { McpServer } from '@modelcontextprotocol/server';
import { Hono } from 'hono';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import {
  type Access,
  type AuthContext,
  type OAuthHelpers,
  OAuthProvider,
  type OAuthProviderOptions,
  password,
  upstream,
} from '../../src/index.ts';
import { accessOf, McpAgent, mcpHandler, openMcpHandler, policy, requirePermission, tool } from '../../src/mcp/index.ts';
import { github } from '../../src/upstreams/github.ts';

interface Env {
  readonly GITHUB_ID: string;
  readonly ADMINS: string;
}
interface Own extends Record<string, unknown> {
  readonly team: string;
}
const source = { resource: 'https://mcp.example/mcp', authorizationServers: ['https://as.example'], verify: () => null };

describe('the types of a caller', () => {
  it('type ctx.auth and ctx.props behind the guard', () => {
    const guarded = guard(source).protect((_request, _env, ctx) => {
      expectTypeOf(ctx.auth).toEqualTypeOf<Access<AuthContext>>();
      expectTypeOf(ctx.props.claims.name).toEqualTypeOf<string | undefined>();
      return Response.json(ctx.props);
    });
    expect(guarded).toBeTypeOf('function');
    guard({ ...source, anonymous: true }).protect((_request, _env, ctx) => {
      expectTypeOf(ctx.auth).extract<undefined>().toEqualTypeOf<undefined>();
      return new Response();
    });
  });

  it('know them in the API handler of a provider, but for callers without a token', () => {
    const rest = { apiRoute: '/mcp', defaultHandler: () => new Response() };
    const provider = new OAuthProvider<Env>({
      ...rest,
      apiHandler: (_request, env, ctx) => {
        expectTypeOf(env).toEqualTypeOf<Env>();
        expectTypeOf(ctx.auth.userId).toEqualTypeOf<string>();
        expectTypeOf(ctx.props).toEqualTypeOf<AuthContext>();
        return Response.json(ctx.props.permissions);
      },
    });
    expect(provider.fetch).toBeTypeOf('function');
    new OAuthProvider({
      ...rest,
      anonymous: true,
      apiHandler: (_request, _env, ctx) => {
        expectTypeOf(ctx.auth).extract<undefined>().toEqualTypeOf<undefined>();
        return Response.json(ctx.auth?.userId);
      },
    });
  });

  it('have one default for the props, which an application may replace', () => {
    expect(accessOf({})).toBeNull();
    expectTypeOf(accessOf({})).toEqualTypeOf<Access<AuthContext> | null>();
    expectTypeOf<McpAgent<Env>['props']>().toEqualTypeOf<AuthContext>();
    expectTypeOf<McpAgent<Env>['env']>().toEqualTypeOf<Env>();
    expectTypeOf<McpAgent<Env, unknown, Own>['auth']>().toEqualTypeOf<Access<Own>>();
    mcpHandler((access) => {
      expectTypeOf(access).toEqualTypeOf<Access<AuthContext>>();
      return new McpServer({ name: 'types', version: '1.0.0' });
    });
    openMcpHandler(
      (access) => {
        expectTypeOf(access).toEqualTypeOf<Access<AuthContext> | null>();
        return new McpServer({ name: 'types', version: '1.0.0' });
      },
      { policy: policy({ tools: {} }) },
    );
    requirePermission('admin', async (context) => {
      expectTypeOf(context.props).toEqualTypeOf<AuthContext>();
      return { content: [] };
    });
    tool({
      name: 'types',
      description: 'Types',
      handler: (_args, { props }) => {
        expectTypeOf(props).toEqualTypeOf<AuthContext>();
        return { content: [] };
      },
    });
  });

  it('take the environment that upstreams, logins and permissions name, without a cast', () => {
    const hub = github({ clientId: (env: Env) => env.GITHUB_ID, clientSecret: 'secret' });
    const login = upstream(hub, { mapIdentity: (_identity, env: Env) => ({ permissions: env.ADMINS.split(',') }) });
    const options: OAuthProviderOptions<Env> = {
      apiRoute: '/mcp',
      apiHandler: () => new Response(),
      logins: [login, password<Env>({ accounts: (env) => [{ username: env.ADMINS, password: 'a long passphrase' }] })],
      permissions: (access, env) => {
        expectTypeOf(env.ADMINS).toEqualTypeOf<string>();
        expectTypeOf(env.OAUTH_PROVIDER.accounts).toEqualTypeOf<OAuthHelpers['accounts']>();
        return [access.userId];
      },
    };
    expect(options.logins).toHaveLength(2);
  });

  it('take a Hono app for every handler (W-09)', () => {
    const app = new Hono<{ Bindings: Env }>();
    const provider = new OAuthProvider<Env>({ apiRoute: '/mcp', apiHandler: app, defaultHandler: app });
    const guarded = guard(source).protect<Env>((request, env, ctx) =>
      app.fetch(request, env, { ...ctx, passThroughOnException: () => undefined }),
    );
    expect([provider.fetch, guarded]).toEqual([expect.any(Function), expect.any(Function)]);
  });
});
