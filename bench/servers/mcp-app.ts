/**
 * An MCP server of ours for both runtimes: `/mcp` is an `McpAgent` behind the whole provider, `/open` the same class with a caller that
 * nobody checked, `/open/tools/N` a catalogue of N tools. Told apart by the path alone, so that one process is asked for all of it.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { catalogue, McpAgent, mcpHandler, tool } from '../../src/mcp/index.ts';
import type { Access, AuthContext } from '../../src/model/access.ts';
import type { FetchObject } from '../../src/model/context.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { BENCH_CLIENT, CONSENT, ISSUER, PROPS } from './answers.ts';

/** Numbers of tools, each with a route of its own. */
export const TOOL_COUNTS = [10, 100, 1000] as const;

const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });

class BenchAgent extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'bench', version: '1.0.0' });

  override init(): void {
    this.server.registerTool('whoami', { description: 'Who am I' }, () => said(`Hello, ${this.props.claims.name ?? 'user'}!`));
  }
}

/** What a caller is worth whom nobody checked. */
const NOBODY: Access<AuthContext> = {
  userId: 'user-1', clientId: 'client', grantId: 'grant', scope: ['read', 'write'], resource: `${ISSUER}/mcp`, expiresAt: 2 ** 40, props: PROPS,
  upstream: null as never, connect: null as never,
}; // prettier-ignore

const schema = z.object({ id: z.string(), text: z.string().optional() });

/** N tools that need a scope each, every tenth a permission. */
function withTools(count: number): FetchObject {
  const tools = Array.from({ length: count }, (_, at) =>
    tool({
      name: `tool-${at}`,
      description: `Does the thing with the number ${at}`,
      inputSchema: schema,
      scopes: ['read'],
      ...(at % 10 === 0 ? { permissions: ['write'] } : {}),
      handler: ({ id }) => said(id),
    }),
  );
  const all = catalogue(tools, { hierarchy: { write: ['read'] } });
  return mcpHandler(
    (access, ctx) => {
      const server = new McpServer({ name: 'bench', version: '1.0.0' });
      all.register(server, access, ctx);
      return server;
    },
    { policy: all },
  );
}

const OPEN: ReadonlyMap<string, FetchObject> = new Map([
  ['/open', BenchAgent.Router],
  ...TOOL_COUNTS.map((count) => [`/open/tools/${count}`, withTools(count)] as const),
]);

/** The default handler of the provider: `/setup?codes=N`. */
async function setup(request: Request, env: { readonly OAUTH_PROVIDER: OAuthHelpers }): Promise<Response> {
  const codes: string[] = [];
  while (codes.length < Number(new URL(request.url).searchParams.get('codes'))) {
    const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization(CONSENT);
    codes.push(new URL(redirectTo).searchParams.get('code') ?? '');
  }
  return Response.json(codes);
}

/** What the provider is made with on both runtimes: `/mcp` is guarded. */
export const OPTIONS: OAuthProviderOptions = {
  issuer: ISSUER,
  apiRoute: '/mcp',
  apiHandler: BenchAgent.Router,
  defaultHandler: setup as never,
  clients: [BENCH_CLIENT],
  scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
  authorizationCodeTTL: 600,
};

/** What is open stands before the provider, which costs it nothing. */
export function before(provider: FetchObject<never>): FetchObject<never> {
  return {
    fetch(request, env, ctx) {
      const open = OPEN.get(new URL(request.url).pathname);
      return open ? open.fetch(request, env, Object.assign(ctx, { auth: NOBODY, props: NOBODY.props })) : provider.fetch(request, env, ctx);
    },
  };
}
