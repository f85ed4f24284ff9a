/**
 * The bench: CPU per request of our servers, the floors below them and two peers, in interleaved rounds on this machine.
 *
 *   npm run bench -- mcp     what a call of a tool costs, see mcp.ts
 *   npm run bench -- jwt     what a signed token of another server costs, see jwt.ts
 *   npm run bench -- stores [--engine NAME]… [--grants 1000,100000,1000000]     what each store costs, see stores.ts
 *   npm run bench -- places [--home REGION] [--people N]     how long people wait for data that is far away, see places.ts
 *   npm run bench -- capacity [--grants 1000000]     what a vCPU serves, see capacity.ts
 *   npm run bench -- admin [--grants 1000000] [--users 100000]     how long an administrator waits, see admin.ts
 *   npm run bench -- cost     what Cloudflare and a database are asked for, see cost.ts
 *   npm run bench -- operations [--engine NAME]…     how soon a revocation is felt, what a deployment loses, see operations.ts
 *   npm run bench -- [--quick] [--only node|worker] [--op NAME]… [--subject NAME]… [--rounds N]
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure, measureStart, open, startLoad, type Bench } from './measure.ts';
import { OPERATIONS, STARTS, SUBJECTS, TARGETS } from './plan.ts';
import { targetLines, median, table, type Costs } from './report.ts';

if (process.argv[2] === 'mcp') {
  const { benchMcp } = await import('./mcp.ts');
  await benchMcp(process.argv.slice(3));
  process.exit();
}
if (process.argv[2] === 'jwt') {
  const { benchJwt } = await import('./jwt.ts');
  await benchJwt(process.argv.slice(3));
  process.exit();
}
if (process.argv[2] === 'stores') {
  const { benchStores } = await import('./stores.ts');
  await benchStores(process.argv.slice(3));
  process.exit();
}

if (process.argv[2] === 'places') {
  if (!process.argv.includes('--layout')) install();
  const { benchPlaces } = await import('./places.ts');
  await benchPlaces(process.argv.slice(3));
  process.exit();
}

if (process.argv[2] === 'capacity') {
  const { benchCapacity } = await import('./capacity.ts');
  await benchCapacity(process.argv.slice(3));
  process.exit();
}
if (process.argv[2] === 'admin') {
  const { benchAdmin } = await import('./admin.ts');
  await benchAdmin(process.argv.slice(3));
  process.exit();
}
if (process.argv[2] === 'cost') {
  const { benchCost } = await import('./cost.ts');
  await benchCost();
  process.exit();
}
if (process.argv[2] === 'operations') {
  const { benchOperations } = await import('./operations.ts');
  await benchOperations(process.argv.slice(3));
  process.exit();
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    op: { type: 'string', multiple: true },
    subject: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
  },
});
if (values.only !== undefined && values.only !== 'node' && values.only !== 'worker') fail('--only must be node or worker.');
if (process.platform !== 'linux') fail('The bench reads CPU times from /proc, which is on Linux only.');
const rounds = values.quick ? 1 : Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail('--rounds must be a whole number above zero.');

install();
const wanted = SUBJECTS.filter(
  ({ side, name }) => (values.only === undefined || side === values.only) && (values.subject?.includes(name) ?? true),
);
const operations = OPERATIONS.filter((operation) => values.op?.includes(operation) ?? true);
const load = startLoad();
const benches: Bench[] = [];
for (const subject of wanted.toSorted((a, b) => Number(a.name === 'node:http') - Number(b.name === 'node:http'))) {
  const copied = subject.name === 'node:http' ? benches.find(({ subject: { name } }) => name === 'Portcullis, SQLite') : undefined;
  benches.push(await open(subject, copied ? [String(copied.server.port)] : []));
}
// The first round warms up: compilers, caches, files. It is asked for a third and not counted.
for (let round = 0; round <= rounds; round++) await runRound(round);
const memory = new Map(benches.map(({ subject, server }) => [subject.name, server.memory()]));
await Promise.all(benches.map(({ server }) => server.stop()));
load.stop();

const costs: Costs = new Map();
for (const { subject, figures } of benches)
  costs.set(subject.name, new Map([...figures].map(([operation, all]) => [operation, median(all)] as const)));
if (values.subject === undefined) await measureStarts();

const sides = values.only === undefined ? (['node', 'worker'] as const) : [values.only];
for (const side of sides) console.log(`\n${table(side, wanted.filter((one) => one.side === side), costs, memory)}`); // prettier-ignore
console.log(
  `\nCPU µs per request of the whole process tree, ${rounds} round${rounds === 1 ? '' : 's'}, medians, 16 connections; start in CPU ms.\n`,
);
const { lines, missed } = targetLines(TARGETS, costs);
console.log(lines.join('\n'));
console.log(`\n${lines.length - missed} targets met, ${missed} missed.`);

async function runRound(round: number): Promise<void> {
  // Tokens come of codes, so those two are always asked; what is not wanted is not kept.
  for (const operation of OPERATIONS) {
    if (!operations.includes(operation) && operation !== 'code') continue;
    for (const bench of benches) {
      if (bench.subject.asks[operation] === undefined) continue;
      const micros = await measure(bench, operation, load, round === 0 ? 1 / 3 : 1);
      if (round === 0) bench.figures.delete(operation);
      else console.error(`round ${round}: ${bench.subject.name}, ${operation}: ${micros.toFixed(1)} µs`);
    }
  }
}

async function measureStarts(): Promise<void> {
  const starts = STARTS.filter(({ side }) => values.only === undefined || side === values.only);
  const seen = new Map<string, number[]>(starts.map(({ name }) => [name, []]));
  for (let round = 0; round < (values.quick ? 1 : 7); round++) for (const one of starts) seen.get(one.name)?.push(await measureStart(one));
  for (const [name, all] of seen) costs.set(name, new Map([...(costs.get(name) ?? []), ['start', median(all)]]));
}

function install(): void {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  if (existsSync(`${folder}node_modules/oidc-provider`)) return;
  console.error('Installing what the bench compares with …');
  const { status } = spawnSync('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) fail('npm ci in bench/ failed; fix what it says above.');
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
