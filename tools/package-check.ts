/** Checks the package as it would be published: builds it, packs it, and asks publint and attw about exports and types. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
let failed = false;
mkdirSync(`${root}artifacts`, { recursive: true });

check('npm', 'pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', 'artifacts');
const packed = readdirSync(`${root}artifacts`)
  .filter((file) => file.endsWith('.tgz'))
  .at(-1);
check('publint', '--strict', `artifacts/${packed}`);
check('attw', `artifacts/${packed}`, '--profile', 'esm-only', '--no-emoji');
const listing = check('tar', '-tzf', `artifacts/${packed}`);
const foreign = listing.split('\n').filter((file) => /\.(env|pem|key|db|tsbuildinfo)$|^package\/(src|test|node_modules)\//.test(file));
if (foreign.length > 0) fail(`the package holds what does not belong there: ${foreign.join(', ')}`);
rmSync(`${root}artifacts/${packed}`);
checkConsumer();
process.exitCode = failed ? 1 : 0;

function check(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) fail(`${command} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}`);
  return stdout;
}

/** A project that uses the package and emits declarations: the type of each exported value must have a name that can be imported. */
function checkConsumer(): void {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-consumer-'));
  mkdirSync(`${folder}/node_modules`);
  for (const name of ['@modelcontextprotocol', '@opentelemetry', '@types'])
    symlinkSync(`${root}node_modules/${name}`, `${folder}/node_modules/${name}`);
  symlinkSync(root, `${folder}/node_modules/portcullis`);
  copyFileSync(`${root}test/fixtures/consumer.ts`, `${folder}/consumer.ts`);
  const compilerOptions = { module: 'nodenext', target: 'es2023', types: ['node'], strict: true, declaration: true, outDir: 'out', preserveSymlinks: true, skipLibCheck: true }; // prettier-ignore
  writeFileSync(`${folder}/package.json`, '{"type":"module"}');
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  check('tsc', '-p', folder);
  rmSync(folder, { recursive: true });
}

function fail(text: string): void {
  failed = true;
  process.stderr.write(`package check: ${text}\n`);
}
