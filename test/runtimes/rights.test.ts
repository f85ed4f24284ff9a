/** Rights that change while a client is connected, over two processes of either runtime and each engine that carries the news. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Send } from '../../src/testing/browser.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { doorAt, ERAS, listen, seesItsRightsGo, signAliceIn, told } from '../support/rights-client.ts';

const eras = Object.keys(ERAS) as (keyof typeof ERAS)[];
const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'portcullis-rights-'));
afterAll(async () => {
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  const gone = Promise.all(running.map((child) => once(child, 'exit')));
  for (const { pid } of running) if (pid) process.kill(-pid, 'SIGKILL'); // and whatever it started
  await gone;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A server beside this folder, in a process group of its own. */
async function start(server: string, ...args: readonly string[]): Promise<Send> {
  const program = fileURLToPath(new URL(`../support/${server}`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  children.push(child);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    child.once('exit', (code) => reject(new Error(`The server ended with ${String(code)}.`)));
  });
  return doorAt(port);
}

describe('rights that change in one process, and how another sees it', () => {
  let redis: TestRedis | string;
  let postgres: TestPostgres | string;
  beforeAll(async () => void ([redis, postgres] = await Promise.all([startRedis(), startPostgres()])));
  afterAll(async () => {
    for (const engine of [redis, postgres]) if (typeof engine === 'object') await engine.stop();
  });

  it.for(['redis', 'ioredis', 'postgres'])(
    'SEC-185 over %s they are gone at the very next call, and clients of both eras list their tools anew',
    async (engine, { skip }) => {
      const started = engine === 'postgres' ? postgres : redis;
      if (typeof started === 'string') {
        if (process.env['CI']) throw new Error(started);
        return skip(started);
      }
      const url = 'freshUrl' in started ? await started.freshUrl() : started.url;
      const data = mkdtempSync(join(folder, `${engine}-`));
      writeFileSync(join(data, 'rights.json'), '["admin"]');
      const [here, there] = [await start('rights-server.ts', data, engine, url), await start('rights-server.ts', data, engine, url)];
      const token = await signAliceIn(here);
      for (const era of eras) {
        const listening = await listen(there, token, era);
        await seesItsRightsGo(listening, here);
        if (started.restart && era === '2026-07-28') {
          const before = listening.heard.length;
          await started.restart();
          // What was said meanwhile is lost, so listeners are told to read again; and news come through again.
          await vi.waitFor(() => expect(listening.heard.length).toBeGreaterThan(before), { timeout: 120_000, interval: 20 });
          await told(listening, here, [], ['look']);
        }
        await listening.client.close();
      }
    },
  );

  it('SEC-185 over Durable Objects that two workerd processes share they are gone at the very next call, and clients of both eras list their tools anew', async () => {
    const shared = mkdtempSync(join(folder, 'objects-'));
    const here = await start('rights-object-server.ts', shared, 'holds');
    const there = await start('rights-object-server.ts', shared, 'reaches');
    const token = await signAliceIn(here);
    const listening = await Promise.all(eras.map((era) => listen(there, token, era)));
    for (const one of listening) {
      await seesItsRightsGo(one, here);
      await one.client.close();
    }
  });
});
