/** The peer: `agents` 0.32 `McpAgent` behind `@cloudflare/workers-oauth-provider` 1.2.3 on local KV (`/mcp`), and the same class alone (`/open`). */
import { type OAuthHelpers, OAuthProvider } from '@cloudflare/workers-oauth-provider';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpAgent } from 'agents/mcp';
import { BENCH_CLIENT, CLIENT_ID, CONSENT, ISSUER, PROPS } from '../servers/answers.ts';

interface Env {
  readonly OAUTH_KV: KVNamespace;
  readonly OAUTH_PROVIDER: OAuthHelpers;
}

/** One object for each session, as their documentation has it. */
export class AgentsMcp extends McpAgent<Cloudflare.Env, unknown, typeof PROPS> {
  server = new McpServer({ name: 'bench', version: '1.0.0' });

  async init(): Promise<void> {
    this.server.registerTool('whoami', { description: 'Who am I' }, async () => ({
      content: [{ type: 'text' as const, text: `Hello, ${this.props?.claims.name ?? 'user'}!` }],
    }));
  }
}

const open = AgentsMcp.serve('/open', { binding: 'AGENTS_MCP' });

export default new OAuthProvider<Env>({
  apiRoute: '/mcp',
  apiHandler: AgentsMcp.serve('/mcp', { binding: 'AGENTS_MCP' }),
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: ['read', 'write'],
  resourceMetadata: { resource: `${ISSUER}/mcp`, authorization_servers: [ISSUER] },
  defaultHandler: {
    async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
      const url = new URL(request.url);
      if (url.pathname === '/open') return open.fetch(request, env, Object.assign(ctx, { props: PROPS }));
      const client = {
        clientId: CLIENT_ID,
        redirectUris: BENCH_CLIENT.redirectUris,
        tokenEndpointAuthMethod: 'none',
        grantTypes: ['authorization_code', 'refresh_token'],
        responseTypes: ['code'],
      };
      await env.OAUTH_KV.put(`client:${CLIENT_ID}`, JSON.stringify(client));
      const codes: string[] = [];
      while (codes.length < Number(url.searchParams.get('codes'))) {
        const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({ ...CONSENT, metadata: {}, revokeExistingGrants: false });
        codes.push(new URL(redirectTo).searchParams.get('code') ?? '');
      }
      return Response.json(codes);
    },
  },
});
