/** One personal access token in three real clients, and its end: revoked in one process, refused by the other on the next call. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { makeBrowser } from '../../src/testing/browser.ts';
import { type Fleet, FLEET_ISSUER as ISSUER, FLEET_PERSON as ALICE, startFleet } from '../support/fleet.ts';

const run = promisify(execFile);
const fleets: Fleet[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'curl', version: '1' } },
});

/** The status that curl gets. */
async function curl(port: number, key: string): Promise<string> {
  const headers = [`Authorization: Bearer ${key}`, 'Content-Type: application/json', 'Accept: application/json, text/event-stream'];
  const all = headers.flatMap((header) => ['-H', header]);
  const url = `http://127.0.0.1:${port}/mcp`;
  return (await run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '120', ...all, '-d', INITIALIZE, url])).stdout;
}

/** The SDK's client with a header of its own and no sign-in. */
async function connected(port: number, key: string): Promise<Client> {
  const client = new Client({ name: 'script', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), { requestInit }));
  return client;
}

describe('a personal access token over two processes', () => {
  it('is used by the SDK client, Inspector and curl, and refused everywhere on the next call once it is revoked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-keys-'));
    folders.push(folder);
    const fleet = await startFleet(folder, 2, 'key-server.ts');
    fleets.push(fleet);
    const [one, two] = fleet.members as [(typeof fleet.members)[0], (typeof fleet.members)[0]];
    const browser = makeBrowser(one.send);
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const form = await browser.get(`${ISSUER}/account/keys?new=1`);
    const made = await browser.submit(form, { name: 'Script', scope: 'read', ttl: String(30 * 86_400), decision: 'make' });
    const key = /<code>(pcl_[\w-]{71})<\/code>/.exec(made.text)?.[1] ?? '';
    const script = await connected(two.port(), key);
    const said = await script.callTool({ name: 'whoami', arguments: {} });
    expect(JSON.stringify(said.content)).toContain('key:');
    expect([await curl(one.port(), key), await curl(two.port(), key)]).toEqual(['200', '200']);
    const header = ['--transport', 'http', '--header', `Authorization: Bearer ${key}`, '--method', 'tools/list'];
    const inspector = await run('npx', ['--no-install', 'mcp-inspector', '--cli', `http://127.0.0.1:${one.port()}/mcp`, ...header]);
    expect(inspector.stdout).toContain('"whoami"');
    const list = await browser.get(`${ISSUER}/account/keys`);
    expect((await browser.submit(list, { decision: 'revoke' })).status).toBe(303);
    expect([await curl(one.port(), key), await curl(two.port(), key)]).toEqual(['401', '401']);
    await expect(script.callTool({ name: 'whoami', arguments: {} })).rejects.toThrow();
    await script.close();
  }); // Inspector takes its time to start
});
