/** The server of `test/support/mail-object-server`. */
import { OAuthProvider } from '../../src/worker/main.ts';
import { mailLogins } from '../support/mail-logins.ts';

export { PortcullisStore } from '../../src/worker/store-object.ts';

const provider = new OAuthProvider({
  issuer: 'http://localhost:9999', // tests go to the port that it has
  apiRoute: '/mcp',
  apiHandler: () => new Response(),
  logins: mailLogins,
});

export default {
  fetch(request: Request, env: unknown, ctx: ExecutionContext): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return provider.fetch(new Request(`http://localhost:9999${pathname}${search}`, request), env, ctx);
  },
};
