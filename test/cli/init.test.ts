/** `portcullis init` and the arguments of `portcullis dev`: what is made, what is asked, what is refused. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/commands.ts';
import { filesOf } from '../../src/cli/init/files.ts';
import { loadPrompts, type Prompts, runInit } from '../../src/cli/init/init.ts';
import { LOGINS, nameOf, parseInitOptions, projectOf, RUNTIMES, SITES } from '../../src/cli/init/options.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A test that changes into a folder, which a worker thread cannot: those of mutation tests leave it out. */
const itInFolder = it.runIf(isMainThread);

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line), open() {}, after: () => () => undefined };
  return { code: await runCommand(argv, terminal), out: out.join('\n'), err: err.join('\n') };
} // prettier-ignore

/** A person who gives these answers, one after the other; a symbol leaves. */
function person(...answers: (string | boolean | symbol)[]): { readonly prompts: Prompts; readonly asked: string[] } {
  const asked: string[] = [];
  const answer = async ({ message }: { message: string }): Promise<never> => {
    asked.push(message);
    return answers[asked.length - 1] as never;
  };
  return { asked, prompts: { intro: () => undefined, text: answer, select: answer, confirm: answer, isCancel: (one): one is symbol => typeof one === 'symbol' } };
} // prettier-ignore

describe('portcullis init', () => {
  it('makes a project of short files, of the kind that was asked for', async () => {
    const path = join(folder, 'My Notes');
    const { code, out } = await run('init', path, '--yes', '--no-install', '--runtime', 'both', '--login', 'github');
    expect([code, out.includes('Made 10 files')]).toEqual([0, true]);
    expect(out).toContain('npm install\n  put id and secret into .env (README.md says how)\n  npm start');
    expect(readdirSync(path).toSorted()).toEqual(['.env', '.gitignore', 'README.md', 'app.test.ts', 'app.ts', 'node.ts', 'package.json', 'tsconfig.json', 'worker.ts', 'wrangler.jsonc']); // prettier-ignore
    expect(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))).toMatchObject({
      name: 'my-notes',
      dependencies: { portcullis: '^0.2.0' },
    });
    expect(statSync(join(path, '.env')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(path, '.gitignore'), 'utf8')).toContain('.env');
    expect(readFileSync(join(path, 'app.ts'), 'utf8')).toContain("import { github } from 'portcullis/upstreams'");
  });

  it('compiles under noImplicitOverride: what is static and replaces a member of McpAgent says so', () => {
    const app = filesOf(projectOf({ folder, yes: true, json: false })).find(({ name }) => name === 'app.ts')?.text;
    expect(app).toContain('static override policy =');
  });

  it('keeps the data where PORTCULLIS_DATA says, which the unit for systemd in the guide needs', () => {
    const texts = filesOf(projectOf({ folder, yes: true, json: false }));
    expect(texts.find(({ name }) => name === 'node.ts')?.text).toContain("data: process.env['PORTCULLIS_DATA'] || './data'");
    expect(readFileSync('docs/guide/deployment.md', 'utf8')).toContain('Environment=PORTCULLIS_DATA=/var/lib/mcp');
  });

  it('names administrators by what no other user can come by, and takes spaces around the commas', () => {
    for (const login of LOGINS.filter((one) => one !== 'password')) {
      const texts = filesOf(projectOf({ login, folder, yes: true, json: false }));
      const app = texts.find(({ name }) => name === 'app.ts')?.text ?? '';
      expect([login, app.includes('preferred_username'), app.includes(".split(/[\\s,]+/).filter((one) => one !== '')")]).toEqual([
        login,
        false,
        true,
      ]);
      expect([login, /includes\(String\((subject|claims\['email_verified'\] === true && claims\['email'\])\)\)/.test(app)]).toEqual([
        login,
        true,
      ]);
    }
    const env = filesOf(projectOf({ login: 'github', folder, yes: true, json: false })).find(({ name }) => name === '.env')?.text;
    expect(env).toContain('# User ids (`id` at https://api.github.com/users/NAME) of administrators, separated by commas\nADMINS=\n');
  });

  it('has no file above 60 lines or 150 columns in any project, and a new secret in each', () => {
    const projects = RUNTIMES.flatMap((runtime) => LOGINS.map((login) => projectOf({ runtime, login, folder, yes: true, json: false })));
    for (const project of projects) {
      for (const { name, text } of filesOf(project)) {
        expect([name, text.split('\n').length <= 61, text.split('\n').every((line) => line.length <= 150)]).toEqual([name, true, true]);
        expect([name, text.includes('undefined')]).toEqual([name, false]);
      }
    }
    const secrets = projects.map((project) => filesOf(project).find(({ name }) => name === '.env')?.text);
    expect(new Set(secrets).size).toBe(projects.length);
  });

  it('says how to enter a folder whose name a shell would divide or run', async () => {
    const line = async (name: string): Promise<string | undefined> =>
      (await run('init', join(folder, 'shell', name), '--yes', '--no-install')).out.split('\n').find((one) => one.startsWith('  cd '));
    expect(await line('my notes')).toBe(`  cd '${join(folder, 'shell/my notes')}'`);
    expect(await line("it's")).toBe(`  cd '${join(folder, "shell/it'\\''s")}'`);
    for (const name of ['a;b', 'a&b', 'a$b', 'a`b', 'a(b', '~a', 'a*b'])
      expect(await line(name)).toBe(`  cd '${join(folder, 'shell', name)}'`);
    for (const name of ['a-b.c_d', 'ノート']) expect(await line(name)).toBe(`  cd ${join(folder, 'shell', name)}`);
  });

  it('says in a folder with a project how to add Portcullis to it', async () => {
    const path = join(folder, 'project');
    mkdirSync(path);
    writeFileSync(join(path, 'package.json'), '{}');
    expect((await run('init', path, '--yes')).err).toBe(
      `${path} has package.json already, and init overwrites nothing. Name another folder: portcullis init FOLDER. To add Portcullis to the project that is there, follow "Your own server" in its README.`,
    );
  });

  it('overwrites nothing, and writes nothing where one file is there', async () => {
    const path = join(folder, 'taken');
    mkdirSync(path);
    writeFileSync(join(path, 'app.ts'), 'mine');
    const { code, err } = await run('init', path, '--yes', '--no-install');
    expect([code, err]).toEqual([
      1,
      `${path} has app.ts already, and init overwrites nothing. Name another folder: portcullis init FOLDER`,
    ]);
    expect([readdirSync(path), readFileSync(join(path, 'app.ts'), 'utf8')]).toEqual([['app.ts'], 'mine']);
    const file = await run('init', join(path, 'app.ts'), '--yes', '--no-install');
    expect([file.code, file.err.split('\n').length]).toEqual([1, 1]);
  });

  it('takes back what it wrote where a later file cannot be written', async () => {
    const path = join(folder, 'half');
    mkdirSync(path);
    symlinkSync('nowhere', join(path, 'README.md'));
    const { code, err } = await run('init', path, '--yes', '--no-install');
    expect([code, err.split('\n').length, readdirSync(path)]).toEqual([1, 1, ['README.md']]);
  });

  it('installs with the package manager that runs it, and says where that failed', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const before = { ...process.env };
    process.env['PATH'] = `${bin}:${before['PATH']}`;
    process.env['npm_config_user_agent'] = 'pnpm/10.0.0 node/v24';
    const manager = (code: number): void =>
      writeFileSync(join(bin, 'pnpm'), `#!/bin/sh\necho "$@" > installed\nexit ${code}\n`, { mode: 0o755 });
    try {
      manager(0);
      expect((await run('init', join(folder, 'installed'), '--yes')).out).not.toContain('npm install');
      expect(readFileSync(join(folder, 'installed/installed'), 'utf8')).toBe('install\n');
      manager(1);
      const failed = await run('init', join(folder, 'failed'), '--yes');
      expect([failed.code, failed.err]).toEqual([
        1,
        `pnpm install …\nThe files are there, but pnpm install failed. Run it in ${join(folder, 'failed')} again.`,
      ]);
    } finally {
      process.env['PATH'] = before['PATH'];
      if (before['npm_config_user_agent'] === undefined) delete process.env['npm_config_user_agent'];
      else process.env['npm_config_user_agent'] = before['npm_config_user_agent'];
    }
  });

  it('installs nothing on a Node that cannot run the project, and says which one can; nor do its scripts run there', async () => {
    const path = join(folder, 'old-node');
    const out: string[] = [];
    const terminal = { out: (line: string) => void out.push(line), err() {}, open() {}, after: () => () => undefined };
    await runInit(parseInitOptions([path, '--yes']), terminal, { isOld: true });
    expect(out.join('\n')).toContain(`\n  install Node 22.18 or newer (this is ${process.versions.node})\n`);
    expect(out.join('\n')).toContain('\n  npm install\n  npm start\n');
    expect(existsSync(join(path, 'node_modules'))).toBe(false);
    expect(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))).toMatchObject({
      devEngines: { runtime: { name: 'node', version: '>=22.18' } },
    });
  });

  it('prints JSON where asked', async () => {
    const path = join(folder, 'as-json');
    const { out } = await run('init', path, '--yes', '--no-install', '--json');
    expect(JSON.parse(out)).toMatchObject({ folder: path, runtime: 'node', login: 'password', installed: false, next: expect.arrayContaining(['npm install']) });
  }); // prettier-ignore

  it('asks nothing where folder, runtime and login are given', async () => {
    const { code, out } = await run('init', join(folder, 'given'), '--runtime', 'node', '--login', 'password', '--no-install');
    expect([code, out.includes('sign in as admin with ADMIN_PASSWORD of .env')]).toEqual([0, true]);
  });

  it('asks what was not given, and nothing else', async () => {
    const path = join(folder, 'asked');
    const { prompts, asked } = person(path, 'workers', false);
    const options = parseInitOptions(['--login', 'google']);
    await runInit(options, { out: () => undefined, err: () => undefined, open() {}, after: () => () => undefined }, { prompts: async () => prompts, isInteractive: true }); // prettier-ignore
    expect(asked).toEqual(['In which folder?', 'Where will it run?', 'Install the dependencies now?']);
    expect(existsSync(join(path, 'worker.ts'))).toBe(true);
    expect(existsSync(join(path, 'node.ts'))).toBe(false);
    expect(readFileSync(join(path, 'app.ts'), 'utf8')).toContain('google({');
  });

  it('lets users sign in at every site that has a provider, and asks where the account there is', async () => {
    const factories = Object.keys(await import('../../src/upstreams/index.ts')).filter((name) => /^[a-z]/.test(name) && name !== 'oauth2');
    expect(Object.values(SITES).map(({ factory }) => factory).toSorted()).toEqual(factories.toSorted());
    for (const { place } of Object.values(SITES)) if (place) expect(place.example).toMatch(place.pattern);
    const path = join(folder, 'tenant');
    const { prompts, asked } = person(path, 'node', 'auth0', 'acme.eu.auth0.com', false);
    const printed: string[] = [];
    const terminal = { out: (line: string) => void printed.push(line), err: () => undefined, open() {}, after: () => () => undefined };
    await runInit(parseInitOptions([]), terminal, { prompts: async () => prompts, isInteractive: true });
    expect(asked[3]).toBe('What is the domain of your tenant?');
    expect(printed.join('\n')).toContain('put the domain of your tenant into app.ts'); // the example is no real tenant
    const given = await run('init', join(folder, 'given-tenant'), '--yes', '--no-install', '--login', 'keycloak', '--place', 'https://id.acme.example/auth/realms/staff');
    expect(given.out).not.toContain('into app.ts');
    const app = readFileSync(join(folder, 'given-tenant/app.ts'), 'utf8');
    expect(app).toContain("keycloak({\n  url: 'https://id.acme.example/auth',\n  realm: 'staff',\n");
    expect(readFileSync(join(folder, 'given-tenant/README.md'), 'utf8')).toContain('http://localhost:8787/authorize/callback/keycloak');
  }); // prettier-ignore

  it('creates nothing if the user cancels', async () => {
    const path = join(folder, 'left');
    const { prompts } = person(Symbol('cancel'));
    const leaving = runInit(parseInitOptions([path]), { out: () => undefined, err: () => undefined, open() {}, after: () => () => undefined }, { prompts: async () => prompts, isInteractive: true }); // prettier-ignore
    await expect(leaving).rejects.toMatchObject({ message: 'Nothing was made.', exitCode: 1 });
    expect(existsSync(path)).toBe(false);
  });

  it('asks with the library that has these questions', async () => {
    const prompts = await loadPrompts();
    for (const name of ['intro', 'text', 'select', 'confirm', 'isCancel'] as const) expect(typeof prompts[name]).toBe('function');
  });

  it.each([
    [['init', 'a', 'b'], 'init takes one folder. See: portcullis init --help'],
    [['init', '--runtime', 'worker'], '--runtime cannot be "worker"; did you mean workers? See: portcullis init --help'],
    [['init', '--login', 'saml'], '--login cannot be "saml"; use one of password, github, google, entra, auth0, workos, stytch, okta, keycloak, gitlab, slack, discord, cloudflare-access, oidc. See: portcullis init --help'],
    [['init', '--login', 'auth', '--place', 'x'], '--login cannot be "auth"; did you mean auth0? See: portcullis init --help'],
    [['init', '--place', 'acme.eu.auth0.com'], '--place belongs to a site; give --login, too. See: portcullis init --help'],
    [['init', '--login', 'google', '--place', 'acme'], '--place is not needed for Google; leave it out. See: portcullis init --help'],
    [['init', '--login', 'auth0', '--place', "acme.eu.auth0.com', x: '"], '--place is the domain of your tenant, such as acme.eu.auth0.com. See: portcullis init --help'],
    [['init', '--login', 'oidc', '--place', 'http://id.example.com'], '--place is the issuer of your OpenID provider, such as https://id.example.com. See: portcullis init --help'],
    [['init', '--name', 'Nötes'], '--name takes lower-case letters, digits and -, beginning with a letter, at most 50. See: portcullis init --help'],
    [['init', '--json'], 'init asks questions on a terminal. Without one, give FOLDER, --runtime and --login, or --yes.'],
    [['dev', 'a', 'b'], 'dev takes one file. See: portcullis dev --help'],
    [['dev', '--port', 'x'], '--port takes a whole number from 0 to 65535. See: portcullis dev --help'],
  ])('refuses %j with what to type instead, and 2', async (argv, line) => {
    expect(await run(...argv)).toEqual({ code: 2, err: line, out: '' });
  }); // prettier-ignore

  it.each([
    ['/tmp/My Notes!', 'my-notes'],
    ['/', 'mcp-server'],
    ['/srv/42', 'mcp-server'],
    [`/${'a'.repeat(49)}-b`, 'a'.repeat(49)],
  ])('takes a name from the folder %s', (path, name) => {
    expect(nameOf(path)).toBe(name);
  });

  itInFolder('leads to a dev that ends where its port is taken, given or from .env, instead of waiting for a change', async () => {
    const path = join(folder, 'served');
    await run('init', path, '--yes', '--no-install');
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const err = `Port ${port} on localhost is taken: stop the program that uses it, or choose another one: portcullis dev --port ${port + 1}`;
    expect(await run('dev', join(path, 'app.ts'), '--port', String(port))).toEqual({ code: 1, err, out: '' });
    const before = process.cwd();
    process.chdir(path);
    try {
      writeFileSync('.env', `PORT=${port}\n`);
      expect((await run('dev')).err).toBe(err);
    } finally {
      process.chdir(before);
      taken.close();
    }
  });

  it('is called by `npm create portcullis` of the same version', () => {
    const [own, create] = ['../../package.json', '../../create/package.json'].map((path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string; dependencies: Record<string, string> }); // prettier-ignore
    expect(create).toMatchObject({ name: 'create-portcullis', version: own?.version, dependencies: { portcullis: `^${own?.version}` } });
  });

  it('has help with examples, as every command', async () => {
    for (const command of ['init', 'dev', 'doctor', 'connect', 'store'])
      expect((await run(command, '--help')).out).toContain('Examples:\n');
  });
});

describe('portcullis dev', () => {
  it('names the file that is missing', async () => {
    const { code, err } = await run('dev', join(folder, 'nothing.ts'));
    expect([code, err]).toEqual([1, `There is no ${join(folder, 'nothing.ts')}. Name the module that exports app: portcullis dev FILE`]);
  });

  itInFolder('says in which file and line of the project an error arose', async () => {
    const path = fileURLToPath(new URL('../../dist/.dev-test', import.meta.url)); // inside the package, so that its own name is known
    const before = process.cwd();
    mkdirSync(path, { recursive: true });
    process.chdir(path);
    try {
      writeFileSync('app.js', 'const options = undefined;\nexport const app = options.name;\n');
      const { code, err } = await run('dev', '--no-watch');
      expect([code, err]).toEqual([1, "Cannot read properties of undefined (reading 'name') (app.js:2:28)"]);
    } finally {
      process.chdir(before);
      rmSync(path, { recursive: true });
    }
  });
});
