/** A server process for the leak tests, started with `--expose-gc`. `/measure` collects garbage and tells what is left. Prints its port. */
import { password } from '../../src/logins/password.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { leakHandler, serversAlive } from './leak-agent.ts';
import { PEOPLE } from './session-agent.ts';

const app = new OAuthProvider({
  issuer: 'http://localhost:9999',
  apiRoute: '/mcp',
  apiHandler: leakHandler(),
  logins: [password({ accounts: () => PEOPLE })],
  clientRegistrationEndpoint: '/register',
  store: memoryStore(),
  defaultHandler: {
    async fetch() {
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
