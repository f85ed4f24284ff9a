/** The command line as a process of its own, at a Worker in workerd: signed in by a browser, by the address alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { makeBrowser } from '../../src/testing/browser.ts';
import { arrive } from '../support/arrive.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portcullis-admin-cli-'));
const children: ChildProcess[] = [];
afterAll(async () => {
  const running = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  const gone = Promise.all(running.map((child) => once(child, 'exit')));
  for (const { pid } of running) if (pid) process.kill(-pid, 'SIGKILL'); // and whatever it started
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker(): Promise<string> {
  const child = spawn(process.execPath, [here('../support/admin-object-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  children.push(child);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    child.once('exit', (code) => reject(new Error(`The server ended with ${String(code)}.`)));
  });
  return `http://127.0.0.1:${port}`;
}

/** Runs the program. @param seen called with what it has said so far, each time it says more. */
async function portcullis(
  line: string,
  seen: (err: string) => void = () => undefined,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--no-warnings', here('../../src/cli/main.ts'), ...line.split(' ')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, XDG_STATE_HOME: folder },
  });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => void (said.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => seen((said.err += text.toString())));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

describe('the command line at a Worker', () => {
  it('signs in by the browser, lists and disables users, and signs out', async () => {
    const url = await startWorker();
    const browser = makeBrowser((request) => fetch(request));
    let acting: Promise<unknown> | undefined;
    const person = async (page: string, said: string): Promise<void> => {
      const login = await browser.get(new URL((await browser.get(page)).location ?? '', url).href);
      const to = await browser.submit(login, { username: 'alice', password: 'correct horse battery' });
      const asked = await arrive(browser, new URL(to.location ?? '', url).href);
      expect(asked.text).toContain(/code: (\S+)/.exec(said)?.[1] ?? 'no code');
      const back = await browser.submit(asked, { decision: 'allow' });
      expect((await browser.get(back.location ?? '')).text).toContain('Signed in');
    };
    const signedIn = await portcullis(`login --server ${url} --no-open`, (err) => {
      const page = /^ {2}(http\S+)\n[^]*code: \S+\n/m.exec(err)?.[1];
      if (page !== undefined) acting ??= person(page, err);
    });
    await acting;
    expect(signedIn).toMatchObject({ code: 0, err: expect.stringContaining(`Signed in at ${url} as Alice`) });
    const listed = await portcullis(`user list --server ${url} --json`);
    expect(
      listed.out
        .trim()
        .split('\n')
        .map((row) => (JSON.parse(row) as { username: string }).username)
        .toSorted(),
    ).toEqual(['alice', 'bob']);
    expect(await portcullis(`user disable bob --server ${url}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('this needs --yes'),
    });
    expect((await portcullis(`user disable bob --server ${url} --yes`)).code).toBe(0);
    expect((await portcullis(`user show bob --server ${url}`)).out).toMatch(/^disabled +yes$/m);
    expect((await portcullis(`audit list --server ${url}`)).out).toContain('users/disable');
    expect((await portcullis(`logout --server ${url}`)).err).toContain('Signed out');
    expect(await portcullis(`user list --server ${url}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`portcullis login --server ${url}`),
    });
  });
});
