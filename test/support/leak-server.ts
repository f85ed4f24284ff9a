/** A server process for the leak tests, started with `--expose-gc`. `/measure` collects garbage and tells what is left, `/repeat` makes it call itself. Prints its port. */
import { password } from '../../src/logins/password.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { leakHandler, serversAlive } from './leak-agent.ts';
import { answerRepeat, OFFERED } from './leak-calls.ts';
import { PEOPLE } from './session-agent.ts';

const app = new OAuthProvider({
  issuer: 'http://localhost:9999',
  apiHandlers: { '/mcp': leakHandler(), '/api': () => Response.json({}) },
  logins: [password({ accounts: () => PEOPLE })],
  ...OFFERED,
  on: () => undefined,
  store: sqliteStore(':memory:'), // whose records are not in the heap
  defaultHandler: {
    async fetch(request, env): Promise<Response> {
      if (new URL(request.url).pathname === '/repeat') return answerRepeat(request, (own) => app.fetch(own, env as object));
      for (let round = 0; round < 4; round++) {
        globalThis.gc?.();
        await new Promise((done) => setTimeout(done, 25));
      }
      return Response.json({ heap: process.memoryUsage().heapUsed, servers: serversAlive() });
    },
  },
});
const { port } = await serve(app, { port: 0, env: { PORTCULLIS_LIMITS: 'off' } });
process.stdout.write(`${port}\n`);
