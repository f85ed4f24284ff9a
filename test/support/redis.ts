/** A real Redis for tests: started on a free port with its data in a temporary folder, or the one PORTCULLIS_TEST_REDIS leads to. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './port.ts';

/** A server that tests may stop and start. */
export interface TestRedis {
  readonly url: string;
  /** Where it keeps its bytes. Absent for one that is not ours. */
  readonly folder?: string;
  /** Kills it and starts it again on its append-only file. Absent for one that is not ours. */
  readonly restart?: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const GIVEN = process.env['PORTCULLIS_TEST_REDIS'];

/** Starts it; or says why there is none. @param more options of its command line. */
export async function startRedis(...more: readonly string[]): Promise<TestRedis | string> {
  if (GIVEN && more.length === 0) return { url: GIVEN, stop: async () => undefined };
  const program = ['redis-server', 'valkey-server'].find((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);
  if (program === undefined)
    return 'there is no Redis on this machine (apt-get install redis-server), and PORTCULLIS_TEST_REDIS is not set';
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-redis-'));
  const port = await freePort();
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    const options = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ];
    server = spawn(program, [...options, ...more], { stdio: 'ignore' });
    await answers(port, server);
  };
  const end = async (): Promise<void> => {
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    folder,
    restart: async () => (await end(), start()),
    stop: async () => (await end(), rmSync(folder, { recursive: true, force: true })),
  };
}

async function answers(port: number, server: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 120_000; ;) {
    if (await pong(port)) return;
    if (server.exitCode !== null || Date.now() > deadline) throw new Error(`Redis did not start (exit code ${server.exitCode}).`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

function pong(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const done = (is: boolean): void => (socket.destroy(), resolve(is));
    socket.once('data', (data) => done(data.toString().startsWith('+PONG')));
    socket.once('error', () => done(false));
    socket.once('close', () => resolve(false));
  });
}
