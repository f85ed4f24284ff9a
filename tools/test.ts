/**
 * `npm test`: types, lint, every unit and journey test on Node and in workerd, the checks of the package, and the
 * end-to-end suite in a real browser with real clients. The last line has all counts.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = {
  ...process.env,
  PATH: `${root}node_modules/.bin:${process.env['PATH'] ?? ''}`,
  // Stops wrangler and workerd from connecting to the internet.
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  // Several hundred processes load the same modules; the first one compiles them.
  NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
};
const total = { passed: 0, failed: 0, skipped: 0 };

await step('types', ['tsc', '-b']);
await step('lint and format', ['npm', 'run', '--silent', 'lint']);
await step('tests on Node and in workerd', ['vitest', 'run', '--project', '!quick'], counted);
// New seeds in each run, on one core, in parallel to steps that measure no time.
const MINUTES = process.env['CI'] ? '2' : '0.3';
const simulated = step(`simulation: kept seeds, then new ones for ${MINUTES} minutes`, ['node', 'tools/simulate.ts', '--days', '6', '--minutes', MINUTES], counted, 15); // prettier-ignore
await step('docs/reference/rules.md says what the tests say', ['node', 'tools/rules.ts', '--check']);
await step('package: exports and types', ['node', 'tools/package-check.ts']);
await step('Worker: bundles and deploys (dry run)', [
  'wrangler',
  'deploy',
  '--dry-run',
  '--config',
  'examples/demo/wrangler.jsonc',
  '--outdir',
  temporary(),
]);
if (process.env['CI'])
  await step('docs site: builds, with every page as Markdown and no file from elsewhere', ['node', 'docs/site/build.mjs']);
await step('sizes', ['node', 'bench/size.ts']);
if (process.env['CI'])
  await step('mutants of files that changed since their result', ['node', 'tools/mutants.ts', '--stale', '--near', '--minutes', '5']);
await simulated;
await step('end to end: real browser, real clients', ['node', 'test/e2e/run.ts'], counted);

process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

/**
 * Runs one step and adds what it came to: the counts of its own closing line, or one for the step as a whole.
 *
 * @param nice how much it stands back for other steps.
 */
async function step(
  name: string,
  [command = '', ...args]: readonly string[],
  count: (output: string) => typeof total | null = () => null,
  nice = 0,
): Promise<void> {
  process.stdout.write(`\n▶ ${name}\n`);
  const started = Date.now();
  let output = '';
  const child = spawn(command, args, { cwd: root, env, stdio: ['inherit', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  if (nice > 0 && child.pid !== undefined) setPriority(child.pid, nice);
  const status = await once(child, 'close').then(
    ([code]: (number | null)[]) => code,
    (error: Error) => ((output += `${error.message}\n`), null),
  );
  const found = count(output);
  const result = found ?? { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  if (status !== 0 && result.failed === 0) result.failed = 1;
  if (status !== 0 || result.skipped > 0 || process.env['CI']) process.stdout.write(output);
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += result[key];
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `  ${status === 0 ? 'ok' : 'FAILED'}: ${name}, ${seconds} s (${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped)\n`,
  );
}

function counted(output: string): typeof total | null {
  const lines = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)];
  const last = lines.at(-1);
  return last ? { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3]) } : null;
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bundle-'));
  process.once('exit', () => {
    const largest = readdirSync(folder).filter((file) => file.endsWith('.js') && readFileSync(join(folder, file)).length > 0);
    if (largest.length === 0 && total.failed === 0) process.exitCode = 1; // a dry run without a bundle has checked nothing
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
