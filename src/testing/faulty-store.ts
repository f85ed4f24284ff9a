/**
 * A store that fails on purpose at its n-th operation: what a server does then is what its users meet when a database is restarted,
 * a connection is cut, or a process is killed between two writes.
 */
import type { Store } from '../model/store.ts';

/**
 * How an operation fails.
 *
 * - `refuse`: nothing is done, and it rejects.
 * - `lose`: it is done, and its answer is lost: a connection that drops at the wrong moment.
 * - `delay`: others overtake it; it goes on when `pass` says so, by default some turns of the event loop later.
 * - `hang`: nothing is done, and it never answers.
 * - `kill-before`, `kill-after`: the process dies before or after it: neither this operation nor any later one answers.
 */
export type StoreFault = 'refuse' | 'lose' | 'delay' | 'hang' | 'kill-before' | 'kill-after';

/** The store, and what to do to it. */
export interface FaultyStore {
  readonly store: Store;
  /** The n-th operation from now (1 is the next) fails; every one from there on where `forever`. */
  readonly plan: (fault: StoreFault, at: number, forever?: boolean) => void;
  /** No more faults, and a killed process is as if started anew; tells how many operations there were since the plan. */
  readonly heal: () => number;
  /** Fulfils when the process was killed. What was under way then never answers. */
  readonly killed: Promise<void>;
}

/** How to pass the time of a delayed operation. */
export interface FaultyStoreOptions {
  /** Fulfils when a delayed operation may go on. */
  readonly pass?: () => Promise<void>;
}

/** Wraps a store. Errors look as those of drivers do: with an address and a password, which must never reach a client. */
export function faultyStore(inner: Store, { pass = someTurns }: FaultyStoreOptions = {}): FaultyStore {
  let [count, fault, at, forever, dead] = [0, 'refuse' as StoreFault, 0, false, false];
  let tellKilled = (): void => undefined;
  const killed = new Promise<void>((resolve) => (tellKilled = resolve));
  const die = (): Promise<never> => {
    dead = true;
    tellKilled();
    return never();
  };
  const run = async <T>(verb: () => Promise<T>): Promise<T> => {
    if (dead) return never();
    count++;
    if (at === 0 || (forever ? count < at : count !== at)) return verb();
    if (fault === 'refuse') throw new Error('connect ECONNREFUSED 10.0.0.7:5432, password=hunter2');
    if (fault === 'hang') return never();
    if (fault === 'kill-before') return die();
    if (fault === 'delay') await pass();
    const result = await verb();
    if (fault === 'kill-after') return die();
    if (fault === 'lose') throw new Error('read ECONNRESET 10.0.0.7:5432, password=hunter2');
    return result;
  };
  return {
    killed,
    plan(...planned) {
      [fault, at, forever, count] = [planned[0], planned[1], planned[2] ?? false, 0];
    },
    heal() {
      [at, dead] = [0, false];
      return count;
    },
    store: {
      atomic: inner.atomic,
      read: (key, known) => run(() => inner.read(key, known)),
      write: (key, value, when, options) => run(() => inner.write(key, value, when, options)),
      remove: (key, when) => run(() => inner.remove(key, when)),
      list: (index, after) => run(() => inner.list(index, after)),
    },
  };
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}

/** Long enough that what was begun later comes first. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((next) => setTimeout(next));
}
