/**
 * Servers under measurement: each is a process of its own that prints `listening PORT`, and is charged for the CPU of its whole
 * process tree, as Linux keeps it in /proc/PID/stat.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A server that answers. */
export interface Running {
  readonly port: number;
  /** CPU time of the tree so far, in microseconds; with a name, of the processes of that name alone. */
  cpu(command?: string): number;
  /** Resident memory of the tree, in MiB. */
  memory(): number;
  stop(): Promise<void>;
}

/** `getconf CLK_TCK` is 100 on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;
const START_TIMEOUT_MS = 30_000;

const living = new Set<ChildProcess>();
process.once('exit', () => living.forEach((child) => child.kill()));

/** Starts a file of this folder and resolves when it listens. */
export async function start(file: string, args: readonly string[] = []): Promise<Running> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const env = { ...process.env, PORTCULLIS_LIMITS: 'off', CLOUDFLARE_CF_FETCH_ENABLED: 'false', NODE_NO_WARNINGS: '1' };
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
  living.add(child);
  const port = await portOf(child, [file, ...args].join(' '));
  const pid = child.pid ?? 0;
  return {
    port,
    cpu: (command) => treeOf(pid).reduce((sum, one) => sum + (command === undefined || one.command === command ? one.micros : 0), 0),
    memory: () => treeOf(pid).reduce((sum, { pages }) => sum + pages, 0) / 256,
    stop: () =>
      new Promise((resolve) => {
        living.delete(child);
        if (child.exitCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

function portOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const late = setTimeout(() => reject(new Error(`${name} did not start within ${START_TIMEOUT_MS / 1000} s.`)), START_TIMEOUT_MS);
    child.once('exit', (code) => reject(new Error(`${name} ended with code ${code} before it listened.`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      const port = /^listening (\d+)$/m.exec(seen)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      resolve(Number(port));
    });
  });
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly micros: number;
  readonly pages: number;
}

/** A process and everything below it. Children that have ended are in their parent's account. */
function treeOf(root: number): readonly Process[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : []));
  const found = all.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

function statOf(pid: number): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const command = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // the name before it may hold anything
    const at = (number: number): number => Number(fields[number - 3]); // numbered as in proc(5)
    return { pid, parent: at(4), command, micros: (at(14) + at(15) + at(16) + at(17)) * MICROS_PER_TICK, pages: at(24) };
  } catch {
    return null; // it has ended since the folder was listed
  }
}
