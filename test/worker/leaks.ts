/** The Worker of the leak tests. `/measure` tells how many servers are left; the test collects garbage through the inspector. */
import { password } from '../../src/logins/password.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { leakHandler, serversAlive } from '../support/leak-agent.ts';
import { PEOPLE } from '../support/session-agent.ts';

export { PortcullisStore } from '../../src/worker/store-object.ts';

const provider = new OAuthProvider<unknown>({
  issuer: 'http://localhost:9999',
  apiRoute: '/mcp',
  apiHandler: leakHandler(),
  logins: [password({ accounts: () => PEOPLE })],
  clientRegistrationEndpoint: '/register',
  defaultHandler: { fetch: async () => Response.json({ servers: serversAlive() }) },
});

export default {
  fetch(request: Request, env: unknown, ctx: ExecutionContext): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return provider.fetch(new Request(`http://localhost:9999${pathname}${search}`, request), env, ctx);
  },
};
