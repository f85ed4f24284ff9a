/**
 * Users sign in with Auth0; the tokens that clients get are ours, and Auth0's stay here. A tool that runs for long asks for the
 * access token of its API before each step: it is refreshed whenever it nears its end, once, however many runs there are.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { OAuthProvider, upstream } from 'portcullis';
import { accessOf, McpAgent } from 'portcullis/mcp';
import { auth0 } from 'portcullis/upstreams';
import { z } from 'zod';

/** What the runtime hands over. */
export interface Env {
  readonly AUTH0_CLIENT_ID: string;
  readonly AUTH0_CLIENT_SECRET: string;
}

const API = 'https://api.notes.example';

class NotesMcp extends McpAgent<Env> {
  server = new McpServer({ name: 'auth0-notes', version: '1.0.0' });

  init(): void {
    const about = { description: 'Counts the words of all notes, page by page', inputSchema: z.object({ pages: z.int().min(1).max(50) }) };
    this.server.registerTool('countWords', about, async ({ pages }, context) => {
      const notes = accessOf(context)!.upstream('auth0');
      let words = 0;
      for (let page = 1; page <= pages; page++) {
        const headers = { authorization: `Bearer ${await notes.token()}` }; // good for this page, however long the last one took
        const answer = await fetch(`${API}/notes?page=${page}`, { headers });
        if (!answer.ok) throw new Error(`The notes API said ${answer.status}.`);
        words += (await answer.text()).split(/\s+/).length;
      }
      return { content: [{ type: 'text', text: `${words} words in the notes of ${this.props.claims.name ?? 'somebody'}.` }] };
    });
  }
}

const tenant = auth0({
  domain: 'acme.eu.auth0.com',
  audience: API,
  clientId: (env: Env) => env.AUTH0_CLIENT_ID,
  clientSecret: (env: Env) => env.AUTH0_CLIENT_SECRET,
});

/** The whole server. Callback URL for Auth0's dashboard: `<origin>/authorize/callback/auth0`. */
export const app = new OAuthProvider<Env>({
  name: 'Notes',
  apiRoute: '/mcp',
  apiHandler: NotesMcp.serve('/mcp'),
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/token',
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'notes:read': 'Read your notes' },
  logins: [upstream(tenant, { keepTokens: true })],
});
