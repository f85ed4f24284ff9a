/**
 * A server process for tests of a change of the secret and of a restore: notes that an agent keeps, second factors, signed tokens. Prints its port.
 * Argument: where the store is. Secret and epoch come from the environment, as in production.
 */
import type { Context } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { secretOptions } from './secret-options.ts';
import { storeAt } from './store-at.ts';

const place = process.argv[2] ?? '';
const store = storeAt(place);
const whoami = (_request: Request, _env: unknown, ctx: Context): Response => Response.json({ user: ctx.auth?.userId });
const app = new OAuthProvider(secretOptions(whoami));
const env = {
  PORTCULLIS_LIMITS: 'off',
  PORTCULLIS_SECRET: process.env['PORTCULLIS_SECRET'],
  PORTCULLIS_EPOCH: process.env['PORTCULLIS_EPOCH'],
  ...(store ? { PORTCULLIS: store } : {}),
};
const { port } = await serve(app, { port: 0, env, signals: true, ...(store ? {} : { data: place }) });
process.stdout.write(`${port}\n`);
