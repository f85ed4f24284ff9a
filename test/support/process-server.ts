/** A server process for tests over several processes: one SQLite file, one issuer, a tool that tells who called. Prints its port. */
import { password } from '../../src/logins/password.ts';
import type { Context } from '../../src/model/handler.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';

const whoami = (_request: Request, _env: unknown, ctx: Context): Response => Response.json({ user: ctx.auth?.userId });

const app = new OAuthProvider({
  issuer: 'http://localhost:9999', // the processes share it; tests talk to each by its own port
  apiRoute: '/mcp',
  apiHandler: whoami,
  logins: [password({ accounts: () => [{ username: 'alice', password: 'correct horse battery' }] })],
  clientRegistrationEndpoint: '/register',
});

const { port } = await serve(app, { port: 0, data: process.argv[2] ?? '', env: { PORTCULLIS_LIMITS: 'off' } });
process.stdout.write(`${port}\n`);
