/**
 * Our server as an application would run it on Node. Arguments: `sqlite` or `memory`, and `cached` for tokens that are believed for a while,
 * `signed` for tokens that are signed, `native` where the global objects are left alone. Its default handler makes codes, as an application with its own sign-in does.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../dist/node/index.js';
import { sqliteStore } from '../../dist/stores/sqlite.js';
import { memoryStore, OAuthProvider } from '../../dist/node/main.js';
import type { OAuthHelpers } from '../../dist/provider/helpers.js';
import { ANSWER, CLIENT_ID, CONSENT, HEADERS, ISSUER, KEPT_CLIENT, RESOURCE_SERVER } from './answers.ts';

const [kind, answers] = process.argv.slice(2);
const store = kind === 'memory' ? memoryStore() : sqliteStore(join(temporaryFolder(), 'bench.db'));
await store.write(`client:${CLIENT_ID}`, KEPT_CLIENT, 'any');

const provider = new OAuthProvider<{ PORTCULLIS: typeof store; PORTCULLIS_LIMITS: string; OAUTH_PROVIDER?: OAuthHelpers }>({
  issuer: ISSUER,
  apiRoute: '/mcp',
  apiHandler: () => new Response(ANSWER, { headers: HEADERS }),
  clientRegistrationEndpoint: '/register',
  scopesSupported: { read: 'Read your notes', write: 'Change your notes' },
  clients: [{ ...RESOURCE_SERVER, authMethod: 'client_secret_post', introspects: ['/mcp'] }],
  ...(answers === 'signed' ? { accessTokenSigning: 'ES256', secret: randomBytes(32).toString('base64') } : {}),
  ...(answers === 'cached' ? { dangerouslyCacheTokens: 30 } : {}),
  authorizationCodeTTL: 600,
  defaultHandler: async (request, env) => {
    const count = Number(new URL(request.url).searchParams.get('codes'));
    const codes: string[] = [];
    while (codes.length < count) codes.push(await codeFrom(env.OAUTH_PROVIDER!));
    return Response.json(codes);
  },
});

async function codeFrom(helpers: OAuthHelpers): Promise<string> {
  const { redirectTo } = await helpers.completeAuthorization(CONSENT);
  return new URL(redirectTo).searchParams.get('code') ?? '';
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const env = { PORTCULLIS: store, PORTCULLIS_LIMITS: 'off' };
const { port } = await serve(provider, { port: 0, host: '127.0.0.1', env, signals: true, overrideGlobalObjects: answers !== 'native' });
console.log(`listening ${port}`);
