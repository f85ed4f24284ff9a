/**
 * The first hour as a timed transcript: what docs/guide/start.md says is done as it stands, in an empty folder, with the packages as they
 * would be published, on Node and on Workers, with real clients and a real Chromium. The commands are read from the guide.
 * A program of its own, since it installs from a registry: `node test/e2e/first-hour.ts <what npm pack made> …`; .ci/first-hour-check runs it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { CLIENT, startRealIdp } from '../support/real-idp.ts';
import { startRegistry } from '../support/registry.ts';
import { freePort } from '../support/port.ts';
import { findChromium, launch, visit } from './chromium.ts';
import { hangDoorbell } from './doorbell.ts';
import { type Folder, stepsOfDockerfile } from './first-hour-container.ts';
import { signInThere } from './person.ts';
import { childEnv, endAll, freshFolder, type RunningServer, ROOT, runProgram, startLine } from './processes.ts';
import { check, close } from './report.ts';
import { runSdkClient } from './sdk-clients.ts';

const GUIDE = readFileSync(join(ROOT, 'docs/guide/start.md'), 'utf8');
/** Seconds of this machine that a stranger may need for each runtime: the promise of the guide's title. */
const LIMIT = 600;
/** What a command has to say. */
const SAYS: readonly (readonly [command: RegExp, says: RegExp])[] = [
  [/^npm test/, /pass 2\n/],
  [/ connect .*--call whoami/, /Hello, /],
  [/ connect .*--save/, /whoami/],
  [/inspector/, /"name": ?"whoami"/],
  [/ doctor /, /^Nothing is wrong\./m],
  [/ deploy /, /--dry-run: exiting now/],
];

/** The fences of a language below a heading of the guide. */
function fences(heading: string, language: string): readonly string[] {
  const section = GUIDE.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  const found = [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code);
  assert.ok(found.length > 0, `The guide shows no ${language} below "${heading}".`);
  return found;
}

/** One walk: an empty folder, a browser, and a clock. */
async function walk(runtime: 'Node' | 'Workers', browser: Browser, registry: string): Promise<void> {
  const [home, port] = [freshFolder(runtime), await freePort()];
  const mcp = `http://localhost:${port}/mcp`;
  const started = performance.now();
  const idp = await startRealIdp();
  let [cwd, password] = [join(home, 'home'), ''];
  const servers: Pick<RunningServer, 'stop'>[] = [];

  /** Signs in and allows: as `admin`, or at the provider. */
  const allow = (at: 'here' | 'provider') => (page: string) =>
    visit(browser, `http://localhost:${port}`, async (one) => {
      await one.page.goto(page);
      const back = one.page.waitForRequest(
        (request) =>
          /^http:\/\/(127\.0\.0\.1|localhost):\d+\/.*[?&]code=/.test(request.url()) && !/\/authorize\/callback/.test(request.url()),
      );
      back.catch(() => undefined); // heard of below, unless something else has failed by then
      if (at === 'here') {
        await one.page.getByLabel('Username').fill('admin');
        await one.page.getByLabel('Password').fill(password);
        await one.page.getByRole('button', { name: 'Sign in and allow' }).click();
      } else {
        await one.page.getByRole('button', { name: 'Continue with Example' }).click();
        await signInThere(one.page);
      }
      await (await (await back).response())?.finished();
    });
  const bell = await hangDoorbell(allow('here'));
  // Of the user's own environment: how npm gets to its registry.
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...childEnv(home),
    PATH: `${bell.folder}:${ROOT}node_modules/.bin:${process.env['PATH'] ?? ''}`,
    BROWSER: bell.program,
    PORT: String(port),
    MCP_AUTO_OPEN_ENABLED: 'true',
    MCP_INSPECTOR_SECRET_STORE: 'file',
    npm_config_yes: 'true', // a person says yes to "Ok to proceed?"
    npm_config_registry: registry,
    npm_config_cache: execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim(),
    npm_config_update_notifier: 'false',
    npm_config_userconfig: execFileSync('npm', ['config', 'get', 'userconfig'], { encoding: 'utf8' }).trim(),
  };

  const timed = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    const before = performance.now();
    const result = await act();
    process.stdout.write(`  ${((performance.now() - before) / 1000).toFixed(1).padStart(5)} s  ${what}\n`);
    return result;
  };
  const start: Folder['start'] = async (line, folder, more, url) => {
    await servers.pop()?.stop();
    const answers = (): Promise<boolean> => fetch(url, { method: 'POST', signal: AbortSignal.timeout(5000) }).then(({ status }) => status === 401, () => false); // prettier-ignore
    servers.push(await startLine(`cd '${folder}' && ${line}`, { ...env, ...more }, answers));
  };
  const run: Folder['run'] = async (line, folder, more = {}) => {
    const { code, out, err } = await runProgram('sh', ['-c', `cd '${folder}' && ${line}`], { ...env, ...more }, undefined, LIMIT / 2);
    if (code !== 0) await bell.failed();
    assert.equal(code, 0, `${line} failed:\n${out}${err}`);
    for (const [command, says] of SAYS) if (command.test(line)) assert.match(out, says, `${line} says something else`);
  };
  /** Types a line of the guide. What needs an account elsewhere is not done, and the transcript says so. */
  const type = async (shown: string): Promise<void> => {
    let line = shown.replaceAll('localhost:8787', `localhost:${port}`);
    const [, entered] = /^cd (\S+)$/.exec(line) ?? [];
    if (entered !== undefined) {
      cwd = join(cwd, entered);
      password = /^ADMIN_PASSWORD=(.+)$/m.exec(readFileSync(join(cwd, '.env'), 'utf8'))?.[1] ?? '';
      const manifest = readFileSync(join(cwd, 'package.json'), 'utf8');
      writeFileSync(join(cwd, 'package.json'), manifest.replaceAll('8787', String(port))); // the port of the guide may be taken here
      return;
    }
    if (/^claude |secret put/.test(line)) return void process.stdout.write(`      –    $ ${shown} (needs an account: not run)\n`);
    line = line.replace('npx @modelcontextprotocol/inspector', 'mcp-inspector'); // of the lockfile: `npx` would be another each month
    line = line.replace(/https:\/\/(?:[\w-]+\.<your subdomain>\.workers\.dev|mcp\.example\.com)\/mcp/, mcp);
    if (/ deploy /.test(line)) line = `${line.replace(/<[^>]+>/, 'example')} --dry-run --outdir '${home}/bundle'`;
    await timed(`$ ${shown}`, () => (line === 'npm start' ? start(line, cwd, {}, mcp) : run(line, cwd)));
  };
  const typeAll = async (heading: string): Promise<void> => {
    for (const line of fences(heading, 'sh').join('').trim().split('\n')) await type(line);
  };

  try {
    await typeAll(`On ${runtime}`);
    await bell.settled();
    const call = (at: 'here' | 'provider') => async () => {
      const { tools, said } = await runSdkClient('default', mcp, allow(at));
      assert.deepEqual(tools, ['whoami', 'admin_report']);
      assert.match(said, at === 'here' ? /^Hello, / : /^Hello, Name of erika!$/);
    };
    await timed("the SDK's client signs in, lists tools, calls one, refreshes", call('here'));

    await idp.open(`http://localhost:${port}/authorize/callback/oidc`);
    const [source = ''] = fences('Add a provider', 'ts');
    writeFileSync(join(cwd, 'provider.ts'), source.replace('https://login.example.com', idp.issuer));
    appendFileSync(join(cwd, '.env'), `OIDC_CLIENT_ID=${CLIENT.clientId}\nOIDC_CLIENT_SECRET=${CLIENT.clientSecret}\n`);
    writeFileSync(join(cwd, 'app.ts'), changed(readFileSync(join(cwd, 'app.ts'), 'utf8'), fences('Add a provider', 'diff')[0] ?? ''));
    await typeAll('Add a provider');
    await timed("the SDK's client signs in at the provider, and calls a tool", call('provider'));
    if (runtime === 'Workers') await typeAll('Deploy');
    else {
      // With a token, as docs/guide/doctor.md says: what init makes is what a directory takes.
      const doctor = readFileSync(join(ROOT, 'docs/guide/doctor.md'), 'utf8');
      for (const line of doctor.split('\n').filter((one) => /^(PORTCULLIS_TOKEN=|npx portcullis connect ).*session\.json/.test(one)))
        await type(line);
      await timed("the guide's Dockerfile, step by step in a folder, until it is healthy", () =>
        stepsOfDockerfile({ from: cwd, to: freshFolder('container'), port, run, start }),
      );
    }
  } finally {
    await servers.pop()?.stop();
    bell.stop();
    idp.close();
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`  ${seconds.toFixed(1).padStart(5)} s  in all\n`);
  assert.ok(seconds < LIMIT, `It took ${seconds.toFixed(0)} seconds.`);
}

/** A text after the change that a fence `diff` shows: lines are added behind the one before, or take the place of the one that goes. */
function changed(text: string, diff: string): string {
  let [before, gone] = ['', ''];
  for (const line of diff.split('\n')) {
    const own = line.slice(1);
    if (line.startsWith('-')) gone = own;
    else if (line.startsWith('+')) {
      const old = gone === '' ? before : gone;
      assert.equal(text.split(old).length, 2, `app.ts has "${old}" once`);
      text = text.replace(old, gone === '' ? `${old}\n${own}` : own);
      gone = '';
    } else before = own;
  }
  return text;
}

const chromium = findChromium();
if (chromium === null) throw new Error('There is no Chromium. Install it (apt-get install chromium), or name it in CHROMIUM.');
const others = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
const registry = await startRegistry(process.argv.slice(2), others);
const browser = await launch(chromium);
for (const runtime of ['Node', 'Workers'] as const)
  await check(`the first hour on ${runtime}, as docs/guide/start.md says`, () => walk(runtime, browser, registry.url));
await browser.close();
registry.stop();
await endAll();
process.exitCode = close();
