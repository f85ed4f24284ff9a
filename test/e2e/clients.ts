/** Real clients against one server, each from its first 401 to a tool that names the user, with a real browser in between. */
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Browser } from 'playwright-core';
import { ALICE } from './app.ts';
import { checkAccessible, shoot, visit } from './chromium.ts';
import { type Doorbell, hangDoorbell } from './doorbell.ts';
import { allow, deny } from './person.ts';
import { childEnv, freshFolder, runProgram } from './processes.ts';
import { check } from './report.ts';
import { type Line, runSdkClient } from './sdk-clients.ts';

const HELLO = `Hello, ${ALICE.name}!`;
const LINES: readonly (readonly [Line, string, string | undefined])[] = [
  ['default', 'SDK client 2.4.0', '2025-11-25'],
  ['auto', 'SDK client 2.4.0, negotiating', '2026-07-28'],
  ['old', 'SDK client 1.32.2', undefined],
];

/** All clients against the server at `url`. */
export async function checkClients(where: string, url: string, browser: Browser): Promise<void> {
  const mcp = `${url}/mcp`;
  const visitor = (page: string): Promise<unknown> => visit(browser, url, (one) => allow(one.page, page));
  for (const [line, name, protocol] of LINES) {
    await check(`${where}: ${name} signs in, calls a tool, refreshes`, async () => {
      const came = await runSdkClient(line, mcp, visitor);
      assert.deepEqual(came, { tools: ['whoami'], said: HELLO, saidAfterRefresh: HELLO, protocol });
    });
  }
  await check(`${where}: mcp-remote signs in and calls a tool`, () => ringing(visitor, (bell) => mcpRemote(mcp, bell)));
  await check(`${where}: MCP Inspector signs in, lists tools, calls one with what it stored`, () =>
    ringing(visitor, (bell) => inspector(mcp, bell)),
  );
  const photographed = (page: string): Promise<unknown> =>
    visit(browser, url, async (one) => {
      await allow(one.page, page);
      await one.page.getByText('You can close this page').waitFor();
      await shoot(one.page, `${where}-connect-callback`);
      await checkAccessible(one.page);
    });
  await check(`${where}: portcullis connect signs in and calls a tool`, () => ringing(photographed, (bell) => portcullis(mcp, bell)));
  await check(`${where}: portcullis connect says so when access is denied`, () =>
    ringing(
      (page) => visit(browser, url, (one) => deny(one.page, page)),
      async (bell) => {
        const { code, err } = await connectCommand(mcp, bell);
        assert.equal(code, 1);
        assert.match(err, /Access was denied/);
      },
    ),
  );
}

/** Does something while an `xdg-open` of ours leads to the visitor; what went wrong in the browser explains the rest, so it comes first. */
async function ringing(visitor: (url: string) => Promise<unknown>, body: (bell: Doorbell) => Promise<void>): Promise<void> {
  const bell = await hangDoorbell(visitor);
  try {
    await body(bell).catch(async (error: unknown) => {
      await bell.failed();
      throw error;
    });
    await bell.settled();
  } finally {
    bell.stop();
  }
}

/** The environment of a program that opens a browser. */
function withBell(bell: Doorbell, home: string, more: { readonly [name: string]: string } = {}): NodeJS.ProcessEnv {
  const env = childEnv(home, more);
  return { ...env, PATH: `${bell.folder}:${env['PATH'] ?? ''}`, BROWSER: bell.program };
}

async function mcpRemote(mcp: string, bell: Doorbell): Promise<void> {
  const home = freshFolder('mcp-remote');
  const env = withBell(bell, home, { MCP_REMOTE_CONFIG_DIR: home }) as Record<string, string>;
  const transport = new StdioClientTransport({ command: 'mcp-remote', args: [mcp, '--auth-timeout', '600'], env, stderr: 'pipe' });
  let told = '';
  transport.stderr?.on('data', (chunk) => (told += String(chunk)));
  const client = new Client({ name: 'e2e', version: '1.0.0' });
  try {
    await client.connect(transport, { timeout: 600_000 }); // with the sign-in
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ['whoami'],
    );
    const { content } = await client.callTool({ name: 'whoami', arguments: {} });
    assert.deepEqual(content, [{ type: 'text', text: HELLO }]);
  } catch (error) {
    throw new Error(`mcp-remote said:\n${told}`, { cause: error });
  } finally {
    await client.close();
  }
}

async function inspector(mcp: string, bell: Doorbell): Promise<void> {
  const env = withBell(bell, freshFolder('inspector'), { MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' });
  const base = ['--cli', '--server-url', mcp, '--transport', 'http', '--method'];
  const listed = await runProgram('mcp-inspector', [...base, 'tools/list'], env);
  assert.match(listed.out, /"name": ?"whoami"/, listed.err);
  const called = await runProgram('mcp-inspector', [...base, 'tools/call', '--tool-name', 'whoami', '--stored-auth-only'], env);
  assert.ok(called.out.includes(HELLO), `${called.out}\n${called.err}`);
}

async function portcullis(mcp: string, bell: Doorbell): Promise<void> {
  const { code, out, err } = await connectCommand(mcp, bell);
  assert.equal(code, 0, err);
  const found = JSON.parse(out) as { call: { result: { content: { text: string }[] } } };
  assert.equal(found.call.result.content[0]?.text, HELLO);
}

function connectCommand(mcp: string, bell: Doorbell): ReturnType<typeof runProgram> {
  const env = withBell(bell, freshFolder('connect'));
  return runProgram('node', ['src/cli/main.ts', 'connect', mcp, '--call', 'whoami', '--json', '--timeout', '500'], env);
}
