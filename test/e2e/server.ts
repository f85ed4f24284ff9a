/** The Node process under test. Its arguments are its data folder and what it serves; it prints its URL as one line of JSON. */
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { served } from './app.ts';
import type { Served } from './processes.ts';

const env = { PORTCULLIS_LIMITS: 'off' };
const { url } = await serve(new OAuthProvider(served[(process.argv[3] ?? 'entry') as Served]), {
  port: 0,
  data: process.argv[2] ?? '',
  env,
  signals: true,
});
process.stdout.write(`${JSON.stringify({ url })}\n`);
