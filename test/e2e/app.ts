/** The server that the end-to-end suite drives: one source, on Node with SQLite and in workerd with Durable Objects. */
import { McpServer } from '@modelcontextprotocol/server';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';

export const ALICE = { username: 'alice', password: 'correct horse battery', name: 'Alice Example' } as const;

class E2eMcp extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'portcullis-e2e', version: '1.0.0' });

  init(): void {
    this.server.registerTool('whoami', { description: 'Who is signed in' }, () => ({
      content: [{ type: 'text', text: `Hello, ${this.props.claims.name}!` }],
    }));
  }
}

/** The same options for both runtimes. */
export const options: OAuthProviderOptions = {
  name: 'Acme Notes',
  apiRoute: '/mcp',
  apiHandler: E2eMcp.serve('/mcp'),
  clientRegistrationEndpoint: '/register',
  scopesSupported: { 'notes:read': 'Read your notes', 'notes:write': 'Change and delete your notes' },
  logins: [password({ accounts: () => [ALICE] })],
};

/** The same with passkeys beside the password, and accounts for whoever comes. */
export const passkeyOptions: OAuthProviderOptions = {
  ...options,
  logins: [password({ accounts: () => [ALICE] }), passkeys({ signUp: 'open', rpName: 'Acme Notes' })],
};
