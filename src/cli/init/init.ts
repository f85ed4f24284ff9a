/** `portcullis init`: writes a new project into a folder, all files or none, and installs its dependencies. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CliError, type Terminal } from '../terminal.ts';
import { filesOf } from './files.ts';
import { type InitOptions, type Project, projectOf, siteOf } from './options.ts';
import { askProject, loadPrompts, type Prompts } from './questions.ts';

/** Replaced by tests. */
export interface InitParts {
  readonly prompts?: () => Promise<Prompts>;
  /** Whether questions can be asked. */
  readonly isInteractive?: boolean;
  /** Whether this Node is too old for the project, which is TypeScript that runs without a build. */
  readonly isOld?: boolean;
}

/** Creates a project. @throws {CliError} when a file exists already, or there is no terminal to ask questions. */
export async function runInit(options: InitOptions, terminal: Terminal, parts: InitParts = {}): Promise<void> {
  const { isInteractive = process.stdin.isTTY && process.stdout.isTTY } = parts;
  const isWhole = options.yes || (options.folder !== undefined && options.runtime !== undefined && options.login !== undefined);
  if (!isWhole && (!isInteractive || options.json))
    throw new CliError('init asks questions on a terminal. Without one, give FOLDER, --runtime and --login, or --yes.', 2);
  const project = isWhole ? projectOf(options) : await askProject(options, await (parts.prompts ?? loadPrompts)());
  const names = write(project);
  const path = relative(process.cwd(), project.folder) || '.';
  const shown = path.startsWith('..') ? project.folder : path;
  if (!options.json) terminal.out(`Made ${names.length} files in ${shown}: ${names.join(', ')}`);
  const { isOld = !process.features.typescript } = parts; // the project's scripts refuse such a Node
  const installs = project.installs && !isOld;
  if (installs) install(project.folder, terminal);
  const next = [
    ...(isOld ? [`install Node 22.18 or newer (this is ${process.versions.node})`] : []),
    ...(shown === '.' ? [] : [`cd ${shown}`]),
    ...(installs ? [] : ['npm install']),
    ...(project.login === 'password' ? [] : ['put id and secret into .env (README.md says how)']),
    ...(project.login !== 'password' && project.place === undefined && siteOf(project.login).place
      ? [`put the ${siteOf(project.login).place?.what} into app.ts`]
      : []),
    'npm start',
    `npx portcullis connect http://localhost:8787/mcp --call whoami    in another terminal${project.login === 'password' ? '; sign in as admin with ADMIN_PASSWORD of .env' : ''}`,
  ];
  if (options.json)
    terminal.out(JSON.stringify({ folder: project.folder, files: names, runtime: project.runtime, login: project.login, installed: installs, next }, null, 2)); // prettier-ignore
  else terminal.out(`\nNext:\n${next.map((line) => `  ${line}`).join('\n')}`);
}

/** Writes every file, or none if one of them exists. */
function write(project: Project): readonly string[] {
  const files = filesOf(project);
  const there = files.filter(({ name }) => existsSync(join(project.folder, name))).map(({ name }) => name);
  if (there.length > 0)
    throw new CliError(
      `${project.folder} has ${there.join(', ')} already, and init overwrites nothing. Name another folder: portcullis init FOLDER`,
    );
  const written: string[] = [];
  try {
    mkdirSync(project.folder, { recursive: true });
    for (const { name, text, isSecret } of files) {
      const path = join(project.folder, name);
      writeFileSync(path, text, { flag: 'wx', mode: isSecret ? 0o600 : 0o666 });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path); // removes an incomplete project
    throw new CliError(`${project.folder} cannot be written: ${(error as Error).message}. Name another folder.`, 1, { cause: error });
  }
  return files.map(({ name }) => name);
}

/** Installs with the package manager that runs us. Its output goes to stderr: standard output is for the result. */
function install(folder: string, terminal: Terminal): void {
  const manager = /^(npm|pnpm|yarn|bun)\//.exec(process.env['npm_config_user_agent'] ?? '')?.[1] ?? 'npm';
  terminal.err(`${manager} install …`);
  const quiet = manager === 'npm' ? ['--no-audit', '--no-fund', '--loglevel=error'] : [];
  const { status, error } = spawnSync(manager, ['install', ...quiet], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new CliError(
      `The files are there, but ${manager} install failed${error ? `: ${error.message}` : ''}. Run it in ${folder} again.`,
    );
}
