/** What installations do all day, each by its habit. */
import type { Installation, Pair } from './installation.ts';
import { DESK } from './quirks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Runs an installation until time is over. */
export async function live(installation: Installation): Promise<void> {
  const { world, habit } = installation.setup;
  await world.time.sleep(world.time.chance.below(30 * MINUTE));
  await installation.signIn();
  const processes = habit === 'shared-file' ? 3 : 1;
  await Promise.all(Array.from({ length: processes }, () => work(installation)));
}

/** One process of an installation: it holds a pair of its own, and looks into the file now and then. */
async function work(installation: Installation): Promise<void> {
  const { world, habit } = installation.setup;
  const { time } = world;
  let held = await pairOf(installation);
  for (;;) {
    await time.sleep(pause(installation));
    if (habit === 'registers-anew' && time.percent(5)) held = await installation.signIn();
    held = { ...(installation.file ?? held), readAt: time.now() };
    if (habit === 'shared-file' && time.percent(60)) await time.sleep(time.chance.below(90_000)); // what it has read is old by now
    const isDue = habit === 'early' ? 50 : habit === 'shared-file' ? (world.plan.storm ? 80 : 30) : 0; // by a timer, or as it starts
    if (time.percent(isDue)) held = (await installation.refresh(held)) ?? (await pairOf(installation));
    if (habit === 'twice' && time.percent(50)) held = await twice(installation, held);
    held = await useTools(installation, held);
    if (time.percent(world.plan.storm ? 15 : 0.3)) held = await disconnect(installation, held);
  }
}

function pause({ setup: { world, habit } }: Installation): number {
  const { chance, percent } = world.time;
  if (habit === 'sleeper') return percent(8) ? (1 + chance.below(20)) * 24 * HOUR : chance.below(2 * HOUR);
  if (habit === 'shared-file') return percent(30) ? chance.below(3 * MINUTE) : chance.below(2 * HOUR); // often close together
  return chance.below(4 * HOUR);
}

async function pairOf(installation: Installation): Promise<Pair> {
  return installation.file ?? installation.signIn();
}

/** Two refreshes of one token at once, as two tabs make them. */
async function twice(installation: Installation, held: Pair): Promise<Pair> {
  const [one, other] = await Promise.all([installation.refresh(held), installation.refresh(held)]);
  return one ?? other ?? (await pairOf(installation));
}

/** Calls what a tool set is called for, and looks at what it says. */
async function useTools(installation: Installation, held: Pair): Promise<Pair> {
  const { world } = installation.setup;
  const tool = world.time.chance.pick(['whoami', 'save', 'count', 'count', 'site', 'admin', 'slow', 'says']);
  const known = counters.get(installation.setup.user) ?? 0;
  const { pair, text, answer } = await installation.call(tool, held);
  if (installation.setup.habit === 'confidential' && world.time.percent(20)) await installation.handOver(pair);
  if (text === null) return pair;
  if (tool === 'says' && text === 'said' && !installation.quirks.isModern && !answer?.text.includes('aloud'))
    world.ledger.broken('every honest client gets in', installation.name, 'a line that a tool logged did not come');
  if (tool === 'site' && text === 'dead token')
    world.ledger.broken('every honest client gets in', installation.name, 'the token that a tool got for the site is dead');
  if (tool === 'count' && installation.quirks.routes.every((route) => !route.startsWith('/notes')) && /^\d+$/.test(text)) {
    const count = Number(text);
    if (count <= known)
      world.ledger.broken(
        'what was kept is not lost',
        installation.name,
        `the state of ${installation.setup.user} says ${count} after ${known}`,
      );
    counters.set(installation.setup.user, Math.max(counters.get(installation.setup.user) ?? 0, count));
  }
  const { leaving } = world.ledger;
  const mayEnd = pair.family.mayBeOver || pair.family.barredAt !== null || leaving === installation.setup.user;
  if (tool === 'site' && text === 'failed: ended' && !mayEnd)
    world.ledger.broken('no sign-out by accident', installation.name, 'the account at the site is said to be over');
  if (tool === 'whoami' && pair.family.over === null && text.length < 5)
    world.ledger.broken('every honest client gets in', installation.name, `whoami said ${text}`);
  return pair;
}

/** What each user's state is known to have reached. */
const counters = new Map<string, number>();

/** Forgets what earlier runs of this process knew. */
export function forgetCounters(): void {
  counters.clear();
}

/** The user disconnects the app: its revocation is confirmed, and from then on nothing of it works. */
async function disconnect(installation: Installation, held: Pair): Promise<Pair> {
  const { world } = installation.setup;
  if (installation.setup.signer) return held; // revokes only with an assertion; others show it
  const secret = installation.setup.habit === 'confidential' ? { client_secret: DESK.secret } : {};
  const body = new URLSearchParams({ token: held.refresh, client_id: installation.clientId ?? '', ...secret }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  let refusedWhileFull = 0;
  const revoke = async (): Promise<true | null> => {
    if (world.until.storeStuck > world.time.now() && ++refusedWhileFull > 20)
      world.ledger.broken('what is revoked stays revoked', installation.name, 'nothing can be revoked while the store is full');
    const response = await installation.send(new Request('https://mcp.example/revoke', { method: 'POST', body, headers }));
    return response.status === 200 ? true : null;
  };
  held.family.mayBeOver = true; // other processes of the client may hear of it first
  await installation.patiently('revoking', revoke);
  world.ledger.ended(held.family, 'revoked by the client');
  world.ledger.say(installation.name, `${held.family.name} revoked`);
  for (const token of [held.access]) {
    const answer = await installation.callTool('whoami', token).catch(() => null);
    if (answer?.status === 200)
      world.ledger.broken('what is revoked stays revoked', installation.name, 'a call after its revocation was answered 200');
  }
  if (installation.file?.family === held.family) installation.file = null;
  return pairOf(installation);
}
