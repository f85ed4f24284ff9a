/**
 * `npm run simulate -- --seed 7 --days 30`: simulates days of real clients on a server with faults, in seconds (test/simulation). With
 * `--minutes 2` it runs the stored seeds and then new ones for that time, every other one with more faults. A failure is reduced and
 * printed with the command that repeats it and the line that stores it. The last line is a summary.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { commandOf, fullPlan, type Habit, HABITS, type Plan, type Trouble, TROUBLES } from '../test/simulation/plan.ts';
import { minimize, type Outcome, simulate } from '../test/simulation/simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    days: { type: 'string', default: '30' },
    minutes: { type: 'string' },
    processes: { type: 'string', default: '3' },
    habits: { type: 'string' },
    troubles: { type: 'string' },
    storm: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
  },
});

const total = { passed: 0, failed: 0 };
const days = wholeNumber('days', values.days);
const processes = wholeNumber('processes', values.processes);

if (values.minutes === undefined) await play(planFor(wholeNumber('seed', values.seed ?? String(Math.floor(Date.now() / 1000)))));
else {
  const end = Date.now() + Number(values.minutes) * 60_000;
  const kept = JSON.parse(readFileSync(new URL('../test/simulation/kept-seeds.json', import.meta.url), 'utf8')) as Plan[];
  const first = wholeNumber('seed', values.seed ?? String(Math.floor(Date.now() / 1000)));
  process.stdout.write(`${kept.length} kept seeds, then new ones from ${first} on\n`);
  for (const plan of kept) await play(plan);
  for (let seed = first; Date.now() < end; seed++) await play({ ...planFor(seed), storm: values.storm || seed % 2 === 1 });
}
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, 0 skipped\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

function planFor(seed: number): Plan {
  const habits = values.habits?.split(',').map((one) => known(one, HABITS) as Habit) ?? HABITS;
  const named = values.troubles === 'none' ? [] : values.troubles?.split(',').map((one) => known(one, TROUBLES) as Trouble);
  const plan = fullPlan(seed, days);
  return { ...plan, processes, habits, troubles: named ?? plan.troubles, storm: values.storm };
}

async function play(plan: Plan): Promise<void> {
  const began = Date.now();
  const outcome = await simulate(plan);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (outcome.violations.length === 0) {
    total.passed++;
    process.stdout.write(`seed ${plan.seed}: ${plan.days} days in ${seconds} s, ${summary(outcome)}\n`);
    return;
  }
  total.failed++;
  process.stdout.write(`seed ${plan.seed}: a promise was broken after ${seconds} s\n`);
  report(values.whole ? outcome : await minimize(outcome));
}

function report({ plan, violations }: Outcome): void {
  for (const { rule, text, history } of violations.slice(0, 1)) {
    process.stdout.write(`\n  ${rule}\n  ${text}\n\n${history.map((line) => `    ${line}`).join('\n')}\n\n  ${commandOf(plan)}\n`);
    process.stdout.write(`  To keep it, add this to test/simulation/kept-seeds.json: ${JSON.stringify(plan)}\n`);
  }
}

function summary({ counts }: Outcome): string {
  const count = (name: string): number => counts.get(name) ?? 0;
  return `${count('call 200')} calls, ${count('event grant.refreshed')} refreshes, ${count('signed out')} sign-outs with a reason`;
}

function known<T extends string>(name: string, names: readonly T[]): string {
  if (names.includes(name as T)) return name;
  process.stderr.write(`There is no "${name}". Choose from: ${names.join(', ')}.\n`);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} takes a whole number above zero, not "${text}".\n`);
  process.exit(2);
}
