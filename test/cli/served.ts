/** A protected MCP server on a free port of this machine, on a clock that the test moves, for a client that only knows its URL. */
import { McpServer } from '@modelcontextprotocol/server';
import { password } from '../../src/logins/password.ts';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import { serve } from '../../src/node/serve.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';

export const ALICE = { username: 'alice', password: 'correct horse battery' } as const;

/** Holds a name that would ring the bell and clear the screen. */
const NASTY = 'No one\u0007\u001b[2J\u202e';

class TestMcp extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'served', version: '1.2.3' });

  init(): void {
    const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    this.server.registerTool('whoami', { description: `Who am I\u001b[31m` }, () => say(`Hello, ${this.props.claims.name}!`));
    this.server.registerTool('nasty', { description: 'Says something nasty' }, () => say(`${NASTY}\nsecond line`));
    this.server.registerTool('broken', { description: 'Always fails' }, () => ({ ...say('out of order'), isError: true }));
  }
}

/** A server that runs. */
export interface Served {
  readonly url: string;
  readonly clock: Clock;
  /** What was asked, as `METHOD /path`, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/** Starts one. @param changed what becomes of its answers on their way out. */
export async function startServer(
  more: Partial<OAuthProviderOptions> = {},
  changed: (path: string, response: Response) => Promise<Response> | Response = (_path, response) => response,
): Promise<Served> {
  const clock = makeClock(Math.floor(Date.now() / 1000));
  const runtime = nodeRuntime();
  const provider = new OAuthProvider(
    {
      apiRoute: '/mcp',
      apiHandler: TestMcp.serve('/mcp'),
      clientRegistrationEndpoint: '/register',
      scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
      logins: [password({ accounts: () => [{ ...ALICE, name: 'Alice' }] })],
      ...more,
    },
    {
      runtime: { ...runtime, now: () => clock.now(), scrypt: (text, salt, cost) => runtime.scrypt!(text, salt, { ...cost, ln: 4, p: 1 }) },
      address: (_request, ctx) => ctx.address,
    },
  );
  const asked: string[] = [];
  const app = {
    fetch: async (request: Request, env: unknown, ctx: { waitUntil(promise: Promise<unknown>): void }) => {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      return changed(pathname, await provider.fetch(request, env, ctx));
    },
  };
  const server = await serve(app, {
    port: 0,
    host: '127.0.0.1',
    env: { PORTCULLIS: memoryStore({ now: () => clock.now() }) },
    drainTimeout: 1,
  });
  return { url: server.url, clock, asked, stop: () => server.stop() };
}
