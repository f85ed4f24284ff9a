/** A log that cannot be written: no room, or no reader. The limit of a file's size stands for a full disk: Linux refuses the write in the same way, with another code. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-full-log-'));
const log = join(folder, 'server.log');
let child: ChildProcess;

async function started(stderr: 'pipe' | number): Promise<(path: string, init?: RequestInit) => Promise<number>> {
  const program = join(import.meta.dirname, '../support/process-server.ts');
  child = spawn(process.execPath, [program, mkdtempSync(join(folder, 'data-'))], { stdio: ['ignore', 'pipe', stderr] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return async (path, init) => (await fetch(`http://127.0.0.1:${Number(line.toString())}${path}`, init)).status;
}

/** Each prints a line, as the issuer is on loopback. */
const REFUSED = ['/mcp', { method: 'POST', headers: { authorization: 'Bearer wrong' } }] as const;
const METADATA = '/.well-known/oauth-authorization-server';

afterEach(() => child.kill('SIGKILL'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('serves on while its log has no room, and logs again when there is some (F-69)', async () => {
  const file = openSync(log, 'w');
  const send = await started(file);
  closeSync(file);
  const limit = (bytes: string): unknown => spawnSync('prlimit', [`--pid=${String(child.pid)}`, `--fsize=${bytes}:`]);
  limit('512');
  for (let at = 0; at < 20; at++) expect(await send(...REFUSED)).toBe(401);
  expect(readFileSync(log)).toHaveLength(512);
  expect(await send(METADATA)).toBe(200);
  limit('unlimited');
  expect(await send(...REFUSED)).toBe(401);
  await expect.poll(() => readFileSync(log).length).toBeGreaterThan(512);
});

it('serves on when the reader of its log is gone (F-69)', async () => {
  const send = await started('pipe');
  child.stdout!.destroy();
  child.stderr!.destroy();
  for (let at = 0; at < 5; at++) expect(await send(...REFUSED)).toBe(401);
  expect(await send(METADATA)).toBe(200);
});
