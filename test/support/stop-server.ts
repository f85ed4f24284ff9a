/** A server process that is stopped by SIGTERM while streams are open: idle ones, and those of tools at work. Prints its port. Argument: the file whose coming ends a tool's work. */
import { existsSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { password } from '../../src/logins/password.ts';
import { McpAgent, sessions } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { LINE_HEADER } from './leak-agent.ts';
import { PEOPLE } from './session-agent.ts';

class Slow extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'slow', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
  init(): void {
    this.server.registerTool('slow', {}, async () => {
      await this.progress(1, 2);
      while (!existsSync(process.argv[2] ?? '')) await new Promise((done) => setTimeout(done, 20));
      return { content: [{ type: 'text', text: 'the last word' }] };
    });
  }
}

const [stateless, inSessions] = [Slow.serve('/mcp'), Slow.serve('/mcp', { sessions: sessions({ sse: true }) })];
const app = new OAuthProvider({
  issuer: 'http://localhost:9999',
  apiRoute: '/mcp',
  apiHandler: { fetch: (request, env, ctx) => (request.headers.has(LINE_HEADER) ? stateless : inSessions).fetch(request, env, ctx) },
  logins: [password({ accounts: () => PEOPLE })],
  clientRegistrationEndpoint: '/register',
  store: memoryStore(),
});
// A stop that waits for its deadline instead of for what is at work does not end before the test is over.
const { port } = await serve(app, { port: 0, env: { PORTCULLIS_LIMITS: 'off' }, signals: true, drainTimeout: 1000 });
process.stdout.write(`${port}\n`);
