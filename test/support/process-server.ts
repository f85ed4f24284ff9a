/**
 * A server process for tests over several processes: one store, one issuer, a tool that tells who called. Prints its port.
 * Argument: where the store is, a data folder of SQLite, `postgres://…` or `redis://…`.
 */
import { adminApi } from '../../src/admin/index.ts';
import { password } from '../../src/logins/password.ts';
import type { Context } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { storeAt } from './store-at.ts';

const whoami = (_request: Request, _env: unknown, ctx: Context): Response => Response.json({ user: ctx.auth?.userId });

const place = process.argv[2] ?? '';
const store = storeAt(place);

const app = new OAuthProvider({
  issuer: 'http://localhost:9999', // the processes share it; tests talk to each by its own port
  apiRoute: '/mcp',
  apiHandler: whoami,
  logins: [password({ accounts: () => [{ username: 'alice', password: 'correct horse battery', permissions: ['admin'] }] })],
  admin: adminApi({ permission: 'admin' }),
  clientRegistrationEndpoint: '/register',
});

const env = { PORTCULLIS_LIMITS: 'off', ...(store ? { PORTCULLIS: store } : {}) };
const { port } = await serve(app, { port: 0, env, signals: true, ...(store ? {} : { data: place }) });
process.stdout.write(`${port}\n`);
