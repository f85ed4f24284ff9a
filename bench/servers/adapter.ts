/** `serve()` with nothing behind it: what Fetch's own Request and Response cost on Node. Argument: `native` to leave the global ones alone. */
import { serve } from '../../dist/node/index.js';
import { ANSWER, HEADERS } from './answers.ts';

const fetch = (): Response => new Response(ANSWER, { headers: HEADERS });
const overrideGlobalObjects = process.argv[2] !== 'native';
const { port } = await serve({ fetch }, { port: 0, host: '127.0.0.1', signals: true, overrideGlobalObjects });
console.log(`listening ${port}`);
