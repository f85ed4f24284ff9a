/** The Worker of the leak tests. `/repeat` makes it call itself, `/measure` tells how many servers are left; the test collects garbage through the inspector. */
import { password } from '../../src/logins/password.ts';
import type { Context } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { leakHandler, serversAlive } from '../support/leak-agent.ts';
import { answerRepeat, OFFERED } from '../support/leak-calls.ts';
import { PEOPLE } from '../support/session-agent.ts';

export { PortcullisStore } from '../../src/worker/store-object.ts';

const provider = new OAuthProvider<unknown>({
  issuer: 'http://localhost:9999',
  apiHandlers: { '/mcp': leakHandler(), '/api': () => Response.json({}) },
  logins: [password({ accounts: () => PEOPLE })],
  ...OFFERED,
  on: () => undefined,
  defaultHandler: {
    async fetch(request, env, ctx): Promise<Response> {
      if (new URL(request.url).pathname === '/repeat') return answerRepeat(request, (own) => provider.fetch(own, env, contextOf(ctx)));
      return Response.json({ servers: serversAlive() });
    },
  },
});

/** A context for each request, as the guard wants it. */
const contextOf = (ctx: Context): Context => ({ waitUntil: (promise) => ctx.waitUntil(promise) });

export default {
  fetch(request: Request, env: unknown, ctx: ExecutionContext): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return provider.fetch(new Request(`http://localhost:9999${pathname}${search}`, request), env, ctx);
  },
};
