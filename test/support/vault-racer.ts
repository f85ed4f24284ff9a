/**
 * A process that serves one SQLite file and asks for the token of one account many times at once; prints each token it was
 * given, or the failure. Arguments: the file, the issuer of the provider, our access token, how many calls, the present second.
 */
import { once } from 'node:events';
import { upstream } from '../../src/logins/upstream.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { tool } from './vault-tool.ts';

const [path = '', issuer = '', access = '', calls = '0', now = '0'] = process.argv.slice(2);
const corp = oidc({ clientId: 'portcullis', clientSecret: 'upstream-client-secret', issuer, id: 'corp', label: 'Corp' });
const options = { issuer: 'https://mcp.example', apiRoute: '/mcp', apiHandler: tool, logins: [upstream(corp, { keepTokens: true })] };
const store = sqliteStore(path, { now: () => Number(now) });
const provider = new OAuthProvider(options, { runtime: { ...nodeRuntime(), now: () => Number(now) }, address: () => '192.0.2.1' });
process.stdout.write('ready\n');
await once(process.stdin, 'data');

const headers = { authorization: `Bearer ${access}` };
const said = await Promise.all(
  Array.from({ length: Number(calls) }, async () => {
    const response = await provider.fetch(new Request('https://mcp.example/mcp', { method: 'POST', headers, body: '{}' }), {
      PORTCULLIS: store,
    });
    return (await response.json()) as { token?: string; failure?: string };
  }),
);
for (const { token, failure } of said) process.stdout.write(`token ${token ?? failure ?? 'nothing'}\n`);
store.close();
process.exit();
