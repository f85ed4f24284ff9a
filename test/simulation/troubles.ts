/** What goes wrong, and what operators do meanwhile. */
import type { Resealed } from '../../src/core/reseal.ts';
import { AT_SITE, type Cluster, PEOPLE, ROTATION, SEEDED } from './cluster.ts';
import { flood, guess, lure, mayEnter, probe, type Stage, steal } from './intruders.ts';
import { forgetCounters } from './habits.ts';
import { NetworkError, type World } from './network.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Starts all troubles of the plan; each goes on until the run is calm. */
export function startTroubles(stage: Stage): readonly Promise<void>[] {
  const { world, cluster } = stage;
  const { time, until, ledger } = world;
  const during = (what: string, set: (end: number) => void, longest: number) => async (): Promise<void> => {
    const end = Math.min(time.now() + 1000 + time.chance.below(longest), world.calmFrom);
    ledger.say(what, `fails until ${new Date(end).toISOString().slice(11, 19)}`);
    set(end);
  };
  const jobs: readonly (readonly [Parameters<World['has']>[0], number, () => Promise<void>])[] = [
    ['store-outage', 12 * HOUR, during('store', (end) => (until.storeOutage = end), 5 * MINUTE)],
    ['store-full', 48 * HOUR, during('store (full)', (end) => (until.storeFull = end), 3 * HOUR)],
    ['store-full', 48 * HOUR, during('store (stuck)', (end) => (until.storeStuck = end), 2 * HOUR)],
    ['failover', 20 * HOUR, () => failOver(stage)],
    ['site-outage', 12 * HOUR, during('site', (end) => (until.siteOutage = end), 3 * HOUR)],
    ['document-outage', 12 * HOUR, during('documents', (end) => (until.documentOutage = end), 5 * HOUR)],
    ['crash', 4 * HOUR, async () => cluster.crash(time.chance.pick(cluster.machines), time.chance.below(5 * MINUTE))],
    ['administrator', 10 * HOUR, () => administer(stage)],
    ['thief', 20 * HOUR, () => steal(stage)],
    ['prober', 6 * HOUR, () => probe(stage)],
    ['guesser', 10 * HOUR, () => guess(stage)],
    ['flood', 10 * HOUR, () => flood(stage)],
    ['administrator', 40 * HOUR, () => changeSeed(stage)],
    ['administrator', 60 * HOUR, () => bar(stage)],
    ['page', 6 * HOUR, () => lure(stage)],
    ['move', 30 * HOUR, () => move(stage)],
  ];
  const running = jobs.filter(([trouble]) => world.has(trouble)).map(([, every, act]) => repeat(world, every, act));
  return world.has('rotation') ? [...running, rotate(stage)] : running;
}

async function repeat(world: World, every: number, act: () => Promise<void>): Promise<void> {
  for (;;) {
    await world.time.sleep(world.time.chance.below(2 * every));
    if (world.time.now() >= world.calmFrom) return;
    await act();
  }
}

/** The secret is rotated as the guide says: both secrets everywhere, the new one first, everything sealed anew, the new one alone. */
async function rotate({ world, cluster }: Stage): Promise<void> {
  let slipped = '';
  for (const [step, secrets] of ROTATION.entries()) {
    if (step < ROTATION.length - 1 && world.time.percent(50) && world.time.now() + 4 * HOUR < world.calmFrom)
      slipped = await slip(world, cluster);
    await world.time.sleep((world.plan.storm ? 10 : 24) * HOUR + world.time.chance.below(24 * HOUR));
    const isLast = step === ROTATION.length - 1;
    if (isLast) await reseal(world, cluster);
    for (const machine of cluster.machines) {
      if (world.time.now() + HOUR > world.calmFrom) return;
      cluster.deploy(machine, isLast ? secrets : secrets + slipped);
      await world.time.sleep(world.time.chance.below(4 * HOUR)); // and life goes on between two of them
    }
  }
}

const UNKNOWN_SECRET = 'YW4tdW5rbm93bi1zZWNyZXQtb2Ytc29tZWJvZHktMDM=';

/** One process gets a secret that the others do not know; an hour later all know it as an old one. Nothing is lost, it only has to wait. */
async function slip(world: World, cluster: Cluster): Promise<string> {
  const before = cluster.machines.map(cluster.secretsOf);
  cluster.deploy(cluster.machines[0]!, UNKNOWN_SECRET);
  await world.time.sleep(HOUR);
  const isKnown = before[0]!.includes(UNKNOWN_SECRET);
  for (const [at, machine] of cluster.machines.entries()) cluster.deploy(machine, before[at]! + (isKnown ? '' : `,${UNKNOWN_SECRET}`));
  await world.time.sleep(HOUR);
  return `,${UNKNOWN_SECRET}`;
}

/** Seals everything anew, as often as it takes until nothing is left that the old secret sealed. */
async function reseal(world: World, cluster: Cluster): Promise<void> {
  for (let passes = 0; passes < 200; passes++) {
    try {
      let [left, after]: [number, string | undefined] = [0, undefined];
      do {
        const page: Resealed = await cluster.helpers().reseal(after);
        left += page.left;
        after = page.next;
      } while (after !== undefined);
      if (left === 0) return world.ledger.say('administrator', 'sealed everything anew');
    } catch {
      // tried again
    }
    await world.time.sleep(5 * MINUTE);
  }
  world.ledger.broken(
    'every honest client gets in',
    'administrator',
    'the old secret is needed for ever: `reseal` always leaves something',
  );
}

/** All records go to another store: to another engine, on which no one is signed out, or as a backup that is brought back, on which everyone is. */
async function move({ world, cluster }: Stage): Promise<void> {
  const isRestored = world.time.percent(30);
  const epoch = isRestored ? `restored-${world.time.now()}` : undefined;
  world.ledger.say('administrator', isRestored ? 'restores a backup under a new epoch' : 'moves all records');
  if (isRestored) world.ledger.endedAll('a backup was restored');
  await cluster.move(epoch);
  if (isRestored) world.ledger.endedAll('a backup was restored');
}

/** The store fails over to a replica that is two seconds behind at most. */
async function failOver({ world, cluster }: Stage): Promise<void> {
  const milliseconds = 200 + world.time.chance.below(1800);
  const now = world.time.now();
  world.failedOverAt = now;
  await cluster.failOver(milliseconds);
  forgetCounters();
  world.ledger.say('store', `fails over and forgets ${milliseconds} ms`);
  for (const answers of ['that came', 'that were on their way']) {
    if (answers !== 'that came') await world.time.sleep(70_000);
    world.ledger.forgotten(now - milliseconds);
    if (world.siteRefreshedAt > now - milliseconds - 1000) world.ledger.uncertain(AT_SITE);
  }
}

/** Restarts every process, one after the other, so that each reads the configuration anew. */
async function rollOut({ world, cluster }: Stage): Promise<void> {
  for (const machine of cluster.machines) {
    cluster.deploy(machine, cluster.secretsOf(machine));
    await world.time.sleep(10 * MINUTE);
  }
  while (cluster.machines.some(({ isAlive }) => !isAlive)) await world.time.sleep(MINUTE);
}

/** The password of an account that stands in the configuration is changed: the old one opens nothing any more. */
async function changeSeed(stage: Stage): Promise<void> {
  const { world, cluster } = stage;
  if (world.time.now() + 2 * HOUR > world.calmFrom) return;
  const { configuration } = cluster;
  const before = configuration.rootPassword;
  configuration.rootPassword = `password of root at ${world.time.now()}`;
  world.ledger.say('administrator', `changes the configured password of ${SEEDED}`);
  await rollOut(stage);
  for (let tries = 0; tries < 3; tries++)
    if (await mayEnter(stage, SEEDED, before))
      world.ledger.broken('what is revoked stays revoked', 'administrator', `the former password of ${SEEDED} still opens the account`);
}

/** Someone is taken off the list of those who may come in, and put on it again a day later. */
async function bar(stage: Stage): Promise<void> {
  const { world, cluster } = stage;
  if (world.time.now() + 9 * HOUR > world.calmFrom) return;
  const { configuration } = cluster;
  const before = configuration.admitted;
  configuration.admitted = ['somebody.else@corp.example'];
  world.ledger.say('administrator', `takes ${AT_SITE} off the list`);
  world.ledger.leaving = AT_SITE;
  await rollOut(stage);
  world.ledger.barred(AT_SITE, true);
  await world.time.sleep(5 * HOUR);
  world.ledger.barred(AT_SITE, false);
  configuration.admitted = before;
  await rollOut(stage);
  world.ledger.leaving = null;
}

/** An operator's script: it knows that something is over when its promise is fulfilled. */
async function administer({ world, cluster, installations }: Stage): Promise<void> {
  const { time, ledger } = world;
  const user = time.chance.pick(PEOPLE);
  const users = installations.filter((one) => one.setup.user === user && one.file !== null);
  const act = time.chance.below(3);
  const families = users.flatMap((one) => one.file?.family ?? []);
  try {
    const helpers = cluster.helpers();
    const account = await helpers.accounts.findByUsername(user);
    if (!account) throw new NetworkError('no such account just now');
    if (act === 0) {
      await helpers.signOut(account.id);
      ledger.say('administrator', `signed ${user} out`);
      for (const family of families) ledger.ended(family, 'signed out by the administrator');
    } else {
      const permissions = time.percent(50) ? ['admin'] : [];
      const before = ledger.permissions.get(user)?.now ?? [];
      ledger.permissions.set(user, { since: Infinity, now: [...new Set([...permissions, ...before])], before }); // either is right while it is under way
      await helpers.accounts.setPermissions(account.id, permissions);
      ledger.permissions.set(user, { since: time.now(), now: permissions, before: ['admin'] });
      ledger.say('administrator', `${user} has now [${permissions.join()}]`);
    }
  } catch {
    ledger.say('administrator', 'got no answer'); // and so knows nothing
    if (act === 0) for (const family of families) family.mayBeOver = true;
  }
}
