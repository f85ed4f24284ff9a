/**
 * The Worker of `test/support/rights-object-server`: tools behind the whole provider, on the store and the news of Durable Objects that
 * may be another process's. `POST /rights` changes Alice's permissions and tells the news.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { password } from '../../src/logins/password.ts';
import { mcpHandler, policy, sessions } from '../../src/mcp/index.ts';
import type { OAuthHelpers } from '../../src/index.ts';
import type { Context, FetchObject } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { objectEvents, type PortcullisNews } from '../../src/worker/user-objects.ts';

export { PortcullisNews } from '../../src/worker/user-objects.ts';
export { PortcullisStore } from '../../src/worker/store-object.ts';

interface Env {
  readonly NEWS: DurableObjectNamespace<PortcullisNews>;
  readonly OAUTH_PROVIDER: OAuthHelpers;
}

const rules = policy({ tools: { wipe: { permissions: ['admin'] } } });
let tools: FetchObject | undefined;

const provider = new OAuthProvider<Env>({
  issuer: 'http://localhost:9999', // the processes share it; tests talk to each by its own port
  apiRoute: '/mcp',
  apiHandler: (request, env, ctx) => (tools ??= makeTools(env)).fetch(request, env, ctx),
  permissions: ({ userId }, env) => env.OAUTH_PROVIDER.accounts.permissionsOf(userId),
  async defaultHandler(request: Request, env: Env) {
    const { accounts } = env.OAUTH_PROVIDER;
    const alice = await accounts.findByUsername('alice');
    if (!alice) return new Response('Alice has not signed in yet.', { status: 404 });
    await accounts.setPermissions(alice.id, await request.json());
    await objectEvents(env.NEWS).publish({ userId: alice.id }, ['tools']);
    return new Response(null, { status: 204 });
  },
  logins: [password({ accounts: () => [{ username: 'alice', password: 'correct horse battery', permissions: ['admin'] }] })],
  clientRegistrationEndpoint: '/register',
});

/** Once in each process: sessions and news stand in Durable Objects alone. */
function makeTools(env: Env): FetchObject {
  const build = (): McpServer => {
    const mcp = new McpServer({ name: 'rights', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
    for (const name of ['look', 'wipe']) mcp.registerTool(name, {}, () => ({ content: [{ type: 'text', text: name }] }));
    return mcp;
  };
  return mcpHandler(build, { policy: rules, events: objectEvents(env.NEWS), sessions: sessions() });
}

export default {
  fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return provider.fetch(new Request(`http://localhost:9999${pathname}${search}`, request), env, ctx);
  },
};
