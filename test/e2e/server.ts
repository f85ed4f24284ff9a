/** The Node process under test. Its argument is its data folder; it prints its URL as one line of JSON. */
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { options } from './app.ts';

const env = { PORTCULLIS_LIMITS: 'off' };
const { url } = await serve(new OAuthProvider(options), { port: 0, data: process.argv[2] ?? '', env, signals: true });
process.stdout.write(`${JSON.stringify({ url })}\n`);
