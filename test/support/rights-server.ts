/**
 * A server process for tests of rights that change: tools behind the whole provider, rights in a file that the processes share, and
 * news of changes over a channel. `POST /rights` changes Alice's rights here. Arguments: data folder, engine, its URL. Prints its port.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpServer } from '@modelcontextprotocol/server';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { password } from '../../src/logins/password.ts';
import { type Channel, mcpHandler, policy, postgresChannel, redisChannel, sessions, userEvents } from '../../src/mcp/index.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';

const [data = '', engine = '', url = ''] = process.argv.slice(2);
const file = join(data, 'rights.json');
const rights = (): string[] => JSON.parse(readFileSync(file, 'utf8')) as string[];

const CHANNELS: { readonly [engine: string]: () => Promise<Channel> } = {
  ioredis: async () => redisChannel(new Redis(url), new Redis(url)),
  async redis() {
    const client = await createClient({ url }).connect();
    return redisChannel(client, await client.duplicate().connect());
  },
  async postgres() {
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    };
    return postgresChannel(new pg.Pool({ connectionString: url, max: 1 }), connect);
  },
};

const events = userEvents(await CHANNELS[engine]!());
const rules = policy({ tools: { wipe: { permissions: ['admin'] } } });
const app = new OAuthProvider({
  issuer: 'http://localhost:9999', // the processes share it; tests talk to each by its own port
  apiRoute: '/mcp',
  apiHandler: mcpHandler(
    () => {
      const mcp = new McpServer({ name: 'rights', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
      mcp.registerTool('look', {}, () => ({ content: [{ type: 'text', text: 'looked' }] }));
      mcp.registerTool('wipe', {}, () => ({ content: [{ type: 'text', text: 'wiped' }] }));
      return mcp;
    },
    { policy: rules, events, sessions: sessions() },
  ),
  permissions: () => rights(),
  async defaultHandler(request: Request) {
    const part = `${file}.${process.pid}`;
    writeFileSync(part, await request.text());
    renameSync(part, file); // the other process may be reading it
    const alice = await server.helpers.accounts.findByUsername('alice');
    if (alice) await events.publish({ userId: alice.id }, ['tools']);
    return new Response(null, { status: 204 });
  },
  logins: [password({ accounts: () => [{ username: 'alice', password: 'correct horse battery' }] })],
  clientRegistrationEndpoint: '/register',
});

const server = await serve(app, { port: 0, data, env: { PORTCULLIS_LIMITS: 'off' } });
process.stdout.write(`${server.port}\n`);
