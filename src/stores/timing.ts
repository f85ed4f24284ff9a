/**
 * Times of a store over a database: how long it waits for a query, and when it looks at the schema again.
 */
import { makeOnce } from '../lib/single-flight.ts';
import type { Seconds } from '../model/store.ts';

/** Milliseconds for one query: short enough to repeat a read once within the deadline of an operation. */
export const QUERY_DEADLINE = 3000;
/** Milliseconds for queries over many records. */
export const LONG_DEADLINE = 30_000;

/** A query exceeded its deadline. It may still be executed. */
export class Overdue extends Error {
  override readonly name = 'Overdue';
}

/**
 * The result, or `Overdue` after so many milliseconds. A query that exceeds its deadline costs its connection: a hanging connection (a firewall that
 * dropped it, a dead machine) cannot be told from a slow one, and would be used again and again.
 *
 * @param halfway called after a third of them, if there is no result yet.
 */
export async function within<T>(milliseconds: number, work: () => PromiseLike<T>, halfway?: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeoutError = new Promise<never>((_, reject) => {
    const first = milliseconds / 3;
    const fail = (): void => reject(new Overdue(`The database did not answer within ${milliseconds} ms; its connection is given up.`));
    timer = setTimeout(() => {
      halfway?.();
      timer = setTimeout(fail, milliseconds - first);
    }, first);
  });
  try {
    return await Promise.race([work(), timeoutError]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long a check of the schema is valid. */
const CHECK_INTERVAL: Seconds = 30;

/** Whether a check has expired, also if the clock was set back. */
export function isLookOver(lookedAt: Seconds, now: Seconds): boolean {
  return Math.abs(now - lookedAt) >= CHECK_INTERVAL;
}

/**
 * Makes a function to await before each use: an older process must not keep writing after a newer one has migrated the tables.
 *
 * @param look rejects for a schema that this version does not know.
 */
export function layoutCheck(look: () => Promise<void>, now: () => Seconds): () => Promise<void> {
  let [once, at] = [makeOnce(look), now()];
  return () => {
    if (isLookOver(at, now())) [once, at] = [makeOnce(look), now()];
    return once();
  };
}
