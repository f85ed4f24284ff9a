/**
 * End to end: real server processes on Node and in workerd, real MCP clients, a real Chromium, the official conformance runner.
 * A plain program, `node test/e2e/run.ts [name …]`, names of `journeys.ts` or of groups of them (`node`, `worker`, `gallery-node`); its last
 * line counts. Journeys know nothing of one another: as many run side by side as there are processors, each in a process of its own, and
 * what each says is printed whole when it is through. Pictures of all pages go to artifacts/screenshots.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.ts';
import { JOURNEYS } from './journeys.ts';
import { freshFolder, runProgram } from './processes.ts';
import { add, check, close, fail, skip } from './report.ts';
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
const failures: string[] = [];

if (unknown.length > 0) fail('end to end', `There is no journey ${unknown.join(', ')}. There are: ${Object.keys(JOURNEYS).join(', ')}.`);
else if (chromium) await runAll(chromium);
else if (process.env['CI']) fail('end to end', 'There is no Chromium. Install it (apt-get install chromium), or name it in CHROMIUM.');
else skip('end to end', 'there is no Chromium on this machine; install it, or name it in CHROMIUM');
if (failures.length > 0) process.stdout.write(`What failed, by journey:\n${failures.map((one) => `  ${one}\n`).join('')}`);
process.exitCode = close();

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

/** A process that ends without having counted, or says that it failed without saying what, is a failure of its own. */
async function runOne(name: string, executable: string, titles: string): Promise<void> {
  const started = Date.now();
  const env = { ...process.env, PORTCULLIS_E2E_TITLES: titles };
  const { code, out, err } = await runProgram(process.execPath, ['test/e2e/journey.ts', name, executable], env, undefined, LIMIT);
  const [counted, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped\n$/m.exec(out) ?? [];
  const said = code === 0 ? out : `${out}${err}`; // what servers warn of is of no interest where all is well
  process.stdout.write(`▶ ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n${said.replace(counted ?? '', '')}`);
  add({ passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0) });
  failures.push(...[...out.matchAll(/^fail  (.+)$/gm)].map(([, check]) => `${name}: ${check}`));
  if (counted === undefined) fail(name, `It ended (${code ?? 'by a signal'}) before it was through.`);
  else if (code !== 0 && failed === '0') fail(name, `It ended with ${code}, although it counted no failure.`);
}
