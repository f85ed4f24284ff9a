/** A server process on Node with logins that send messages. Prints its port. Argument: a data folder. */
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { mailLogins } from './mail-logins.ts';

const app = new OAuthProvider({ issuer: 'http://localhost:9999', apiRoute: '/mcp', apiHandler: () => new Response(), logins: mailLogins });
const { port } = await serve(app, { port: 0, env: { PORTCULLIS_LIMITS: 'off' }, data: process.argv[2] ?? '' });
process.stdout.write(`${port}\n`);
