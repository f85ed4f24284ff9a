/**
 * Wraps a store: a failure becomes 503 with `Retry-After`, never "not found" or 401; no operation exceeds its deadline; and an operation
 * that certainly did nothing is retried.
 *
 * An operation that timed out may still be executed. For the caller that is a lost response, which conditional writes make safe.
 */
import { defined } from '../lib/json.ts';
import { OAuthError } from '../model/error.ts';
import { NothingDone, type Store } from '../model/store.ts';

/** Calls `run` after so many milliseconds. @returns a function that cancels it. */
export type After = (milliseconds: number, run: () => void) => () => void;

/** Time limits. Tests pass their own timer. */
export interface RetryOptions {
  /** Milliseconds for one operation including retries; 5,000 by default. */
  readonly deadline?: number;
  readonly after?: After;
}

/** Pauses before the second, third and fourth try, in milliseconds; jittered, so that concurrent retries spread out. */
const PAUSES = [20, 80, 240];

/** Operations that timed out and never settled. Above this number the store counts as hanging, and only one operation at a time probes it. */
const MAX_HANGING = 64;

/** The same store, whose failures are errors that a client may retry. */
export function withStoreRetry(store: Store, { deadline = 5000, after = timer }: RetryOptions = {}): Store {
  const run = store.local === true ? <T>(verb: () => Promise<T>): Promise<T> => verb() : withDeadline(deadline, after);
  const retriedRead = <T>(verb: () => Promise<T>): Promise<T> => guarded(() => run(store.local === true ? verb : () => retryOnce(verb)));
  return {
    atomic: store.atomic,
    ...defined({ local: store.local, mayLose: store.mayLose, placed: store.placed }),
    read: (key, known) => retriedRead(() => store.read(key, known)),
    ...(store.readStale ? { readStale: (key) => retriedRead(async () => store.readStale?.(key) ?? null) } : {}),
    write: (key, value, when, options) => guarded(() => run(() => store.write(key, value, when, options))),
    remove: (key, when) => guarded(() => run(() => store.remove(key, when))),
    ...(store.increment ? { increment: (key, per) => guarded(() => run(async () => store.increment?.(key, per) ?? null)) } : {}),
    ...(store.attempt ? { attempt: (...all) => guarded(() => run(() => (store.attempt as NonNullable<Store['attempt']>)(...all))) } : {}),
    list: (...all) => retriedRead(() => store.list(...all)),
    ...optionalMethods(store),
  };
}

/** Optional methods. They have no deadline: no request waits for them. */
function optionalMethods(store: Store): Pick<Store, 'all' | 'spread' | 'sweep'> {
  return {
    ...(store.spread ? { spread: (name) => store.spread?.(name) ?? [] } : {}),
    ...(store.all ? { all: (cursor) => guarded(async () => store.all?.(cursor) ?? { records: [] }) } : {}),
    ...(store.sweep ? { sweep: (most) => guarded(async () => store.sweep?.(most) ?? 0) } : {}),
  };
}

/** Repeats a read once if it fails, for example on a broken connection: a read changes nothing. */
async function retryOnce<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (error) {
    if (error instanceof NothingDone || error instanceof TypeError || error instanceof OAuthError) throw error; // the first is retried with pauses; the others are the caller's mistakes
    return verb();
  }
}

async function guarded<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (cause) {
    if (cause instanceof OAuthError) throw cause; // a malformed cursor
    throw new OAuthError('temporarily_unavailable', 'store_failed', { cause, headers: { 'retry-after': '2' } });
  }
}

/** Runs operations, each within the deadline. */
function withDeadline(deadline: number, after: After): <T>(verb: () => Promise<T>) => Promise<T> {
  const hanging = new Set<object>();
  let isProbing = false;
  return (verb) =>
    new Promise((resolve, reject) => {
      const isProbe = hanging.size >= MAX_HANGING;
      if (isProbe && isProbing) return reject(new Error(`The store hangs: ${hanging.size} operations were never answered.`));
      isProbing ||= isProbe;
      const token = {};
      let givenUp = false;
      const finish = (): void => {
        cancel();
        if (isProbe) isProbing = false;
      };
      const giveUp = (): void => {
        givenUp = true;
        hanging.add(token);
        finish();
        reject(new Error(`The store did not answer within ${deadline} ms.`));
      };
      // In two halves: after a pause of the whole process, answers that arrived meanwhile are read before the second half has passed.
      let cancel = after(deadline / 2, () => (cancel = after(deadline / 2, giveUp)));
      retried(verb, after, () => givenUp).then(
        (result) => {
          if (givenUp) return void hanging.delete(token); // the caller has gone
          finish();
          if (hanging.size > 0) hanging.clear(); // it answers again
          resolve(result);
        },
        (error: unknown) => {
          if (givenUp) return void hanging.delete(token);
          finish();
          reject(error);
        },
      );
    });
}

/** Retries what certainly did nothing, until the deadline has passed. */
async function retried<T>(verb: () => Promise<T>, after: After, isGivenUp: () => boolean): Promise<T> {
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
