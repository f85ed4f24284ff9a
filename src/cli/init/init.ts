/** `portcullis init`: asks for what the command line does not say, writes a new project into a folder, all files or none, and installs its dependencies. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CliError, type Terminal } from '../terminal.ts';
import { filesOf } from './files.ts';
import { type InitOptions, LOGINS, nameOf, type Project, projectOf, siteOf } from './options.ts';

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
    ...(shown === '.' ? [] : [`cd ${quotedForShell(shown)}`]),
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

/** A path as one word of a shell. */
function quotedForShell(path: string): string {
  return /^[\p{L}\p{N}_@%+=:,./\\-]+$/u.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** Writes every file, or none if one of them exists. */
function write(project: Project): readonly string[] {
  const files = filesOf(project);
  const there = files.filter(({ name }) => existsSync(join(project.folder, name))).map(({ name }) => name);
  const hint = there.includes('package.json')
    ? '. To add Portcullis to the project that is there, follow "Your own server" in its README.'
    : '';
  if (there.length > 0)
    throw new CliError(
      `${project.folder} has ${there.join(', ')} already, and init overwrites nothing. Name another folder: portcullis init FOLDER${hint}`,
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

/** The part of `@clack/prompts` that is used; tests replace it. */
export interface Prompts {
  intro(title: string): void;
  text(question: {
    message: string;
    placeholder?: string;
    defaultValue?: string;
    initialValue?: string;
    validate?: (text: string | undefined) => string | undefined;
  }): Promise<string | symbol>;
  select<T>(question: { message: string; options: { value: T; label: string; hint?: string }[]; initialValue?: T }): Promise<T | symbol>;
  confirm(question: { message: string; initialValue?: boolean }): Promise<boolean | symbol>;
  isCancel(answer: unknown): answer is symbol;
}

/** The library itself, which is loaded for nothing else. */
export async function loadPrompts(): Promise<Prompts> {
  const name: string = '@clack/prompts';
  return (await import(name)) as Prompts;
}

/** Asks for the missing arguments. @throws {CliError} if the user cancels with Escape or Ctrl+C. */
export async function askProject(given: InitOptions, prompts: Prompts): Promise<Project> {
  prompts.intro('A protected MCP server');
  const answered = async <T>(answer: Promise<T | symbol>): Promise<T> => {
    const value = await answer;
    if (prompts.isCancel(value)) throw new CliError('Nothing was made.');
    return value as T;
  };
  const folder =
    given.folder ?? (await answered(prompts.text({ message: 'In which folder?', placeholder: './notes', defaultValue: './notes' })));
  const runtime =
    given.runtime ??
    (await answered(
      prompts.select<Project['runtime']>({
        message: 'Where will it run?',
        options: [
          { value: 'node', label: 'Node', hint: 'everything in one SQLite file' },
          { value: 'workers', label: 'Cloudflare Workers', hint: 'everything in Durable Objects' },
          { value: 'both', label: 'Both', hint: 'one source' },
        ],
      }),
    ));
  const login =
    given.login ??
    (await answered(
      prompts.select<Project['login']>({
        message: 'How do users sign in?',
        options: LOGINS.map((value) =>
          value === 'password'
            ? { value, label: 'With an account of this server', hint: 'user name and password' }
            : { value, label: `With ${siteOf(value).title}`, ...(value === 'oidc' && { hint: 'any OpenID provider' }) },
        ),
      }),
    ));
  const asked = login === 'password' ? undefined : siteOf(login).place;
  const place =
    given.place ??
    (asked &&
      (await answered(
        prompts.text({
          message: `What is the ${asked.what}?`,
          placeholder: asked.example,
          defaultValue: asked.example,
          validate: (text) =>
            text === undefined || text === '' || asked.pattern.test(text) ? undefined : `It looks like ${asked.example}`,
        }),
      )));
  const installs = given.installs ?? (await answered(prompts.confirm({ message: 'Install the dependencies now?', initialValue: true })));
  return projectOf({
    ...given,
    folder,
    name: given.name ?? nameOf(folder),
    runtime,
    login,
    ...(place !== undefined && place !== asked?.example && { place }),
    installs,
  });
}
