/**
 * Prepares a fresh clone (installs the lockfile if that has not been done, and builds), then runs the given command. It runs on
 * Node 20 or newer; the command runs on the Node version of the lockfile.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH ?? ''}` };
const stamp = `${root}node_modules/.portcullis-ready`;
const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .update(readFileSync(`${root}package.json`))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  if (lstatSync(`${root}node_modules`, { throwIfNoEntry: false })?.isSymbolicLink()) {
    say('node_modules is a symbolic link, and installing would empty the folder that it leads to. Remove the link, and start again.');
    process.exit(1);
  }
  say('Installing dependencies (about a minute, once) …');
  run('npm', ['ci', '--dry-run=false', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}
say('Building …');
if (process.argv[2] === '--clean') run('tsc', ['-b', '--clean']);
run('tsc', ['-b', 'tsconfig.core.json', 'tsconfig.node.json', 'tsconfig.worker.json']);
run('node', ['tools/bundle.mjs']);
chmodSync(`${root}dist/cli/main.js`, 0o755); // npx runs it from here

const [command, ...rest] = process.argv.slice(2).filter((word) => word !== '--clean');
if (command !== undefined) {
  const [major = 0, minor = 0] = spawnSync('node', ['--version'], { env, encoding: 'utf8' }).stdout.slice(1).split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    say(`This needs Node 22.18 or newer, and here is ${major}.${minor}. Install a newer Node and start again.`);
    process.exit(1);
  }
  const child = spawn(command, rest, { cwd: root, stdio: 'inherit', env, shell: process.platform === 'win32' });
  // Ctrl+C reaches the child by itself; it decides when it is done.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
  child.on('error', (error) => {
    say(`${command} does not start: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code) => process.exit(code ?? 1));
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env, shell: process.platform === 'win32' });
  if (status === 0) return;
  say(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}. Fix what it says above and start again.`);
  process.exit(1);
}
