/**
 * A store that fails on purpose at its n-th operation, to test how a server behaves when a database restarts, a connection breaks, or a
 * process is killed between two writes.
 */
import type { Store } from '../model/store.ts';

/**
 * How an operation fails.
 *
 * - `refuse`: nothing is done, and it rejects.
 * - `lose`: it is done, but its response is lost.
 * - `delay`: others overtake it; it continues when `pass` resolves, by default some event loop turns later.
 * - `hang`: nothing is done, and it never settles.
 * - `kill-before`, `kill-after`: the process dies before or after it: neither this operation nor any later one settles.
 */
export type StoreFault = 'refuse' | 'lose' | 'delay' | 'hang' | 'kill-before' | 'kill-after';

/** The store, and its controls. */
export interface FaultyStore {
  readonly store: Store;
  /** The n-th operation from now fails (1 is the next); with `forever`, every one from there on. */
  readonly plan: (fault: StoreFault, at: number, forever?: boolean) => void;
  /** Ends all faults, and restarts a killed process. @returns the number of operations since the plan. */
  readonly heal: () => number;
  /** Resolves when the process was killed. Pending operations then never settle. */
  readonly killed: Promise<void>;
}

/** Options of {@link faultyStore}. */
export interface FaultyStoreOptions {
  /** Resolves when a delayed operation may continue. */
  readonly pass?: () => Promise<void>;
}

/**
 * Wraps a store. Its errors look like those of drivers, with an address and a password, which must never reach a client.
 *
 * @example
 * const { store, plan } = faultyStore(memoryStore());
 * plan('lose', 2);
 */
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
      ...(inner.increment ? { increment: (key, per) => run(async () => inner.increment?.(key, per) ?? null) } : {}),
      ...(inner.attempt ? { attempt: (...all) => run(() => (inner.attempt as NonNullable<Store['attempt']>)(...all)) } : {}),
      list: (...all) => run(() => inner.list(...all)),
    },
  };
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}

/** Long enough for later operations to overtake. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((next) => setTimeout(next));
}
