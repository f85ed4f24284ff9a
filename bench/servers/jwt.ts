/** `jwt-app.ts` on Node. */
import { serve } from '../../src/node/index.ts';
import { fetch } from './jwt-app.ts';

const { port } = await serve({ fetch }, { port: 0, host: '127.0.0.1', signals: true });
console.log(`listening ${port}`);
