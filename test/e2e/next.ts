/** `examples/next` as it stands: built by Next itself, with its own lockfile, and called by real clients whose tokens our server elsewhere signs. */
import assert from 'node:assert/strict';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { freePort } from '../support/port.ts';
import { ALICE } from './app.ts';
import { visit } from './chromium.ts';
import { freshClient, startHere } from './here.ts';
import { allow } from './person.ts';
import { childEnv, freshFolder, ROOT, runProgram, startNext } from './processes.ts';
import { check } from './report.ts';
import { type Line, runSdkClient } from './sdk-clients.ts';

const FOLDER = `${ROOT}examples/next`;
/** Seconds; a quiet machine installs in ten and builds in fifteen. */
const LIMIT = 800;
const LINES: readonly (readonly [Line, string | undefined])[] = [
  ['default', '2025-11-25'],
  ['auto', '2026-07-28'],
  ['old', undefined],
];
const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'write', arguments: {} } };
const send: Send = (request) => fetch(request);

/** Every check of Next. */
export async function checkNext(browser: Browser): Promise<void> {
  let built = false;
  await check('next: installs by its lockfile, builds, and its types agree', async () => {
    // What npm is told of its registry stands in the user's own environment.
    if (!existsSync(`${FOLDER}/node_modules/next`)) await done('npm', ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund'], process.env);
    linkPackage();
    await done(`${FOLDER}/node_modules/.bin/next`, ['build', FOLDER], childEnv(freshFolder('next'), { NEXT_TELEMETRY_DISABLED: '1' }));
    built = true;
  });
  if (!built) return;
  const port = await freePort();
  const mcp = `http://localhost:${port}/mcp`;
  const issuing = await startHere('next', () => ({
    resources: { [mcp]: {} },
    scopesSupported: { read: 'Read', write: 'Write' },
    accessTokenSigning: 'ES256',
    secret: 'a secret of the end-to-end suite, 32 bytes long',
  }));
  const next = await startNext(FOLDER, port, { MCP_URL: mcp, ISSUER: issuing.url });
  try {
    for (const [line, protocol] of LINES) {
      await check(`next: the SDK's client (${line}) signs in, calls a tool, refreshes`, async () => {
        const visitor = (page: string): Promise<unknown> => visit(browser, issuing.url, (one) => allow(one.page, page));
        const came = await runSdkClient(line, mcp, visitor);
        const said = came.said.replace(/are \S+\.$/, 'are somebody.');
        assert.deepEqual(
          { ...came, said, saidAfterRefresh: '' },
          { tools: ['whoami', 'write'], said: 'You are somebody.', saidAfterRefresh: '', protocol },
        );
        assert.equal(came.saidAfterRefresh, came.said);
      });
    }
    await check('next: no token, one for another resource, and one without the scope come to 401, 401 and 403', async () => {
      const client = await freshClient(issuing.url);
      const tokenFor = async (resource: string): Promise<string> => {
        const asked = { resource, scope: 'read' };
        return tokensOf(await client.redeem(await client.signIn(makeBrowser(send), ALICE, asked), { resource })).access;
      };
      const metadata = `http://localhost:${port}/.well-known/oauth-protected-resource/mcp`;
      const bare = await call(mcp);
      assert.deepEqual([bare.status, bare.headers.get('www-authenticate')], [401, `Bearer resource_metadata="${metadata}"`]);
      assert.equal(((await (await fetch(metadata)).json()) as { resource: string }).resource, mcp);
      assert.equal((await call(mcp, await tokenFor(`${issuing.url}/mcp`))).status, 401);
      const narrow = await call(mcp, await tokenFor(mcp));
      assert.equal(narrow.status, 403);
      assert.match(
        narrow.headers.get('www-authenticate') ?? '',
        /error="insufficient_scope".+scope="write"|scope="write".+error="insufficient_scope"/,
      );
      assert.equal((await call(mcp, undefined, { origin: 'https://evil.example' })).status, 403);
    });
  } finally {
    await Promise.all([next.stop(), issuing.stop()]);
  }
}

/** The package stands where an installation would put it; `npm ci` takes it away again. */
function linkPackage(): void {
  const link = `${FOLDER}/node_modules/portcullis`;
  rmSync(link, { force: true });
  symlinkSync('../../..', link, 'dir');
}

async function done(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { code, out, err } = await runProgram(command, args, env, undefined, LIMIT);
  assert.equal(code, 0, `${command} ${args.join(' ')} failed:\n${out}${err}`);
}

function call(url: string, token?: string, more: Record<string, string> = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...more };
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(url, { method: 'POST', headers: { ...headers, ...authorization }, body: JSON.stringify(CALL) });
}
