/** Server processes of one issuer on one store, each with a door of its own; any of them may be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Send } from '../../src/testing/browser.ts';
import { FLEET_ISSUER, FLEET_PERSON } from './fleet-names.ts';

export { FLEET_ISSUER, FLEET_PERSON };

/** One server process. */
export interface Member {
  readonly send: Send;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Ends it as a deployment does: with SIGTERM, after what is in flight. */
  stop(): Promise<void>;
  /** Starts it again, on a port of its own. @param environment variables of the process from now on. @param changes its argument, its program. */
  start(environment?: Readonly<Record<string, string>>, changes?: { readonly place?: string; readonly program?: string }): Promise<void>;
  /** Where it listens just now. */
  port(): number;
  pid(): number;
}

/** All members. */
export interface Fleet {
  readonly members: readonly Member[];
  readonly doors: readonly Send[];
  stop(): Promise<void>;
}

/** Starts so many members. @param place the argument of the server. @param server a file beside this one, or an absolute path. @param environment their variables. */
export async function startFleet(
  place: string,
  count: number,
  server = 'process-server.ts',
  environment: Readonly<Record<string, string>> = {},
): Promise<Fleet> {
  const program = fileURLToPath(new URL(server, import.meta.url));
  const members = await Promise.all(Array.from({ length: count }, () => startMember(program, place, environment)));
  return {
    members,
    doors: members.map(({ send }) => send),
    stop: async () => void (await Promise.all(members.map((member) => member.kill()))),
  };
}

async function startMember(firstProgram: string, firstPlace: string, first: Readonly<Record<string, string>>): Promise<Member> {
  let child: ChildProcess;
  let port = 0;
  let [environment, place, program] = [first, firstPlace, firstProgram];
  const member: Member = {
    port: () => port,
    pid: () => child.pid ?? 0,
    async start(given = environment, changes = {}) {
      environment = given;
      ({ place = place, program = program } = changes);
      const env = { ...process.env, ...given };
      child = spawn(process.execPath, [program, place], { stdio: ['ignore', 'pipe', 'inherit'], detached: true, env }); // a group of its own
      port = await portOf(child);
    },
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      process.kill(-(child.pid ?? 0), 'SIGKILL'); // and whatever it started
      await gone;
    },
    // The members share an issuer, as behind a load balancer; here the test is the balancer.
    send: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = request.method === 'POST' ? await request.text() : null;
      const headers = new Headers(request.headers);
      const { method, signal } = request;
      return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { method, headers, body, redirect: 'manual', signal });
    },
  };
  await member.start();
  return member;
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString().trim())));
    child.once('exit', (code) => reject(new Error(`The server ended with ${String(code)}.`)));
  });
}
