/**
 * A model checker for the state machine of a grant: every order, within bounds, in which the processes of one honest client, and a
 * thief with a copy of their token, can meet the server. The machine is the real one; the store is one record with a version; a token
 * is its name, and its hash too.
 *
 * Honest: the processes share one token file. Each sends what it read there less than half a grace ago, writes down what it gets, and
 * asks again, within half a grace, where no answer came: two that are slow together are still in time.
 */
import { findAccess, type Grant, retiredOf } from '../../src/model/grant.ts';
import { followSuccessors } from '../../src/grants/repeated-answer.ts';
import { type Minted, redeem, revoke, rotate, type Rotated, type Transition } from '../../src/model/grant-transitions.ts';
import { minted, openGrant, proofOf, refreshOf, START } from './grants.ts';

/** What the checker drives. A test puts a broken part in to see that the checker notices. */
export interface Machine {
  readonly rotate: typeof rotate;
  readonly followSuccessors: typeof followSuccessors;
}

/** How far it looks. */
export interface Bounds {
  readonly processes: number;
  readonly requests: number;
  /** Spans of time that may pass. */
  readonly passes: number;
  /** Requests of the thief; 0 for none. */
  readonly thefts: number;
  /** Whether the owner's tokens are bound to a key. */
  readonly bound: boolean;
  readonly grace?: number;
}

/** What it found. */
export interface Findings {
  readonly states: number;
  /** The first promise that was broken, and how it came to that; null where all hold. */
  readonly broken: { readonly promise: string; readonly trace: readonly string[] } | null;
}

export const MACHINE: Machine = { rotate, followSuccessors };

/** One client process: what it read from the file and when, and since when it waits for an answer that did not come. */
interface Process {
  readonly memory: string | null;
  readonly readAt: number;
  readonly waitingSince: number | null;
}

interface World {
  readonly grant: Grant;
  readonly version: number;
  readonly now: number;
  readonly issued: number;
  readonly file: string;
  readonly processes: readonly Process[];
  readonly stolen: string | null;
  /** A write that the server gave up: it lands later, if the record is still what it was. */
  readonly late: { readonly grant: Grant; readonly version: number; readonly used: string } | null;
  /** When each token was traded. */
  readonly traded: { readonly [token: string]: number };
  readonly requests: number;
  readonly passes: number;
  readonly thefts: number;
}

interface Step {
  readonly name: string;
  readonly world: World;
  readonly broken?: string | null;
}

const OWNER = 'owner-key';
const IDLE: Process = { memory: null, readAt: 0, waitingSince: null };

/** Looks at every reachable world. */
export async function explore(bounds: Bounds, machine: Machine = MACHINE): Promise<Findings> {
  const first = beginning(bounds);
  const came = new Map<World, { readonly from: World; readonly by: string }>();
  const seen = new Set([keyOf(first, bounds)]);
  const queue = [first];
  for (let world = queue.pop(); world; world = queue.pop()) {
    for (const step of await stepsFrom(world, bounds, machine)) {
      const key = keyOf(step.world, bounds);
      const promise = step.broken ?? (seen.has(key) ? null : brokenIn(step.world, machine));
      if (promise !== null) return { states: seen.size, broken: { promise, trace: [...traceOf(world, came), step.name] } };
      if (seen.has(key)) continue;
      seen.add(key);
      if (step.world.grant.ended) continue;
      came.set(step.world, { from: world, by: step.name });
      queue.push(step.world);
    }
  }
  return { states: seen.size, broken: null };
}

function beginning({ processes, bound, requests, passes, thefts, grace = 120 }: Bounds): World {
  const grant = openGrant({ lifetimes: { access: 600, refresh: 90_000, grace }, expiresAt: START + 900_000 });
  const redeemed = redeem({ ...SAME, code: proofOf('code'), challenge: 'challenge', redirectUri: undefined, now: START, ...keyOfOwner(bound) }, minted(1))(grant);
  if (!redeemed.grant) throw new Error('The first code was refused.');
  return {
    grant: redeemed.grant, version: 1, now: START, issued: 1, file: 'refresh-1', stolen: null, late: null, traded: {}, requests, passes, thefts,
    processes: Array.from({ length: processes }, () => IDLE),
  };
} // prettier-ignore

const SAME = { clientId: 'client', resource: undefined, scope: [], expandScopes: (scope: readonly string[]): readonly string[] => scope };
const keyOfOwner = (bound: boolean): { readonly jkt?: string } => (bound ? { jkt: OWNER } : {});

async function stepsFrom(world: World, bounds: Bounds, machine: Machine): Promise<readonly Step[]> {
  const steps: Step[] = [...passing(world, bounds), ...landing(world)];
  const { grant, processes, file } = world;
  for (const [at, { memory, waitingSince }] of processes.entries()) {
    if (memory !== file)
      steps.push({ name: `P${at} reads ${file}`, world: withProcess(world, at, { memory: file, readAt: world.now, waitingSince }) });
    steps.push(...(await sending(world, at, bounds, machine)));
  }
  if (world.stolen !== file && world.thefts > 0) steps.push({ name: `the thief copies ${file}`, world: { ...world, stolen: file } });
  steps.push(...(await thieving(world, machine)));
  steps.push({ name: 'the owner revokes', world: written(world, grantAfter(revoke('revoked', world.now), grant)) });
  return steps;
}

/** A process refreshes; how its write and its answer go is left to fate. */
async function sending(world: World, at: number, { grace = 120, bound, thefts }: Bounds, machine: Machine): Promise<readonly Step[]> {
  const { memory, readAt, waitingSince } = world.processes[at] ?? IDLE;
  if (memory === null || world.requests === 0 || world.now - readAt > patience(grace)) return [];
  const asked = refreshing(world, memory, keyOfOwner(bound), machine);
  const name = `P${at} sends ${memory}`;
  const less = { ...world, requests: world.requests - 1 };
  if ('error' in asked) {
    const next = asked.grant ? written(less, asked.grant) : less;
    if (next.grant.ended === null) return [{ name, world: next, broken: 'an owner who is refused is told of by the end of the grant' }];
    return [{ name, world: next, broken: world.thefts === thefts && grace > 0 ? 'no honest client is locked out' : null }];
  }
  if ((world.traded[memory] ?? Infinity) + grace <= world.now)
    return [{ name, world, broken: 'a token that was traded longer ago than the grace ends the grant' }];
  const next = asked.grant ? { ...written(less, asked.grant, memory), issued: asked.issued } : less;
  const waiting = { memory, readAt, waitingSince: waitingSince ?? world.now };
  const token = await given(next.grant, memory, asked.result, asked.issued, machine);
  const steps: Step[] = [
    { name: `${name}, gets ${token}`, world: withProcess({ ...next, file: token }, at, { memory: token, readAt: world.now, waitingSince: null }) },
    { name: `${name}, the answer is lost`, world: withProcess(next, at, waiting) },
  ];
  if (!asked.grant || world.late) return steps;
  const late = { grant: asked.grant, version: world.version, used: memory };
  return [...steps, { name: `${name}, the write is late`, world: withProcess({ ...less, issued: asked.issued, late }, at, waiting) }];
} // prettier-ignore

/** The thief refreshes with the copy, with a key of their own or without; the answer always comes. */
async function thieving(world: World, machine: Machine): Promise<readonly Step[]> {
  const { stolen, grant, thefts } = world;
  if (stolen === null || thefts === 0) return [];
  return Promise.all(
    [{}, { jkt: 'key of the thief' }].map(async (key) => {
      const asked = refreshing(world, stolen, key, machine);
      const name = `the thief sends ${stolen}${'jkt' in key ? ' with a key' : ''}`;
      const less = { ...world, thefts: thefts - 1 };
      const isLive = grant.refresh?.hash === stolen;
      if ('error' in asked) {
        const broken = asked.grant && isLive ? 'a live token that comes with a wrong key ends nothing' : null;
        return { name, world: asked.grant ? written(less, asked.grant) : less, broken };
      }
      if (grant.refresh?.jkt === OWNER) return { name, world: less, broken: 'a bound token is of no use without its key' };
      const next = asked.grant ? { ...written(less, asked.grant, stolen), issued: asked.issued } : less;
      return { name, world: { ...next, stolen: await given(next.grant, stolen, asked.result, asked.issued, machine) } };
    }),
  );
}

const PAIRS = Array.from({ length: 16 }, (_, n) => minted(n));
const pair = (n: number): Minted => PAIRS[n] ?? minted(n);

type Asked = ({ readonly result: Rotated } | { readonly error: unknown }) & { readonly grant?: Grant; readonly issued: number };

function refreshing(world: World, token: string, key: { readonly jkt?: string }, machine: Machine): Asked {
  const n = world.issued + 1;
  const proof = { ...SAME, refresh: refreshOf(token), sealedSuccessor: `refresh-${n}`, now: world.now, ...key };
  return { ...machine.rotate(proof, pair(n))(world.grant), issued: n };
}

/** The refresh token that an answer holds. */
async function given(grant: Grant, presented: string, result: Rotated, issued: number, machine: Machine): Promise<string> {
  if (result.kind !== 'repeated') return result.kind === 'kept' ? presented : `refresh-${issued}`;
  const open = async (_: string, sealed: string): Promise<{ tokens: { refresh: string }; hash: string }> => ({ tokens: { refresh: sealed }, hash: sealed });
  return (await machine.followSuccessors(grant, { presented, sealedSuccessor: result.sealedSuccessor }, open)).refresh;
} // prettier-ignore

/**
 * Time passes, but not over the patience of a process that got no answer: an honest one asks again in time. A late write lands within
 * the seconds of a store's deadline, which do not count, or finds that it is too late.
 */
function passing(world: World, { grace = 120 }: Bounds): readonly Step[] {
  if (world.passes === 0 || world.late?.version === world.version) return [];
  return [patience(grace), Math.max(grace, 1)]
    .filter((span) =>
      world.processes.every(({ waitingSince }) => waitingSince === null || world.now + span - waitingSince <= patience(grace)),
    )
    .map((span) => ({ name: `${span} s pass`, world: { ...world, now: world.now + span, passes: world.passes - 1 } }));
}

const patience = (grace: number): number => Math.max(Math.floor(grace / 2) - 1, 1);

function landing(world: World): readonly Step[] {
  const { late, version } = world;
  if (!late) return [];
  const rest = { ...world, late: null };
  return [{ name: 'the late write lands', world: late.version === version ? written(rest, late.grant, late.used) : rest }];
}

function written(world: World, grant: Grant, traded?: string): World {
  const next = { ...world, grant, version: world.version + 1 };
  if (traded === undefined || grant.refresh?.hash === traded) return next;
  if (Object.hasOwn(world.traded, traded)) throw new Error(`${traded} was traded twice.`);
  return { ...next, traded: { ...world.traded, [traded]: world.now } };
}

function withProcess(world: World, at: number, process: Process): World {
  return { ...world, processes: world.processes.map((one, index) => (index === at ? process : one)) };
}

function grantAfter(move: Transition<unknown>, grant: Grant): Grant {
  return move(grant).grant ?? grant;
}

/** What must hold in every world. */
function brokenIn({ grant, issued, now }: World, machine: Machine): string | null {
  if (!grant.ended) return null;
  for (let n = 1; n <= issued; n++) {
    if (findAccess(grant, `access-${n}`, now)) return 'no access token of an ended grant is good';
    const proof = { ...SAME, refresh: refreshOf(`refresh-${n}`), sealedSuccessor: '', now };
    const verdict = machine.rotate(proof, pair(0))(grant);
    if (!('error' in verdict) || verdict.grant) return 'no refresh token of an ended grant does anything';
  }
  return null;
}

/**
 * Two worlds with one key go on alike. What a token is called does not matter, only which of them it is; nor when something was, only
 * how long ago, and beyond the grace not even that.
 */
function keyOf(
  { grant, issued, version, now, file, processes, stolen, late, traded, requests, passes, thefts }: World,
  { grace = 120 }: Bounds,
): string {
  const names = new Map<string, number>();
  const name = (token: string | null | undefined): number => {
    if (token === null || token === undefined) return -1;
    const known = names.get(token);
    if (known !== undefined) return known;
    names.set(token, names.size);
    return names.size - 1;
  };
  const ago = (at: number | null | undefined): number => (at === null || at === undefined ? -1 : Math.min(now - at, grace));
  if (grant.ended) return `ended ${issued}`;
  const record = ({ refresh, retired }: Grant): string => {
    const living = retiredOf({ retired }).filter(({ until }) => until > now);
    return `${name(refresh?.hash)}${refresh?.jkt?.[0] ?? ''}:${living.map((one) => `${name(one.hash)}>${name(one.sealedSuccessor)}@${now - one.until}`).join()}`;
  };
  const order = ({ memory, readAt, waitingSince }: Process): string =>
    `${ago(readAt)} ${ago(waitingSince)} ${memory === grant.refresh?.hash} ${memory}`;
  const alike = processes.toSorted((one, other) => (order(one) < order(other) ? -1 : 1)); // which process is which does not matter
  const rows = alike.map(({ memory, readAt, waitingSince }) => `${name(memory)} ${ago(readAt)} ${ago(waitingSince)}`);
  const state = [record(grant), ...rows, name(file), name(stolen), late && (late.version === version ? record(late.grant) : 'dead')];
  return [...state, ...[...names].map(([token, at]) => `${at}t${ago(traded[token])}`), requests, passes, thefts].join('|');
}

function traceOf(world: World, came: ReadonlyMap<World, { readonly from: World; readonly by: string }>): readonly string[] {
  const trace: string[] = [];
  for (let step = came.get(world); step; step = came.get(step.from)) trace.unshift(step.by);
  return trace;
}
