/** Rights that change while a client is connected, over two processes and each engine that carries the news. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const SERVER = fileURLToPath(new URL('../support/rights-server.ts', import.meta.url));
const ISSUER = 'http://localhost:9999';
const ALICE = { username: 'alice', password: 'correct horse battery' };

let redis: TestRedis | string;
let postgres: TestPostgres | string;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-rights-'));
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const engine of [redis, postgres]) if (typeof engine === 'object') await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(data: string, engine: string, url: string): Promise<Send> {
  const child = spawn(process.execPath, [SERVER, data, engine, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (text: Buffer) => resolve(text.toString().trim()));
    child.once('exit', (code) => reject(new Error(`The server ended with ${String(code)}.`)));
  });
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.method === 'POST' ? await request.text() : null;
    const { method, headers, signal } = request;
    return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { method, headers, body, redirect: 'manual', signal });
  };
}

/** A client that lists the tools anew whenever it hears that they changed. */
async function connect(send: Send, token: string): Promise<{ client: Client; heard: string[][] }> {
  const heard: string[][] = [];
  const onChanged = (_error: unknown, tools: { name: string }[] | null): void => void heard.push((tools ?? []).map(({ name }) => name));
  const client = new Client(
    { name: 't', version: '1' },
    { versionNegotiation: { mode: 'auto' }, listChanged: { tools: { debounceMs: 0, onChanged } } },
  );
  const fetcher: typeof fetch = (input, init) => send(new Request(input as string | URL, init));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${ISSUER}/mcp`), { fetch: fetcher, requestInit }));
  return { client, heard };
}

describe.each(['redis', 'ioredis', 'postgres'])('rights that change in one process, over %s', (engine) => {
  it(
    'SEC-185 are gone at the very next call in the other, and the client there lists its tools anew',
    { timeout: 180_000 },
    async (test) => {
      const started = engine === 'postgres' ? postgres : redis;
      if (typeof started === 'string') {
        if (process.env['CI']) throw new Error(started);
        return test.skip(started);
      }
      const url = 'freshUrl' in started ? await started.freshUrl() : started.url;
      const data = mkdtempSync(join(folder, `${engine}-`));
      writeFileSync(join(data, 'rights.json'), '["admin"]');
      const here = await start(data, engine, url);
      const there = await start(data, engine, url);
      const change = async (permissions: readonly string[]): Promise<void> => {
        const body = JSON.stringify(permissions);
        expect((await here(new Request(`${ISSUER}/rights`, { method: 'POST', body }))).status).toBe(204);
      };
      const signing = await registerClient({ send: here, issuer: ISSUER });
      const { access } = tokensOf(await signing.redeem(await signing.signIn(makeBrowser(here), ALICE)));
      const { client, heard } = await connect(there, access);
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['look', 'wipe']);
      expect(await client.callTool({ name: 'wipe', arguments: {} })).not.toHaveProperty('isError');
      const told = async (permissions: readonly string[], tools: readonly string[]): Promise<void> => {
        const before = heard.length;
        // The stream answers before the engine has noted its listener: news that come too early are told again.
        await vi.waitFor(
          async () => {
            await change(permissions);
            await vi.waitFor(() => expect(heard.slice(before).at(-1)).toEqual(tools), { timeout: 500, interval: 5 });
          },
          { timeout: 20_000, interval: 5 },
        );
      };
      await change([]);
      expect(await client.callTool({ name: 'wipe', arguments: {} })).toMatchObject({ isError: true });
      await told([], ['look']);
      await told(['admin'], ['look', 'wipe']);
      expect(await client.callTool({ name: 'wipe', arguments: {} })).not.toHaveProperty('isError');
      if (started.restart) {
        const before = heard.length;
        await started.restart();
        // What was said meanwhile is lost, so that whoever listens is told to look anew; and news come through again.
        await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before), { timeout: 20_000, interval: 20 });
        await told([], ['look']);
      }
      await client.close();
    },
  );
});
