/** `serve()` with nothing behind it: what Fetch's own Request and Response cost on Node. Argument: `plain` for light requests and a PlainResponse. */
import { PlainResponse, serve } from '../../dist/node/index.js';
import { ANSWER, HEADERS } from './answers.ts';

const plain = process.argv[2] === 'plain';
const fetch = (): Response => (plain ? PlainResponse.of(ANSWER, { headers: HEADERS }) : new Response(ANSWER, { headers: HEADERS }));
const { port } = await serve({ fetch, takesLightRequests: plain }, { port: 0, host: '127.0.0.1', signals: true });
console.log(`listening ${port}`);
