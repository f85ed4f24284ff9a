/** A store that fails on purpose: at its n-th operation it refuses, hangs for a while, or does the work and loses the answer. */
import type { Store } from '../../src/model/store.ts';

/** How an operation fails. `lose` does it and then rejects: what a process sees whose connection drops at the wrong moment. */
export type Fault = 'refuse' | 'lose' | 'delay';

/** The store, and what to do to it. */
export interface FaultyStore {
  readonly store: Store;
  /** The n-th operation from now (1 is the next) fails; every one from there on where `forever`. */
  readonly plan: (fault: Fault, at: number, forever?: boolean) => void;
  /** No more faults; tells how many operations there were since the plan. */
  readonly heal: () => number;
}

/** Wraps a store. A delayed operation waits for `turns` turns of the event loop, so that others overtake it. */
export function faultyStore(inner: Store, turns = 4): FaultyStore {
  let [count, fault, at, forever] = [0, 'refuse' as Fault, 0, false];
  const run = async <T>(verb: () => Promise<T>): Promise<T> => {
    count++;
    const now = at > 0 && (forever ? count >= at : count === at);
    if (!now) return verb();
    if (fault === 'refuse') throw new Error('connect ECONNREFUSED 10.0.0.7:5432, password=hunter2');
    if (fault === 'delay') for (let turn = 0; turn < turns; turn++) await new Promise((next) => setTimeout(next));
    const result = await verb();
    if (fault === 'lose') throw new Error('read ECONNRESET 10.0.0.7:5432, password=hunter2');
    return result;
  };
  return {
    plan(...planned) {
      [fault, at, forever, count] = [planned[0], planned[1], planned[2] ?? false, 0];
    },
    heal() {
      at = 0;
      return count;
    },
    store: {
      atomic: inner.atomic,
      read: (key) => run(() => inner.read(key)),
      write: (key, value, when, options) => run(() => inner.write(key, value, when, options)),
      remove: (key, when) => run(() => inner.remove(key, when)),
      list: (index, after) => run(() => inner.list(index, after)),
    },
  };
}
