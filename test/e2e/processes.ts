/** Child processes of the suite: each is started here, ends by its own id, and takes nothing of the user's home along. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/port.ts';

/** The repository. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'portcullis-e2e-'));
const running = new Set<ChildProcess>();
/** Children that lead a group of processes. */
const groups = new Map<ChildProcess, number>();

// Whatever ends this process, nothing of it stays behind.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => {
  for (const child of running) signal(child);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A fresh folder that goes with this process. */
export function freshFolder(name: string): string {
  const path = mkdtempSync(join(folder, `${name}-`));
  mkdirSync(join(path, 'home'));
  return path;
}

/** A server that runs, until `stop`. */
export interface RunningServer {
  readonly url: string;
  /** What stands in the newest message to an address that a mailer for development showed: the first match, as soon as it is there. */
  mailed(address: string, what: RegExp): Promise<string>;
  stop(): Promise<void>;
}

/** What a program left behind. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Environment of every child: our own Node first, an own home, no one outside is asked. */
export function childEnv(home: string, more: { readonly [name: string]: string } = {}): NodeJS.ProcessEnv {
  const compiled = process.env['NODE_COMPILE_CACHE'];
  return {
    PATH: `${ROOT}node_modules/.bin:${process.env['PATH'] ?? ''}`,
    HOME: home,
    XDG_CONFIG_HOME: home,
    CI: 'true',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    ...more,
  };
}

/** What a server under test serves: the file of that name in `test/worker/e2e`. */
export type Served = 'entry' | 'passkey' | 'accounts' | 'steps' | 'admin';

/** The server on Node and SQLite. */
export async function startNode(what: Served = 'entry'): Promise<RunningServer> {
  const data = freshFolder('node');
  const child = begin('node', ['test/e2e/server.ts', data, what], childEnv(data));
  const mailed = readMail(child);
  const url = await waitFor(child, /\{"url":"([^"]+)"\}/);
  return { url, mailed, stop: () => end(child) };
}

/** The same server in workerd, on a Durable Object. */
export async function startWorker(
  what: Served | 'upstream' = 'entry',
  vars: { readonly [name: string]: string } = {},
): Promise<RunningServer> {
  const data = freshFolder('worker');
  const port = String(await freePort());
  const config = 'test/worker/e2e/wrangler.jsonc';
  const args = [
    'dev',
    `test/worker/e2e/${what}.ts`,
    '--config',
    config,
    '--ip',
    '127.0.0.1',
    '--port',
    port,
    '--inspector-port',
    '0',
    '--persist-to',
    data,
    ...Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
  ];
  const child = begin('wrangler', [...args, '--show-interactive-dev-session=false'], childEnv(data));
  const mailed = readMail(child);
  await waitFor(child, /(Ready) on /);
  return { url: `http://localhost:${port}`, mailed, stop: () => end(child) };
}

/** An application that Next has built. */
export async function startNext(
  folder: string,
  port: number,
  vars: { readonly [name: string]: string },
): Promise<Pick<RunningServer, 'stop'>> {
  const env = childEnv(freshFolder('next'), { ...vars, NEXT_TELEMETRY_DISABLED: '1' });
  const child = begin(`${folder}/node_modules/.bin/next`, ['start', folder, '--port', String(port), '--hostname', '127.0.0.1'], env);
  await waitFor(child, /(Ready) in /);
  return { stop: () => end(child) };
}

/** Starts a line of a shell, with all that it starts, until `stop`. @param ready whether it does what it is for. */
export async function startLine(line: string, env: NodeJS.ProcessEnv, ready: () => Promise<boolean>): Promise<Pick<RunningServer, 'stop'>> {
  const child = begin('sh', ['-c', line], env, true);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += String(chunk)));
  for (let tries = 0; !(await ready()); tries++) {
    if (tries > 1800 || child.exitCode !== null) throw new Error(`"${line}" does not come up:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 200)); // another process starts
  }
  return { stop: () => end(child) };
}

/** Runs a program to its end. @param limit seconds after which it is ended. */
export async function runProgram(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  seen?: (out: string) => void,
  limit = 600,
): Promise<Finished> {
  const child = begin(command, args, env, command === 'sh');
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => seen?.((out += String(chunk))));
  child.stdout?.on('data', seen ? () => undefined : (chunk) => (out += String(chunk)));
  child.stderr?.on('data', (chunk) => (err += String(chunk)));
  const late = setTimeout(() => signal(child), limit * 1000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(late);
      resolve({ code, out, err });
    });
  });
}

/** Ends what is still running. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map(end));
}

function begin(command: string, args: readonly string[], env: NodeJS.ProcessEnv, leadsGroup = false): ChildProcess {
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: leadsGroup });
  if (leadsGroup && child.pid !== undefined) groups.set(child, child.pid);
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Ends a child, and its group where it leads one: npm does not tell what it started. */
function signal(child: ChildProcess): void {
  const group = groups.get(child);
  try {
    if (group === undefined) child.kill('SIGTERM');
    else process.kill(-group, 'SIGTERM');
  } catch {
    // has ended by itself
  }
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.once('exit', () => resolve(clearTimeout(late)));
    signal(child);
  });
}

/** Reads the messages that a server shows. Each one is good for one reading: the next waits for the next. */
function readMail(child: ChildProcess): RunningServer['mailed'] {
  let text = '';
  child.stdout?.on('data', (chunk) => (text += String(chunk)));
  return async (address, what) => {
    for (let tries = 0; tries < 6000; tries++) {
      const at = text.lastIndexOf(`To: ${address}\n`);
      const [found] = (at === -1 ? null : what.exec(text.slice(at))) ?? [];
      if (found !== undefined) {
        text = text.slice(0, at);
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 50)); // another process writes it
    }
    throw new Error(`No message to ${address} with ${what} came.`);
  };
}

/** Resolves with the first group of the pattern once it stands in the output. */
function waitFor(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk: unknown): void => {
      text += String(chunk);
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`The server ended with ${code} before it was ready:\n${text}`)));
  });
}
