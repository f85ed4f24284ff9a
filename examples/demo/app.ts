/** A protected MCP server, the same source for Node and for Workers: two tools for everyone, one for admins. */
import { McpServer } from '@modelcontextprotocol/server';
import { type NewAccount, OAuthProvider, type OAuthHelpers, password } from 'portcullis';
import { allLanguages } from 'portcullis/languages';
import { McpAgent, requirePermission } from 'portcullis/mcp';
import { z } from 'zod';

/** What the runtime hands over. */
export interface Env {
  /** For runtimes without a start-up: the accounts to make, as JSON. */
  readonly DEMO_ACCOUNTS?: string;
  readonly OAUTH_PROVIDER: OAuthHelpers;
}

class DemoMcp extends McpAgent<Env> {
  server = new McpServer({ name: 'portcullis-demo', version: '1.0.0' });

  init(): void {
    const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    this.server.registerTool('whoami', { description: 'Who is signed in, through which client' }, () =>
      say(`Hello, ${this.props.claims.name ?? 'user'}! You came through client ${this.auth.clientId}.`),
    );
    this.server.registerTool(
      'add',
      { description: 'Adds two numbers', inputSchema: z.object({ a: z.number(), b: z.number() }) },
      ({ a, b }) => say(String(a + b)),
    );
    this.server.registerTool(
      'admin_report',
      { description: 'Only for users with the permission "admin"; others see it and are refused' },
      requirePermission('admin', () => say('All systems are fine, administrator.')),
    );
    if (this.props.permissions?.includes('admin')) {
      this.server.registerTool('hidden_from_users', { description: 'Listed for admins only' }, () => say('You found it.'));
    }
  }
}

/** The whole server: sign-in, consent, tokens, guard and tools. */
export const app = new OAuthProvider<Env>({
  name: 'Portcullis demo',
  apiRoute: '/mcp',
  apiHandler: DemoMcp.serve('/mcp'),
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'demo:use': 'Use the demo tools as you' },
  logins: [password<Env>({ accounts: (env) => JSON.parse(env.DEMO_ACCOUNTS ?? '[]') as NewAccount[] })],
  permissions: ({ userId }, env) => env.OAUTH_PROVIDER.accounts.permissionsOf(userId),
  pages: { languages: allLanguages },
});
