/** The Worker of the tests of sessions over several isolates: everything in Durable Objects, news too. */
import { env } from 'cloudflare:workers';
import { password } from '../../src/logins/password.ts';
import { sessions } from '../../src/mcp/index.ts';
import type { Handler } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { type NewsNamespace, objectEvents } from '../../src/worker/user-objects.ts';
import { MAX_COUNT, PEOPLE, sessionAgent } from '../support/session-agent.ts';

export { PortcullisNews } from '../../src/worker/user-objects.ts';
export { PortcullisStore } from '../../src/worker/store-object.ts';

interface Env {
  readonly MEMBER: string;
  readonly NEWS: NewsNamespace;
}

const events = objectEvents((env as unknown as Env).NEWS);
const agent = sessionAgent<Env>(events, ({ MEMBER }) => MEMBER);
const provider = new OAuthProvider<Env>({
  issuer: 'http://localhost:9999', // tests go to the port that it has
  apiRoute: '/mcp',
  apiHandler: agent.serve('/mcp', { sessions: sessions({ most: MAX_COUNT }), events, streamCheck: 1 }) as Handler<Env>,
  logins: [password({ accounts: () => PEOPLE })],
  clientRegistrationEndpoint: '/register',
});

export default {
  fetch(request: Request, own: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return provider.fetch(new Request(`http://localhost:9999${pathname}${search}`, request), own, ctx);
  },
};
