/** The way between clients, server processes and their store: everything takes time, and some of it is lost. */
import type { Store } from '../../src/model/store.ts';
import { NothingDone } from '../../src/model/store.ts';
import type { Ledger } from './ledger.ts';
import type { Plan, Trouble } from './plan.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What everything in a run shares. */
export interface World {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  /** Ends of troubles that last a while. */
  readonly until: { storeOutage: number; storeFull: number; storeStuck: number; siteOutage: number; documentOutage: number };
  /** When the store last forgot something. */
  failedOverAt: number;
  /** When the other site last gave a new refresh token for an old one. */
  siteRefreshedAt: number;
  /** From here on nothing goes wrong any more. */
  calmFrom: number;
  has(trouble: Trouble): boolean;
}

/** The connection was cut: the client cannot know what became of its request. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** A server process that can die. */
export interface Machine {
  readonly name: string;
  isAlive: boolean;
  /** How far its clock is from the true time, in milliseconds. */
  drift: number;
  /** Rejects when it dies. */
  death: Promise<never>;
  die: () => void;
}

/** Makes a machine that lives. */
export function makeMachine(name: string): Machine {
  const machine: Machine = { name, isAlive: true, drift: 0, death: Promise.resolve() as Promise<never>, die: () => undefined };
  revive(machine);
  return machine;
}

/** Starts a machine anew. */
export function revive(machine: Machine): void {
  machine.isAlive = true;
  machine.death = new Promise<never>((_, reject) => {
    machine.die = () => {
      machine.isAlive = false;
      reject(new NetworkError('The process died.'));
    };
  });
  machine.death.catch(() => undefined);
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** The store as one process reaches it. */
export function storeFor(world: World, machine: Machine, inner: Store): Store {
  const { time, until } = world;
  const life = machine.death; // of this incarnation: what it had begun never goes on
  let isDead = false;
  life.catch(() => (isDead = true));
  const operation = async <T>(writes: 'new' | 'any' | null, verb: () => Promise<T>): Promise<T> => {
    await time.sleep(1 + time.chance.below(4));
    if (isDead) return never();
    const troubled = time.now() < world.calmFrom;
    if (until.storeOutage > time.now()) throw new NothingDone('connect ECONNREFUSED 10.0.0.7:5432');
    if (writes === 'new' && until.storeFull > time.now()) throw new Error('The store is full.');
    if (writes !== null && until.storeStuck > time.now()) throw new NothingDone('OOM command not allowed');
    const loss = troubled && world.has('store-loss') && time.percent(world.plan.storm ? 5 : 0.7);
    if (loss && time.percent(50)) throw time.percent(50) ? new NothingDone('serialization failure') : new Error('read ECONNRESET');
    if (troubled && world.has('store-hang') && time.percent(0.05)) {
      if (time.percent(50)) time.at(time.now() + 8000, () => void verb().catch(() => undefined)); // and it is done much later
      return never();
    }
    const result = await verb();
    await time.sleep(1 + time.chance.below(4));
    if (isDead) return never();
    if (loss) throw new Error('read ECONNRESET 10.0.0.7:5432');
    return result;
  };
  return {
    atomic: true,
    ...(inner.mayLose ? { mayLose: true } : {}),
    read: (key, known) => operation(null, () => inner.read(key, known)),
    write: (key, value, when, options) => operation(when === 'absent' ? 'new' : 'any', () => inner.write(key, value, when, options)),
    ...(inner.attempt && world.has('attempts') ? { attempt: (...all) => operation('any', () => inner.attempt!(...all)) } : {}),
    remove: (key, when) => operation(null, () => inner.remove(key, when)),
    list: (index, after) => operation(null, () => inner.list(index, after)),
    ...(inner.all ? { all: (after) => operation(null, () => inner.all!(after)) } : {}),
    ...(inner.sweep ? { sweep: (most) => operation(null, () => inner.sweep!(most)) } : {}),
  };
}

/**
 * Sends a request to a process: it may not arrive, and the answer may not come back.
 *
 * @param patience milliseconds until a proxy gives up that has got no byte.
 */
export async function across(
  world: World,
  machine: Machine,
  request: Request,
  serve: (request: Request) => Promise<Response>,
  patience = 60_000,
): Promise<Response> {
  const { time } = world;
  const loses = (): boolean => time.now() < world.calmFrom && world.has('lost-answers') && time.percent(world.plan.storm ? 8 : 1.5);
  await time.sleep(5 + time.chance.below(60));
  if (!machine.isAlive || loses()) throw new NetworkError('The request did not arrive.');
  const inTime = async <T>(coming: Promise<T>, milliseconds: number): Promise<T> => {
    const late = time.sleep(milliseconds).then(() => Promise.reject(new NetworkError('No answer in time.')));
    late.catch(() => undefined);
    coming.catch(() => undefined);
    return Promise.race([coming, machine.death, late]);
  };
  const response = await inTime(serve(request), patience);
  const body = await inTime(response.arrayBuffer(), 60_000);
  await time.sleep(5 + time.chance.below(60));
  if (loses()) throw new NetworkError('The answer was lost.');
  return new Response(isEmpty(response.status) ? null : body, { status: response.status, headers: response.headers });
}

const isEmpty = (status: number): boolean => status === 204 || status === 304;
