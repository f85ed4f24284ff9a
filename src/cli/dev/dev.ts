/**
 * `portcullis dev`: serves an app on this computer during development. The first process starts itself again with `--no-watch` under
 * Node's `--watch`, which watches every file that the app imports.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import type { OAuthHelpers, OAuthProvider } from '../../index.ts';
import { clientLines, otherLines } from '../../pages/home.ts';
import { parseFlags, usage } from '../flags.ts';
import { CliError, type Terminal } from '../terminal.ts';

const USUAL = ['app.ts', 'app.js', 'src/app.ts', 'src/app.js'];

type Portcullis = typeof import('../../index.ts');
type PortcullisNode = typeof import('../../node/index.ts');

/** Serves an app until it is stopped. @throws {CliError} if it cannot start. */
export async function runDev(options: DevOptions, terminal: Terminal): Promise<void> {
  const file = resolve(options.file ?? USUAL.find((name) => existsSync(name)) ?? USUAL[0] ?? '');
  if (!existsSync(file))
    throw new CliError(`There is no ${options.file ?? `${USUAL.join(', ')} here`}. Name the module that exports app: portcullis dev FILE`);
  if (file.endsWith('.ts') && !process.features.typescript)
    throw new CliError(
      `${file} is TypeScript, which needs Node 22.18 or newer, and this is ${process.version}. Install a newer Node and try again.`,
    );
  if (options.watches) {
    await checkPort(options.port ?? portOf({ ...variables(), ...process.env }));
    return watch(file, options);
  }
  return serveOnce(file, options, terminal);
}

/** The variables of `.env`, which the child reads by itself. */
function variables(): NodeJS.Dict<string> {
  return existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
}

/** The port of the server; a wrong one is the child's to report. */
function portOf({ PORT }: NodeJS.Dict<string>): number {
  const port = Number(PORT || 8787);
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : 0;
}

/** Where the port is taken, the child would end, and Node wait for a change of a file. @throws {CliError} */
async function checkPort(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') return; // the child says it
    throw new CliError(`Port ${port} on localhost is taken: stop the program that uses it, or choose another one: portcullis dev --port ${port + 1}`); // prettier-ignore
  }
  server.close();
  await once(server, 'close');
}

/** Runs until the user stops the watching process. */
function watch(file: string, { port, json }: DevOptions): Promise<void> {
  const own = process.argv[1] ?? '';
  // Node 24 watches a missing file of variables, too, and aborts with a native stack trace at Ctrl+C.
  const flags = ['--watch', '--watch-preserve-output', ...(existsSync('.env') ? ['--env-file-if-exists=.env'] : [])];
  const words = ['dev', file, '--no-watch', ...(port === null ? [] : ['--port', String(port)]), ...(json ? ['--json'] : [])];
  const child = spawn(process.execPath, [...flags, own, ...words], { stdio: 'inherit' });
  process.on('SIGINT', () => undefined); // Ctrl+C reaches the child by itself; a second signal would interrupt its shutdown
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((done, fail) => {
    child.once('error', (error) => fail(new CliError(`Node does not start: ${error.message}.`)));
    child.once('exit', () => done());
  });
}

async function serveOnce(file: string, options: DevOptions, terminal: Terminal): Promise<void> {
  const [{ consoleMailer }, { serve }] = await Promise.all([
    ofProject<Portcullis>('portcullis'),
    ofProject<PortcullisNode>('portcullis/node'),
  ]);
  try {
    const { app, default: other } = (await import(pathToFileURL(file).href)) as { readonly app?: unknown; readonly default?: unknown };
    const served = app ?? other;
    if (typeof (served as { fetch?: unknown } | undefined)?.fetch !== 'function')
      throw new CliError(`${file} exports no app. Write: export const app = new OAuthProvider({ … })`);
    const data = process.env['PORTCULLIS_DATA'] || '.portcullis';
    const { url, helpers } = await serve(served as OAuthProvider, {
      data,
      signals: true,
      drainTimeout: 1,
      host: 'localhost', // because messages and passwords are printed
      ...(options.port !== null && { port: options.port }),
      env: { ...process.env, MAILER: consoleMailer((text) => terminal.err(text)) },
    });
    const accounts = (await hasPasswords(url)) ? await demoAccounts(data, helpers.accounts) : [];
    const mcp = await resourceOf(url);
    const clients = [{ client: 'A terminal', line: `npx portcullis connect ${mcp}` }, ...clientLines(mcp), ...otherLines(mcp)];
    if (options.json) terminal.out(JSON.stringify({ url: mcp, accounts, clients }));
    else terminal.out(welcome(mcp, accounts, clients));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(error instanceof Error ? error.message + placeOf(error) : String(error), 1, { cause: error });
  }
}

/** Where in the project an error arose, ` (app.ts:3:7)`: of a syntax error the message does not say it. */
function placeOf({ stack = '' }: Error): string {
  const here = `${process.cwd()}/`;
  const line = stack.split('\n').find((one) => /:\d+\)?$/.test(one) && one.includes(here) && !one.includes('/node_modules/'));
  return line === undefined ? '' : ` (${line.slice(line.indexOf(here) + here.length).replace(/\)$/, '')})`;
}

/** Imports portcullis from the project: `app` is an instance of that copy. */
async function ofProject<T>(name: string): Promise<T> {
  const here = createRequire(join(process.cwd(), 'package.json'));
  try {
    return (await import(pathToFileURL(here.resolve(name)).href)) as T;
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    throw new CliError('portcullis is not installed in this folder. Run: npm install');
  }
}

/** Whether the sign-in page has a field for a user name, which demo accounts need. */
async function hasPasswords(url: string): Promise<boolean> {
  const metadata = await fetch(`${url}/.well-known/oauth-authorization-server`).then(async (answer) => (answer.ok ? answer.json() : {}));
  const { authorization_endpoint: endpoint } = metadata as { readonly authorization_endpoint?: string };
  if (endpoint === undefined) return false;
  const page = await fetch(new URL('login', endpoint));
  return /name="(?:username|identifier)"/.test(await page.text()); // one field for both, where there are e-mail codes beside
}

/** The URL of the MCP endpoint, from the server's metadata. */
async function resourceOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/.well-known/oauth-protected-resource`);
  const { resource } = answer.ok ? ((await answer.json()) as { readonly resource?: string }) : {};
  return resource ?? `${url}/mcp`;
}

function welcome(
  mcp: string,
  accounts: readonly DemoAccount[],
  clients: readonly { readonly client: string; readonly line: string }[],
): string {
  const signIn = accounts.map(
    ({ username, password, permissions }) => `  ${username.padEnd(12)} ${password}   ${permissions.join(', ') || 'no permission'}`,
  );
  return [
    `\nA protected MCP server is running at ${mcp}`,
    ...(signIn.length > 0 ? ['\nSign in with', ...signIn] : []),
    '\nConnect',
    ...clients.map(({ client, line }) => `  ${client.padEnd(14)} ${line}`),
    '\nIt restarts when a file changes. Stop it with Ctrl+C.',
  ].join('\n');
}

/** The parsed arguments. */
interface DevOptions {
  /** The module that exports `app`; null to try the usual names. */
  readonly file: string | null;
  readonly port: number | null;
  /** Whether it restarts when a file changes. */
  readonly watches: boolean;
  readonly json: boolean;
}

/** The usage text. */
export const DEV_USAGE = `Usage: portcullis dev [FILE] [options]

Serves the \`app\` that FILE exports (default: app.ts, app.js, src/app.ts or src/app.js) on this computer, with the variables of .env.
It restarts when a file changes, makes two demo accounts, prints mails instead of sending them, and prints the lines that connect
each client. Data is kept in .portcullis.

  --port N      port (default: the variable PORT, or 8787)
  --no-watch    do not restart when a file changes
  --json        print address, accounts and lines as JSON
  --help

An app gets its mailer from \`env.MAILER\`, as in emailCode({ sendEmail: (email, env) => env.MAILER(email) }).

Examples:
  portcullis dev
  portcullis dev server/app.ts --port 3000

Exit code: 0 when it was stopped, 1 when the app does not start, 2 for a usage error.`;

const HELP = 'dev --help';

/** Reads the arguments after the word `dev`. @throws {CliError} with 2. */
export function parseDevOptions(argv: readonly string[]): DevOptions {
  const flags = { port: { type: 'string' }, 'no-watch': { type: 'boolean' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = parseFlags(argv, flags, HELP);
  const [file = null, ...more] = positionals;
  if (more.length > 0) throw usage('dev takes one file', HELP);
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw usage('--port takes a whole number from 0 to 65535', HELP);
  return { file, port, watches: values['no-watch'] !== true, json: values.json === true };
}

/** A demo account. */
interface DemoAccount {
  readonly username: string;
  readonly name: string;
  readonly password: string;
  readonly permissions: readonly string[];
}

/** The demo accounts of a data folder, made once with random passwords, in a file that only its owner can read. */
async function demoAccounts(folder: string, accounts: OAuthHelpers['accounts']): Promise<readonly DemoAccount[]> {
  const demo = keptIn(join(folder, 'demo-accounts.json'));
  for (const account of demo) {
    if (await accounts.findByUsername(account.username)) continue;
    await accounts.create(account);
  }
  return demo;
}

function keptIn(file: string): readonly DemoAccount[] {
  const password = (): string => randomBytes(9).toString('base64url');
  const fresh: readonly DemoAccount[] = [
    { username: 'demo-admin', name: 'Ada Admin', password: password(), permissions: ['admin'] },
    { username: 'demo-user', name: 'Uma User', password: password(), permissions: [] },
  ];
  try {
    writeFileSync(file, JSON.stringify(fresh, null, 2), { flag: 'wx', mode: 0o600 });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as readonly DemoAccount[];
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${(error as Error).message}. Remove it, and new demo accounts are made.`, 1, {
      cause: error,
    });
  }
}
