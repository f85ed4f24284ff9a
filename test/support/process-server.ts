/**
 * A server process for tests over several processes: one store, one issuer, a tool that tells who called. Prints its port.
 * Argument: where the store is, a data folder of SQLite, `postgres://…` or `redis://…`.
 */
import { Redis } from 'ioredis';
import pg from 'pg';
import { password } from '../../src/logins/password.ts';
import type { Context } from '../../src/model/handler.ts';
import type { Store } from '../../src/model/store.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { type RedisClient, redisStore } from '../../src/stores/redis.ts';

const whoami = (_request: Request, _env: unknown, ctx: Context): Response => Response.json({ user: ctx.auth?.userId });

const place = process.argv[2] ?? '';
const store = storeAt(place);

function storeAt(url: string): Store | null {
  if (url.startsWith('postgres:')) return postgresStore(new pg.Pool({ connectionString: url, max: 6, connectionTimeoutMillis: 2000 }));
  if (url.startsWith('redis:')) return redisStore(new Redis(url, { maxRetriesPerRequest: 1 }) as unknown as RedisClient);
  return null;
}

const app = new OAuthProvider({
  issuer: 'http://localhost:9999', // the processes share it; tests talk to each by its own port
  apiRoute: '/mcp',
  apiHandler: whoami,
  logins: [password({ accounts: () => [{ username: 'alice', password: 'correct horse battery' }] })],
  clientRegistrationEndpoint: '/register',
});

const env = { PORTCULLIS_LIMITS: 'off', ...(store ? { PORTCULLIS: store } : {}) };
const { port } = await serve(app, { port: 0, env, ...(store ? {} : { data: place }) });
process.stdout.write(`${port}\n`);
