/**
 * `npm run mutants -- FOLDER|FILE…`: changes each file in small ways, one at a time, and runs its tests, which should fail
 * (mutation testing, with Stryker). Results are kept in docs/reference/mutants/, and as a table in docs/reference/mutants.md.
 *
 * `--stale` takes the listed files that have changed since their result, and fails only where one falls below 90 %: for CI. `--new` takes
 * those without a result; `--minutes 8` stops after that time; `--near` tries the nearest tests only, which is quick while you write one;
 * `--force` forgets what earlier runs found; `--table` only makes the table anew, after a `why` was written. Without files and flags it
 * says which have no current result.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTATED, testsFor } from './mutants-files.ts';
import { type FileResult, hashOf, isCurrent, MIN_KILLED, readResults, shareOf, type Survivor, writeResults } from './mutants-report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const REPORT = `${root}reports/mutation/mutation.json`;
const LOG = `${root}reports/mutants/stryker.log`;
const FOUND = new Set(['Killed', 'Timeout']);
const MISSED = new Set(['Survived', 'NoCoverage']);

interface Place {
  readonly line: number;
  readonly column: number;
}

/** The part of Stryker's report that is used here (mutation-testing-report-schema 2). */
interface Report {
  readonly files: {
    readonly [file: string]: {
      readonly source: string;
      readonly mutants: readonly {
        readonly mutatorName: string;
        readonly replacement?: string;
        readonly status: string;
        readonly location: { readonly start: Place; readonly end: Place };
      }[];
    };
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stale: { type: 'boolean', default: false },
    new: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    near: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '600' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) fail(`--minutes takes a number of minutes, not ${JSON.stringify(values.minutes)}.`);
const deadline = Date.now() + minutes * 60_000;
const kept = readResults();
const asked = positionals.map((path) =>
  path
    .replace(/^\.?\//, '')
    .replace(/^(?!src\/)/, 'src/')
    .replace(/\/$/, ''),
);
for (const path of asked)
  if (!MUTATED.some((file) => isBelow(file, path)))
    fail(`${path} has no file that is listed in tools/mutants-files.ts. Add it there, or name another.`);
const chosen = MUTATED.filter(
  (file) =>
    asked.some((path) => isBelow(file, path)) ||
    (values.stale && kept[file] !== undefined && !isCurrent(file, kept)) ||
    (values.new && kept[file] === undefined),
);

if (values.table) writeResults(kept);
else if (values.stale) sayWhatIsStale();
else if (chosen.length === 0 && !values.new) sayWhatIsMissing();
let isBad = false;
for (const [at, file] of chosen.entries()) {
  if (Date.now() > deadline) {
    process.stdout.write(`No time left for ${chosen.slice(at).join(' ')}\n`);
    break;
  }
  const result = test(file);
  if (!result) continue;
  keep(file, result);
  const open = result.survivors.filter(({ why }) => why === null);
  isBad ||= shareOf(result) < MIN_KILLED || (open.length > 0 && !values.stale);
  process.stdout.write(`${file}: ${result.killed} killed, ${result.survived} survived (${shareOf(result)} %)\n`);
  for (const { line, mutator, original, replacement } of open)
    process.stdout.write(
      `  ${file}:${line} ${mutator}\n    - ${original.replace(/\s+/g, ' ')}\n    + ${replacement.replace(/\s+/g, ' ')}\n`,
    );
}
if (isBad)
  process.stdout.write(
    `Write a test for each survivor, or say in docs/reference/mutants/ ("why") why none has to find it, then --table.\n`,
  );
process.exitCode = isBad ? 1 : 0;

/** Runs Stryker on one file within the remaining time: first with the nearest tests, then with all tests on the survivors. */
function test(file: string): FileResult | null {
  const sha256 = hashOf(file);
  const { near, all } = testsFor(file);
  const first = run(file, sha256, near, values.force);
  return values.near || first === null || first.survived === 0 || near.length === all.length ? first : run(file, sha256, all, false);
}

/** One run. Unchanged mutants that an earlier run has killed are not tried again. */
function run(file: string, sha256: string, tests: readonly string[], force: boolean): FileResult | null {
  const incremental = `${root}reports/mutants/${file.replaceAll('/', '+')}.json`;
  mkdirSync(dirname(incremental), { recursive: true });
  forgetSurvivors(incremental);
  rmSync(REPORT, { force: true });
  const flags = ['--mutate', file, '--incremental', '--incrementalFile', incremental, ...(force ? ['--force'] : [])];
  const log = openSync(LOG, 'w');
  const { status, error } = spawnSync('stryker', ['run', ...flags], {
    cwd: root,
    env: { ...process.env, MUTANT_FILE: file, MUTANT_TESTS: tests.join(';') },
    stdio: ['ignore', log, log],
    timeout: Math.max(1, deadline - Date.now()),
    shell: process.platform === 'win32',
  });
  closeSync(log);
  rmSync(`${root}.stryker-tmp`, { recursive: true, force: true }); // an interrupted run leaves its copy
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT')
    process.stdout.write(`${file}: stopped, the time is over. The next run goes on from here.\n`);
  else if (status !== 0 || !existsSync(REPORT)) {
    isBad = true;
    process.stdout.write(`${readFileSync(LOG, 'utf8')}\n${file}: Stryker failed, see above; nothing is kept.\n`);
  } else return resultOf(file, sha256);
  return null;
}

/** What survived is tried again with the tests as they are now: Stryker would keep it for constants of a module, of which it knows no test. */
function forgetSurvivors(incremental: string): void {
  const text = existsSync(incremental) ? readFileSync(incremental, 'utf8') : '';
  if (text === '') return rmSync(incremental, { force: true }); // its run was stopped
  const report = JSON.parse(text) as Report;
  const files = Object.entries(report.files).map(([name, file]) => [
    name,
    { ...file, mutants: file.mutants.filter(({ status }) => !MISSED.has(status)) },
  ]);
  writeFileSync(incremental, JSON.stringify({ ...report, files: Object.fromEntries(files) }));
}

/** Reads Stryker's report. A mutant that ends the process or the run (`RuntimeError`) counts neither way. */
function resultOf(file: string, sha256: string): FileResult {
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
  const { source, mutants } = report.files[file] ?? { source: '', mutants: [] };
  const lines = source.split('\n');
  const reasons = [...(kept[file]?.survivors ?? [])];
  const missed = mutants.filter(({ status }) => MISSED.has(status)).sort((a, b) => compare(a.location.start, b.location.start));
  const survivors = missed.map(({ mutatorName, replacement = '', location: { start, end } }): Survivor => {
    const text = lines.slice(start.line - 1, end.line);
    text[text.length - 1] = (text.at(-1) ?? '').slice(0, end.column - 1);
    const original = text.join('\n').slice(start.column - 1);
    const at = reasons.findIndex((one) => one.mutator === mutatorName && one.original === original && one.replacement === replacement);
    const why = at < 0 ? null : (reasons.splice(at, 1)[0]?.why ?? null);
    return { line: start.line, mutator: mutatorName, original, replacement, why };
  });
  return { sha256, killed: mutants.filter(({ status }) => FOUND.has(status)).length, survived: survivors.length, survivors };
}

/** Writes each result at once, so that an interrupted run loses nothing. */
function keep(file: string, result: FileResult): void {
  writeResults({ ...readResults(), [file]: result });
}

function sayWhatIsStale(): void {
  const untested = MUTATED.filter((file) => kept[file] === undefined);
  process.stdout.write(`${chosen.length} files have changed since their result.\n`);
  if (untested.length > 0) process.stdout.write(`${untested.length} have no result yet: ${untested.join(' ')}\n`);
}

function sayWhatIsMissing(): void {
  for (const file of MUTATED)
    if (!isCurrent(file, kept))
      process.stdout.write(`${file}: ${kept[file] === undefined ? 'not tested yet' : 'changed since it was tested'}\n`);
}

function isBelow(file: string, path: string): boolean {
  return file === path || file === `${path}.ts` || file.startsWith(`${path}/`);
}

function compare(a: Place, b: Place): number {
  return a.line - b.line || a.column - b.column;
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
