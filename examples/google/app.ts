/**
 * A protected MCP server for the people of one Google Workspace; the same source for Node and for Workers.
 * Register a web application with the redirect URI `<origin>/authorize/callback/google`, and put its id and secret into the environment.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { OAuthProvider, upstream } from 'portcullis';
import { McpAgent, requirePermission } from 'portcullis/mcp';
import { google } from 'portcullis/upstreams';

/** What the runtime hands over. */
export interface Env {
  readonly GOOGLE_CLIENT_ID: string;
  readonly GOOGLE_CLIENT_SECRET: string;
  /** Addresses of administrators, separated by commas. */
  readonly ADMINS?: string;
}

class GoogleMcp extends McpAgent<Env> {
  server = new McpServer({ name: 'google-sign-in', version: '1.0.0' });

  init(): void {
    const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    this.server.registerTool('userInfo', { description: 'Who am I' }, () => {
      const { name = 'user', email = 'no verified address' } = this.props.claims;
      return say(`Hello, ${name} (${email}).`);
    });
    this.server.registerTool(
      'adminAction',
      { description: 'Only for administrators' },
      requirePermission('admin', () => say('Done.')),
    );
  }
}

const workspace = google({
  hd: 'acme.example', // leave it out to let in every Google account
  clientId: (env: Env) => env.GOOGLE_CLIENT_ID,
  clientSecret: (env: Env) => env.GOOGLE_CLIENT_SECRET,
});

/** The whole server. */
export const app = new OAuthProvider<Env>({
  name: 'Google example',
  apiRoute: '/mcp',
  apiHandler: GoogleMcp.serve('/mcp'),
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'demo:use': 'Use the tools as you' },
  logins: [
    upstream(workspace, {
      mapIdentity: ({ claims: { email, email_verified } }, env: Env) => ({
        permissions: email_verified === true && (env.ADMINS ?? '').split(/[\s,]+/).includes(String(email)) ? ['admin'] : [],
      }),
    }),
  ],
});
