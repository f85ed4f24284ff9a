/**
 * End to end: real server processes on Node and in workerd, real MCP clients, a real Chromium, the official conformance runner.
 * A plain program, `node test/e2e/run.ts [name …]`, names of `journeys.ts` or of groups of them (`node`, `worker`, `gallery-node`); its last
 * line counts. Journeys know nothing of one another: as many run side by side as there are processors, each in a process of its own, and
 * what each says is printed whole when it is through. One that failed is run once more, and listed at the end if it passes then.
 * Pictures of all pages go to artifacts/screenshots.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.ts';
import { JOURNEYS } from './journeys.ts';
import { freshFolder, runProgram } from './processes.ts';
import { add, check, close, type Counts, fail, skip } from './report.ts';
import { missingTitles } from './titles.ts';

/** Seconds after which a journey is ended, which is a failure: so that one that hangs does not hang all. The longest takes two minutes. */
const LIMIT = 1800;
const LANES = Math.min(4, Math.max(2, availableParallelism()));

const wanted = process.argv.slice(2);
const chosen = Object.entries(JOURNEYS).filter(
  ([name, { groups }]) => wanted.length === 0 || [name, ...groups].some((one) => wanted.includes(one)),
);
const unknown = wanted.filter((name) => !Object.entries(JOURNEYS).some(([one, { groups }]) => [one, ...groups].includes(name)));
const chromium = findChromium();
const failed: string[] = [];
const unsteady: string[] = [];

if (unknown.length > 0) fail('end to end', `There is no journey ${unknown.join(', ')}. There are: ${Object.keys(JOURNEYS).join(', ')}.`);
else if (chromium) await runAll(chromium);
else if (process.env['CI']) fail('end to end', 'There is no Chromium. Install it (apt-get install chromium), or name it in CHROMIUM.');
else skip('end to end', 'there is no Chromium on this machine; install it, or name it in CHROMIUM');
list('Passed only when run once more: find out why', unsteady);
list('Failed, by journey', failed);
process.exitCode = close();

function list(title: string, lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${title}:\n${lines.map((one) => `  ${one}\n`).join('')}`);
}

async function runAll(executable: string): Promise<void> {
  const titles = join(freshFolder('titles'), 'titles.txt');
  writeFileSync(titles, '');
  const left = chosen.map(([name]) => name);
  const lane = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await runOne(name, executable, titles);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const isWhole = Object.entries(JOURNEYS).every(
    ([name, { groups }]) => !groups.includes('gallery-node') || chosen.some(([one]) => one === name),
  );
  if (isWhole)
    await check('gallery: every page was photographed, by its title', async () => {
      const missing = missingTitles(readFileSync(titles, 'utf8').split('\n'));
      if (missing.length > 0) throw new Error(`These titles stood on no page that was photographed: ${missing.join(', ')}.`);
    });
}

/** Runs a journey in a process of its own; one that failed, once more: a real browser on a busy machine can lose a connection. */
async function runOne(name: string, executable: string, titles: string): Promise<void> {
  const first = await runJourney(name, executable, titles);
  const ended = first.failures.length === 0 ? first : await runJourney(name, executable, titles);
  add(ended.counts);
  if (ended.failures.length > 0) failed.push(...ended.failures);
  else if (ended !== first) unsteady.push(...first.failures);
}

/** A process that ends without having counted, or says that it failed without saying what, is a failure of its own. */
async function runJourney(name: string, executable: string, titles: string): Promise<{ counts: Counts; failures: readonly string[] }> {
  const started = Date.now();
  const env = { ...process.env, PORTCULLIS_E2E_TITLES: titles };
  const { code, out, err } = await runProgram(process.execPath, ['test/e2e/journey.ts', name, executable], env, undefined, LIMIT);
  const [counted, ...numbers] = /^(\d+) passed, (\d+) failed, (\d+) skipped\n$/m.exec(out) ?? [];
  const [passed = 0, failures = 0, skipped = 0] = numbers.map(Number);
  const said = code === 0 ? out : `${out}${err}`; // what servers warn of is of no interest where all is well
  process.stdout.write(`▶ ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n${said.replace(counted ?? '', '')}`);
  const told = [...out.matchAll(/^fail  (.+(?:\n {6}.*){0,12})/gm)].map(([, check]) => `${name}: ${check}`);
  if (code === 0 && counted !== undefined && failures === 0) return { counts: { passed, failed: 0, skipped }, failures: [] };
  const why = told.length > 0 ? told : [`${name}: It ended (${code ?? 'by a signal'}) without having said what failed.`];
  return { counts: { passed, failed: Math.max(1, failures), skipped }, failures: why };
}
