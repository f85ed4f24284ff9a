/**
 * Makes a fresh clone ready: installs what the lockfile says if that has not been done, and builds.
 * Runs on whatever Node is there (20 or newer); what comes after it finds the Node that the lockfile brings.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.portcullis-ready`;
const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .update(readFileSync(`${root}package.json`))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  say('Installing dependencies (about a minute, once) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}
say('Building …');
run('tsc', ['-b', 'tsconfig.core.json', 'tsconfig.node.json', 'tsconfig.worker.json']);

/** @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const path = `${root}node_modules/.bin:${process.env.PATH ?? ''}`;
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, PATH: path },
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  say(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}. Mend what it says above and start again.`);
  process.exit(1);
}
