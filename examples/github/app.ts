/**
 * A protected MCP server whose users sign in with GitHub; the same source for Node and for Workers.
 * Register an OAuth App with the callback URL `<origin>/authorize/callback/github`, and put its id and secret into the environment.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { OAuthProvider, upstream } from 'portcullis';
import { McpAgent, requirePermission } from 'portcullis/mcp';
import { github } from 'portcullis/upstreams';

/** What the runtime hands over. */
export interface Env {
  readonly GITHUB_CLIENT_ID: string;
  readonly GITHUB_CLIENT_SECRET: string;
  /** GitHub user ids of administrators, separated by commas. Not their names, which can become another user's. */
  readonly ADMINS?: string;
}

class GitHubMcp extends McpAgent<Env> {
  server = new McpServer({ name: 'github-sign-in', version: '1.0.0' });

  init(): void {
    const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    this.server.registerTool('userInfo', { description: 'Who am I' }, () => {
      const { name = 'user', email = 'no verified address', idp } = this.props.claims;
      return say(`Hello, ${name} (${email}), known from ${String(idp)}.`);
    });
    this.server.registerTool(
      'adminAction',
      { description: 'Only for administrators' },
      requirePermission('admin', () => say('Done.')),
    );
  }
}

const hub = github({
  clientId: (env: Env) => env.GITHUB_CLIENT_ID,
  clientSecret: (env: Env) => env.GITHUB_CLIENT_SECRET,
});

/** The whole server. */
export const app = new OAuthProvider<Env>({
  name: 'GitHub example',
  apiRoute: '/mcp',
  apiHandler: GitHubMcp.serve('/mcp'),
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'demo:use': 'Use the tools as you' },
  logins: [
    upstream(hub, {
      mapIdentity: ({ subject }, env: Env) => ({
        permissions: (env.ADMINS ?? '').split(/[\s,]+/).includes(subject) ? ['admin'] : [],
      }),
    }),
  ],
});
