/**
 * A server process for tests of sessions over several processes: one store, one issuer, news over the engine of the store where it has any.
 * Argument: a data folder of SQLite, `postgres://…` or `redis://…`. Prints its port.
 */
import { Redis } from 'ioredis';
import pg from 'pg';
import { password } from '../../src/logins/password.ts';
import { postgresChannel, redisChannel, sessions, userEvents } from '../../src/mcp/index.ts';
import type { Channel } from '../../src/mcp/events/user-events.ts';
import type { Handler } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { MAX_COUNT, PEOPLE, sessionAgent } from './session-agent.ts';
import { storeAt } from './store-at.ts';

const place = process.argv[2] ?? '';
const store = storeAt(place);

function channelAt(url: string): Channel | null {
  if (url.startsWith('redis:')) return redisChannel(new Redis(url), new Redis(url));
  if (!url.startsWith('postgres:')) return null;
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  };
  return postgresChannel(new pg.Pool({ connectionString: url, max: 1 }), connect);
}

const events = userEvents(channelAt(place));
const agent = sessionAgent(events, () => String(process.pid));
const app = new OAuthProvider({
  issuer: 'http://localhost:9999', // the processes share it; tests talk to each by its own port
  apiRoute: '/mcp',
  apiHandler: agent.serve('/mcp', { sessions: sessions({ most: MAX_COUNT }), events, streamCheck: 1 }) as Handler,
  logins: [password({ accounts: () => PEOPLE })],
  clientRegistrationEndpoint: '/register',
});

const env = { PORTCULLIS_LIMITS: 'off', ...(store ? { PORTCULLIS: store } : {}) };
const { port } = await serve(app, { port: 0, env, ...(store ? {} : { data: place }) });
process.stdout.write(`${port}\n`);
