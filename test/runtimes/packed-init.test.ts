/** New projects on the package as it would be published: each passes its own types and test, and starts, restarts and is found good. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOGINS } from '../../src/cli/init/options.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portcullis-new-'));
const modules = join(folder, 'node_modules');
const cli = join(modules, 'portcullis/dist/cli/main.js');
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Packs both packages, and lays them where an application has them. */
beforeAll(() => {
  for (const [from, name] of [[root, 'portcullis'], [join(root, 'create'), 'create-portcullis']] as const) {
    const into = mkdtempSync(join(folder, 'pack-'));
    run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', into], from);
    mkdirSync(join(modules, name), { recursive: true });
    run('tar', ['-xzf', readdirSync(into)[0] ?? '', '--strip-components=1', '-C', join(modules, name)], into);
  }
  if (!existsSync(cli)) throw new Error('Nothing was built: run `npm run build` first.');
  for (const name of ['jose', 'oauth4webapi', 'uqr', '@clack/prompts', '@modelcontextprotocol/server', '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
}); // prettier-ignore

function run(command: string, args: readonly string[], cwd: string): string {
  const env = { ...process.env, npm_config_cache: join(folder, 'npm-cache'), npm_config_update_notifier: 'false' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env, timeout: 240_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stdout}${stderr}${error?.message ?? ''}`);
  return stdout;
}

/** What a child prints, line by line. */
function linesOf(child: ChildProcess): AsyncIterator<string> {
  started.push(child);
  return createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
}

describe('a new project on the packed package', () => {
  const kinds = [['workers', 'password'], ['both', 'github'], ...LOGINS.map((login) => ['node', login] as const)] as const;

  it.each(kinds)('for %s with %s passes tsc and its own test', (runtime, login) => {
    const name = `${runtime}-${login}`;
    run(process.execPath, [cli, 'init', name, '--yes', '--no-install', '--runtime', runtime, '--login', login], folder);
    expect(run(join(root, 'node_modules/.bin/tsc'), [], join(folder, name))).toBe('');
    expect(run(process.execPath, ['--test', '--test-reporter=tap'], join(folder, name))).toContain('# fail 0');
  });

  it('is made by `npm create portcullis`, too, starts, and is found good by doctor', async () => {
    const { bin } = JSON.parse(readFileSync(join(modules, 'create-portcullis/package.json'), 'utf8')) as { bin: Record<string, string> };
    const create = join(modules, 'create-portcullis', bin['create-portcullis'] ?? '');
    expect(run(process.execPath, [create, 'created', '--yes', '--no-install'], folder)).toContain('Made 8 files in created');
    const env = { ...process.env, PORT: '0', PORTCULLIS_LIMITS: 'off' };
    const cwd = join(folder, 'created');
    const server = spawn(process.execPath, ['--env-file-if-exists=.env', 'node.ts'], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const url = String((await linesOf(server).next()).value);
    const report = JSON.parse(run(process.execPath, [cli, 'doctor', url, '--json'], cwd)) as { outcome: string; findings: unknown[] };
    expect(report).toMatchObject({ outcome: 'fine' });
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });

  it('is served by `portcullis dev`, with demo accounts, printed mails, and a restart on each change', async () => {
    const cwd = join(folder, 'watched');
    run(process.execPath, [cli, 'init', 'watched', '--yes', '--no-install'], folder);
    const child = spawn(process.execPath, [cli, 'dev', '--json', '--port', '0'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = linesOf(child);
    const mails: string[] = [];
    child.stderr.on('data', (data: Buffer) => void mails.push(String(data)));
    const next = async (): Promise<{ url: string; accounts: { username: string }[]; clients: { line: string }[] }> => {
      for (;;) {
        const { value } = await lines.next();
        if (String(value).startsWith('{')) return JSON.parse(String(value)) as never;
      }
    };
    const first = await next();
    expect(first.accounts.map(({ username }) => username)).toEqual(['demo-admin', 'demo-user']);
    expect(first.clients.map(({ line }) => line)).toContain(`claude mcp add --transport http local ${first.url}`);
    expect((await fetch(first.url, { method: 'POST' })).status).toBe(401);
    const app = join(cwd, 'app.ts');
    writeFileSync(app, readFileSync(app, 'utf8').replace("logins: [password", "logins: [emailCode<Env & { MAILER: SendEmail }>({ signUp: 'open', sendEmail: (email, env) => env.MAILER(email, env) }), password").replace('OAuthProvider, password', 'emailCode, type SendEmail, OAuthProvider, password') + "console.warn('a warning of the app');\n"); // prettier-ignore
    const second = await next();
    expect(second.accounts).toEqual(first.accounts);
    expect(mails.join('')).toContain('a warning of the app');
    await askForCode(second.url);
    for (let tries = 0; tries < 2400 && !mails.join('').includes('To: ada@example.com'); tries++)
      await new Promise((done) => setTimeout(done, 50));
    expect(mails.join('')).toContain('To: ada@example.com');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('leaves the library that asks questions alone, unless init asks', () => {
    cpSync(join(modules, 'portcullis'), join(folder, 'alone'), { recursive: true });
    const alone = (...argv: string[]) => spawnSync(process.execPath, [join(folder, 'alone/dist/cli/main.js'), ...argv], { cwd: tmpdir(), encoding: 'utf8', timeout: 240_000 }); // prettier-ignore
    rmSync(join(modules, '@clack'), { recursive: true });
    expect(alone('init', join(folder, 'without'), '--yes', '--no-install').status).toBe(0);
    expect(alone('doctor', '--help').status).toBe(0);
  });
});

/** Types an address into the sign-in page. */
async function askForCode(mcp: string): Promise<void> {
  const { makeBrowser, registerClient } = await import('../../src/testing/index.ts');
  const send = (request: Request): Promise<Response> => fetch(request);
  const client = await registerClient({ send, issuer: new URL(mcp).origin });
  const browser = makeBrowser(send);
  const page = await browser.get(await client.authorizeUrl());
  await browser.submit(page, { decision: 'approve', login: 'email', email: 'ada@example.com' });
}
