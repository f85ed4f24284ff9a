/**
 * A server as people run it, for its capacity: SQLite in a file, accounts with passwords, our pages. Arguments: the file, and the one account's
 * password.
 */
import { serve } from '../../dist/node/index.js';
import { OAuthProvider, password } from '../../dist/node/main.js';
import type { OAuthHelpers } from '../../dist/provider/helpers.js';
import { sqliteStore } from '../../dist/stores/sqlite.js';
import { ANSWER, CLIENT_ID, CONSENT, HEADERS, KEPT_CLIENT } from './answers.ts';

const [path = ':memory:', secret = ''] = process.argv.slice(2);
const store = sqliteStore(path);
await store.write(`client:${CLIENT_ID}`, KEPT_CLIENT, 'any');

interface Env {
  readonly OAUTH_PROVIDER: OAuthHelpers;
  readonly PORTCULLIS_ISSUER: string;
}

const provider = new OAuthProvider<Env>({
  apiRoute: '/mcp',
  apiHandler: () => new Response(ANSWER, { headers: HEADERS }),
  clientRegistrationEndpoint: '/register',
  scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
  authorizationCodeTTL: 600,
  logins: [password({ accounts: () => [{ username: 'alice', password: secret }] })],
  defaultHandler: async (request, { OAUTH_PROVIDER, PORTCULLIS_ISSUER: issuer }) => {
    const consent = { ...CONSENT, request: { ...CONSENT.request, issuer, resource: `${issuer}/mcp` } };
    const codes: string[] = [];
    while (codes.length < Number(new URL(request.url).searchParams.get('codes'))) {
      const { redirectTo } = await OAUTH_PROVIDER.completeAuthorization(consent);
      codes.push(new URL(redirectTo).searchParams.get('code') ?? '');
    }
    return Response.json(codes);
  },
});

const env = { PORTCULLIS: store, PORTCULLIS_LIMITS: 'off' };
const { port } = await serve(provider, { port: 0, host: '127.0.0.1', env, signals: true });
console.log(`listening ${port}`);
