/** What goes wrong, and who has bad intentions. */
import type { Prover } from '../support/prover.ts';
import { type Cluster, ISSUER, PEOPLE, ROTATION } from './cluster.ts';
import { type Installation, type Pair, read } from './installation.ts';
import { NetworkError, type World } from './network.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Everybody and everything that takes part beside the clients. */
export interface Stage {
  readonly world: World;
  readonly cluster: Cluster;
  readonly installations: readonly Installation[];
  /** A key of the thief's own. */
  readonly thiefKey: Prover;
}

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
    ['site-outage', 12 * HOUR, during('site', (end) => (until.siteOutage = end), 3 * HOUR)],
    ['document-outage', 12 * HOUR, during('documents', (end) => (until.documentOutage = end), 5 * HOUR)],
    ['crash', 4 * HOUR, async () => cluster.crash(time.chance.pick(cluster.machines), time.chance.below(5 * MINUTE))],
    ['administrator', 10 * HOUR, () => administer(stage)],
    ['thief', 20 * HOUR, () => steal(stage)],
    ['prober', 6 * HOUR, () => probe(stage)],
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

/** The secret is rotated as the guide says: both secrets everywhere, then the new one first. */
async function rotate({ world, cluster }: Stage): Promise<void> {
  for (const secrets of ROTATION) {
    if (world.time.percent(50)) await slip(world, cluster);
    await world.time.sleep(24 * HOUR + world.time.chance.below(24 * HOUR));
    for (const machine of cluster.machines) {
      cluster.deploy(machine, secrets);
      await world.time.sleep(world.time.chance.below(4 * HOUR)); // and life goes on between two of them
    }
  }
}

/** One process gets a secret that the others do not know, and its own again an hour later: nothing is lost, it only has to wait. */
async function slip(world: World, cluster: Cluster): Promise<void> {
  const machine = cluster.machines[0]!;
  const before = cluster.secretsOf(machine);
  cluster.deploy(machine, 'YW4tdW5rbm93bi1zZWNyZXQtb2Ytc29tZWJvZHktMDM=');
  await world.time.sleep(HOUR);
  cluster.deploy(machine, before);
  await world.time.sleep(HOUR);
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

/** Takes a refresh token as it stands in a file, and uses it for days: as it is, or with a key of the thief's own. */
async function steal(stage: Stage): Promise<void> {
  const { world, installations } = stage;
  const victims = installations.filter((one) => one.file !== null && one.setup.habit !== 'keyed' && one.setup.habit !== 'bound');
  const victim = world.time.chance.pick(victims);
  if (!victim?.file) return;
  const pair = victim.file;
  pair.family.stolenAt ??= world.time.now();
  world.ledger.say('thief', `steals from ${pair.family.name}`);
  void enjoy(stage, victim, pair);
}

async function enjoy({ world, cluster, thiefKey }: Stage, victim: Installation, stolen: Pair): Promise<void> {
  const { time, ledger } = world;
  const binds = time.percent(40);
  const clientId = victim.clientId ?? '';
  let refresh = stolen.refresh;
  await time.sleep(time.chance.below(HOUR));
  for (let rounds = 0; rounds < 40 && time.now() < world.calmFrom; rounds++) {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh, client_id: clientId }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(binds ? { dpop: await thiefKey.proof('POST', `${ISSUER}/token`) } : {}),
    };
    const sent = time.now();
    const answer = await cluster.send(new Request(`${ISSUER}/token`, { method: 'POST', body, headers })).then(read, () => null);
    if (answer && answer.status >= 400 && answer.status < 500) {
      ledger.say('thief', `is refused for ${stolen.family.name}`);
      return;
    }
    if (answer?.status === 200) {
      refresh = String(answer.body['refresh_token']);
      ledger.gave(stolen.family, String(answer.body['access_token']), refresh);
      ledger.thiefRefreshed(stolen.family, sent);
      ledger.say('thief', `refreshed ${stolen.family.name}`);
    }
    await time.sleep(time.chance.below(3 * HOUR));
  }
}

/** Hostile bodies: with the token of somebody who may do little, and without one. */
async function probe({ world, cluster, installations }: Stage): Promise<void> {
  const { time, ledger } = world;
  const holder = time.chance.pick(installations.filter((one) => one.file !== null && !one.setup.prover));
  const call = (tool: string, more = ''): string =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":{}}${more}}`;
  const tool = time.chance.pick(['admin', 'save']);
  const bodies: readonly (string | Uint8Array<ArrayBuffer>)[] = [
    `\uFEFF${call(tool)}`,
    `[${call(tool)}]`,
    `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"${tool}","arguments":{}}}`,
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"${tool}","arguments":{}}}`,
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}},"params":{"name":"${tool}","arguments":{}}}`,
    call(`${tool} `),
    call(tool.toUpperCase()),
    call(tool, ',"__proto__":{"name":"whoami"}'),
    `${call(tool)}\u0000`,
    new Uint8Array([0xff, 0xfe, ...new Uint8Array(new Uint16Array([...call(tool)].map((sign) => sign.charCodeAt(0))).buffer)]),
  ];
  const access = time.percent(50) ? (holder?.file?.access ?? null) : null;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(access === null ? {} : { authorization: `Bearer ${access}` }),
  };
  for (const body of bodies) {
    const answer = await cluster.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body }), access).then(read, () => null);
    ledger.count(`probe ${answer?.status ?? 'lost'}`);
    if (access === null && answer?.status === 200)
      ledger.broken('no call without a token', 'prober', `a stranger got 200: ${answer.text.slice(0, 200)}`);
  }
}
