/** Runs a plan, and makes a failing one smaller. */
import { readdirSync } from 'node:fs';
import { makeProver } from '../support/prover.ts';
import { makeSigner } from '../support/signer.ts';
import { addressOf, AT_SITE, PEOPLE, passwordOf, type Person, startCluster } from './cluster.ts';
import { forgetCounters, live } from './habits.ts';
import { Installation } from './installation.ts';
import { Ledger, type Violation } from './ledger.ts';
import type { World } from './network.ts';
import { type Habit, HABITS, type Plan } from './plan.ts';
import { startTroubles } from './troubles.ts';
import { virtualTime } from './virtual-time.ts';

const DAY = 86_400_000;
/** At the end nothing goes wrong for a while: then everyone must be able to work. */
const CALM = DAY / 2;

/** What a run came to. */
export interface Outcome {
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  readonly counts: ReadonlyMap<string, number>;
}

/** Modules that are loaded late take real time, which would change the order of events. */
async function loadEverything(): Promise<void> {
  const src = new URL('../../src/', import.meta.url);
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !/^(worker|cli)\//.test(path),
  );
  for (const path of paths) await import(new URL(path, src).href);
}

/** Runs a plan from its first second to its last. */
export async function simulate(plan: Plan): Promise<Outcome> {
  await loadEverything();
  const time = virtualTime(plan.seed);
  const ledger = new Ledger(time);
  forgetCounters();
  try {
    const end = time.now() + plan.days * DAY;
    const world: World = {
      plan, time, ledger,
      until: { storeOutage: 0, storeFull: 0, storeStuck: 0, siteOutage: 0, documentOutage: 0 },
      failedOverAt: -Infinity,
      siteRefreshedAt: -Infinity,
      calmFrom: time.now(),
      has: (trouble) => plan.troubles.includes(trouble),
    }; // prettier-ignore
    const clock = { now: () => Math.floor(time.now() / 1000), pass: () => undefined };
    const ready = prepare(world, clock).catch((error: unknown) =>
      ledger.broken('the simulation itself works', 'simulation', String(error)),
    );
    await time.runUntil(time.now() + 60_000);
    const stage = await ready;
    if (!stage) return { plan, violations: ledger.violations, counts: ledger.counts };
    world.calmFrom = end - CALM;
    const failed = (error: unknown): void =>
      ledger.broken('the simulation itself works', 'simulation', error instanceof Error ? (error.stack ?? error.message) : String(error));
    for (const one of [...stage.installations.map(live), ...startTroubles(stage)]) one.catch(failed);
    while (time.now() < end && ledger.violations.length === 0) await time.runUntil(Math.min(end, time.now() + DAY / 24));
    return { plan, violations: ledger.violations, counts: ledger.counts };
  } finally {
    time.restore();
  }
}

/** Whose client has a habit: the same person in every plan, so that a smaller one gives a device no user without a password. */
function userOf(habit: Habit): Person {
  return PEOPLE[HABITS.indexOf(habit) % PEOPLE.length]!;
}

async function prepare(world: World, clock: { now: () => number; pass: () => undefined }) {
  const cluster = await startCluster(world);
  for (const person of PEOPLE) {
    world.ledger.permissions.set(person, { since: 0, now: [], before: [] });
    if (person === AT_SITE) continue;
    world.ledger.secret(passwordOf(person).replaceAll(' ', '-'));
    const email = addressOf(person);
    await cluster.helpers().accounts.create({ username: person, password: passwordOf(person), name: person, email, emailVerified: true });
  }
  const installations: Installation[] = [];
  for (const habit of world.plan.habits) {
    const more = {
      ...(habit === 'keyed' ? { signer: await makeSigner() } : {}),
      ...(habit === 'bound' ? { prover: await makeProver(clock) } : {}),
    };
    installations.push(new Installation({ world, cluster, habit, user: userOf(habit), ...more }));
  }
  return { world, cluster, installations, thiefKey: await makeProver(clock) };
}

/** How long a failing plan is made smaller, at most. */
const MINIMIZE_MS = 4 * 60_000;

/** The smallest plan found that breaks the same promise: fewer troubles, fewer clients, less time. */
export async function minimize(failing: Outcome): Promise<Outcome> {
  const end = Date.now() + MINIMIZE_MS;
  let best = failing;
  const rule = failing.violations[0]?.rule;
  const attempt = async (plan: Plan): Promise<void> => {
    if (Date.now() > end) return;
    const outcome = await simulate(plan);
    if (outcome.violations[0]?.rule === rule) best = outcome;
  };
  for (const trouble of failing.plan.troubles)
    await attempt({ ...best.plan, troubles: best.plan.troubles.filter((one) => one !== trouble) });
  for (const habit of failing.plan.habits)
    if (best.plan.habits.length > 1) await attempt({ ...best.plan, habits: best.plan.habits.filter((one) => one !== habit) });
  for (const days of [1, 2, 4, 8, 16]) if (days < best.plan.days) await attempt({ ...best.plan, days });
  return best;
}
