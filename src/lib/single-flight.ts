/**
 * Single flight: concurrent calls for the same key share one fetch, and no call depends on another. workerd drops the continuations
 * of a request that is cut off: its promises never settle, its `finally` never runs, and requests that share a promise with it
 * hang, too. So only values are shared: a waiting caller polls for the value with its own timer, and does the work
 * itself after a second. The caller caches the result.
 */

const PATIENCE_MS = 1000;
/** How often one caller waits for others, each of which may have been cut off. */
const MAX_WAITS = 2;
/** Maximum number of keys in flight; beyond it every caller does its own work. */
const MAX_KEYS = 1000;
/** Maximum pause between two polls. */
const MAX_PAUSE_MS = 16;

/** Waits for the work that another caller has begun under this key, or does it. */
export type SingleFlight<T> = (key: string, work: () => Promise<T>) => Promise<T>;

interface Work<T> {
  readonly since: number;
  outcome?: { readonly value: T } | { readonly error: unknown };
}

/** Makes a single flight. @param patience milliseconds after which a waiting caller does the work itself. */
export function makeSingleFlight<T>(patience: number = PATIENCE_MS): SingleFlight<T> {
  const underway = new Map<string, Work<T>>();
  const isStale = ({ since }: Work<T>): boolean => Date.now() - since >= patience;

  const lead = async (key: string, work: () => Promise<T>): Promise<T> => {
    const own: Work<T> = { since: Date.now() };
    if (underway.size >= MAX_KEYS) for (const [old, one] of underway) if (isStale(one)) underway.delete(old);
    if (underway.size < MAX_KEYS || underway.has(key)) underway.set(key, own);
    try {
      const value = await work();
      own.outcome = { value };
      return value;
    } catch (error) {
      own.outcome = { error };
      throw error;
    } finally {
      if (underway.get(key) === own) underway.delete(key);
    }
  };
  return async (key, work) => {
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const other = underway.get(key);
      if (!other || isStale(other)) break;
      for (let pause = 1; !other.outcome && !isStale(other); pause = Math.min(MAX_PAUSE_MS, 2 * pause)) await sleep(pause);
      if (!other.outcome) continue;
      if ('error' in other.outcome) throw other.outcome.error;
      return other.outcome.value;
    }
    return lead(key, work);
  };
}

/** Work that has to succeed once before anything else: done on first use, and again after a failure. */
export function makeOnce(work: () => Promise<void>): () => Promise<void> {
  const join = makeSingleFlight<void>();
  let isDone = false;
  return async () => {
    if (isDone) return;
    await join('', work);
    isDone = true;
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((next) => setTimeout(next, milliseconds));
}
