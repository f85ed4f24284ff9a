/** The smallest thing that protects something: `guard` alone with a verifier of a few lines, on Node. For the cost of starting. */
import { guard } from '../../dist/guard/index.js';
import { serve } from '../../dist/node/index.js';
import { ANSWER, HEADERS } from './answers.ts';

const protect = guard({
  resource: 'http://localhost:8787/mcp',
  authorizationServers: ['http://localhost:8787'],
  verify: (token, resource) =>
    token === 'good'
      ? { userId: 'user-1', clientId: 'client', grantId: 'grant', scope: [], resource, expiresAt: Number.MAX_SAFE_INTEGER, props: {} }
      : null,
});
const fetch = protect.protect(() => new Response(ANSWER, { headers: HEADERS }));
const { port } = await serve({ fetch }, { port: 0, host: '127.0.0.1', signals: true });
console.log(`listening ${port}`);
