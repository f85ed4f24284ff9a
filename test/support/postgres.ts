/** A real PostgreSQL for tests: started in a temporary folder, or the one that PORTCULLIS_TEST_POSTGRES leads to. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './port.ts';

/** A server that tests may stop and start. */
export interface TestPostgres {
  /** URL of an empty database of its own. */
  readonly freshUrl: () => Promise<string>;
  /** Where it keeps its bytes. Absent for one that is not ours. */
  readonly folder?: string;
  /** Ends it at once, as a crash would, and starts it again on the same data. Absent for one that is not ours. */
  readonly restart?: () => Promise<void>;
  /** Ends every process of it with SIGKILL, so that what was not flushed is lost, and starts it again. Absent for one that is not ours. */
  readonly kill?: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const GIVEN = process.env['PORTCULLIS_TEST_POSTGRES'];

/** Starts it; or says why there is none, which in CI is a failure. @param settings more of its configuration, such as `synchronous_commit=off`. */
export async function startPostgres(...settings: readonly string[]): Promise<TestPostgres | string> {
  if (GIVEN && settings.length === 0) return over(GIVEN, async () => undefined);
  const bin = folderOf();
  if (bin === null) return 'there is no PostgreSQL on this machine (apt-get install postgresql), and PORTCULLIS_TEST_POSTGRES is not set';
  const root = process.getuid?.() === 0;
  const uid = root ? idOf('-u') : null;
  if (root && uid === null) return 'PostgreSQL does not run as root, and there is no user "postgres"';
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-pg-'));
  chmodSync(folder, 0o700);
  const who = uid === null ? {} : { uid, gid: idOf('-g') ?? uid };
  if (uid !== null) chownSync(folder, uid, who.gid ?? uid);
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', join(folder, 'data'), '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'],
    {
      ...who,
      cwd: folder,
      encoding: 'utf8',
    },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    const options = ['fsync=off', 'max_connections=60', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, ...settings];
    const more = options.flatMap((option) => ['-c', option]);
    server = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), '-p', String(port), ...more], {
      ...who,
      cwd: folder,
      stdio: 'ignore',
    });
    await answers(url, server);
  };
  await start();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await gone;
  };
  const kill = async (): Promise<void> => {
    const { pid = 0 } = server;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    await end('SIGKILL');
    for (const child of children) if (existsSync(`/proc/${child}`)) process.kill(child, 'SIGKILL');
    await start();
  };
  const stop = async (): Promise<void> => {
    await end('SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...over(url, stop), folder, restart: async () => (await end('SIGQUIT'), start()), kill };
}

function over(url: string, stop: () => Promise<void>): TestPostgres {
  let made = 0;
  return {
    stop,
    async freshUrl() {
      const name = `portcullis_${process.pid}_${Date.now().toString(36)}_${++made}`;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
      await client.end();
      return Object.assign(new URL(url), { pathname: `/${name}` }).href;
    },
  };
}

/** Where Debian keeps the server's programs, or wherever PATH finds them. */
function folderOf(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = spawnSync('ls', [debian], { encoding: 'utf8' });
  const newest = versions.status === 0 ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a))[0] : undefined;
  if (newest !== undefined) return join(debian, newest, 'bin');
  const found = spawnSync('sh', ['-c', 'command -v postgres'], { encoding: 'utf8' });
  return found.status === 0 ? join(found.stdout.trim(), '..') : null;
}

function idOf(flag: '-u' | '-g'): number | null {
  const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined); // it may be cut off while the server recovers; the next try tells
    const reached = await client.connect().then(
      () =>
        client
          .query('SELECT 1')
          .then(() => client.end())
          .then(() => true),
      () => false,
    );
    if (reached) return;
    if (server.exitCode !== null || Date.now() > deadline) throw new Error(`PostgreSQL did not start (exit code ${server.exitCode}).`);
    await new Promise((next) => setTimeout(next, 50));
  }
}
