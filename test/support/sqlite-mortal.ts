/**
 * A process that answers one request on a SQLite file and is killed, by a real SIGKILL, before or after the n-th operation of its
 * store. Arguments: the file, the present second, `kill-before` or `kill-after`, n, the path and the form of the request.
 */
import { password } from '../../src/logins/password.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';

const [path = '', now = '0', fault = '', at = '1', url = '', form = ''] = process.argv.slice(2);
const runtime = { ...nodeRuntime(), now: () => Number(now) };
const faulty = faultyStore(sqliteStore(path, { now: runtime.now }));
const provider = new OAuthProvider(
  { issuer: 'https://mcp.example', apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()] },
  { runtime, address: () => '192.0.2.1' },
);
faulty.plan(fault === 'kill-before' ? 'kill-before' : 'kill-after', Number(at));
void faulty.killed.then(() => process.kill(process.pid, 'SIGKILL'));
const headers = { 'content-type': 'application/x-www-form-urlencoded' };
const answer = await provider.fetch(new Request(url, { method: 'POST', headers, body: form }), { PORTCULLIS: faulty.store });
process.stdout.write(`${answer.status}\n`);
process.exit();
