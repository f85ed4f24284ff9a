/**
 * Store faults: a store that fails is 503 with `Retry-After`, never "not found" and never 401. Wraps a store so that whatever it
 * rejects with says so; so that no operation outlives its deadline; and so that what certainly did nothing is tried again.
 *
 * An operation that was given up may still be carried out: for the caller that is a lost answer, which conditional writes make safe.
 */
import { OAuthError } from '../model/error.ts';
import { NothingDone, type Store } from '../model/store.ts';

/** Runs something after that many milliseconds, unless it is called off by what it returns. */
export type After = (milliseconds: number, run: () => void) => () => void;

/** How much patience there is. Tests pass a timer of their own. */
export interface Patience {
  /** Milliseconds that one operation may take, tries included; 5,000 by default. */
  readonly deadline?: number;
  readonly after?: After;
}

/** Pauses before the second, third and fourth try, in milliseconds; each a little longer or shorter, so that many do not come back together. */
const PAUSES = [20, 80, 240];

/** Operations that were given up and never settled. Beyond that many the store is taken to hang, and only one at a time may find out otherwise. */
const MAX_HANGING = 64;

/** The same store, whose failures are errors that a client may retry. */
export function withStoreRetry(store: Store, { deadline = 5000, after = timer }: Patience = {}): Store {
  const run = store.local === true ? <T>(verb: () => Promise<T>): Promise<T> => verb() : patient(deadline, after);
  const look = <T>(verb: () => Promise<T>): Promise<T> => guarded(() => run(store.local === true ? verb : () => twice(verb)));
  return {
    atomic: store.atomic,
    ...(store.local === undefined ? {} : { local: store.local }),
    ...(store.mayLose === undefined ? {} : { mayLose: store.mayLose }),
    read: (key, known) => look(() => store.read(key, known)),
    ...(store.readLate ? { readLate: (key) => look(async () => store.readLate?.(key) ?? null) } : {}),
    write: (key, value, when, options) => guarded(() => run(() => store.write(key, value, when, options))),
    remove: (key, when) => guarded(() => run(() => store.remove(key, when))),
    list: (index, cursor) => look(() => store.list(index, cursor)),
    ...further(store),
  };
}

/** What not every store can. No deadline: nobody waits for it. */
function further(store: Store): Pick<Store, 'all' | 'spread' | 'sweep'> {
  return {
    ...(store.spread ? { spread: (name) => store.spread?.(name) ?? [] } : {}),
    ...(store.all ? { all: (cursor) => guarded(async () => store.all?.(cursor) ?? { records: [] }) } : {}),
    ...(store.sweep ? { sweep: (most) => guarded(async () => store.sweep?.(most) ?? 0) } : {}),
  };
}

/** A read changes nothing, so the one that meets a broken connection is made again, once, on another. */
async function twice<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (error) {
    if (error instanceof NothingDone || error instanceof TypeError) throw error; // tried again with pauses; a store that must not be used
    return verb();
  }
}

async function guarded<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'store_failed', { cause, headers: { 'retry-after': '2' } });
  }
}

/** Runs operations, each within the deadline. */
function patient(deadline: number, after: After): <T>(verb: () => Promise<T>) => Promise<T> {
  const hanging = new Set<object>();
  let asking = false;
  return (verb) =>
    new Promise((resolve, reject) => {
      const first = hanging.size >= MAX_HANGING;
      if (first && asking) return reject(new Error(`The store hangs: ${hanging.size} operations were never answered.`));
      asking ||= first;
      const token = {};
      let givenUp = false;
      const over = (): void => {
        callOff();
        if (first) asking = false;
      };
      const callOff = after(deadline, () => {
        givenUp = true;
        hanging.add(token);
        over();
        reject(new Error(`The store did not answer within ${deadline} ms.`));
      });
      tried(verb, after, () => givenUp).then(
        (result) => {
          if (givenUp) return void hanging.delete(token); // nobody waits any more
          over();
          hanging.clear(); // it answers again
          resolve(result);
        },
        (error: unknown) => {
          if (givenUp) return void hanging.delete(token);
          over();
          reject(error);
        },
      );
    });
}

/** Tries again what certainly did nothing, until the caller has been given up. */
async function tried<T>(verb: () => Promise<T>, after: After, isGivenUp: () => boolean): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await verb();
    } catch (error) {
      if (!(error instanceof NothingDone) || isGivenUp()) throw error;
      await new Promise<void>((next) => after(pause * (0.5 + Math.random()), next));
    }
  }
  return verb();
}

function timer(milliseconds: number, run: () => void): () => void {
  const id = setTimeout(run, milliseconds);
  return () => clearTimeout(id);
}
