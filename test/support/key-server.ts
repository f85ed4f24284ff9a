/**
 * A server process for tests of access keys over several processes: one store, one issuer, an MCP server with a tool that tells who called.
 * Argument: a data folder of SQLite, `postgres://…` or `redis://…`. Prints its port.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { password } from '../../src/logins/password.ts';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Handler } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { storeAt } from './store-at.ts';

class Tools extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'keys', version: '1' });
  init(): void {
    this.server.registerTool('whoami', {}, () => ({ content: [{ type: 'text', text: this.auth.clientId }] }));
  }
}

const place = process.argv[2] ?? '';
const store = storeAt(place);
const app = new OAuthProvider({
  issuer: 'http://localhost:9999', // the processes share it; tests talk to each by its own port
  apiRoute: '/mcp',
  apiHandler: Tools.serve('/mcp') as Handler,
  logins: [password({ accounts: () => [{ username: 'alice', password: 'correct horse battery' }] })],
  scopesSupported: { read: 'Read your notes' },
  accessKeys: {},
});

const env = { PORTCULLIS_LIMITS: 'off', ...(store ? { PORTCULLIS: store } : {}) };
const { port } = await serve(app, { port: 0, env, signals: true, ...(store ? {} : { data: place }) });
process.stdout.write(`${port}\n`);
