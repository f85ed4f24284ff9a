/**
 * Deadline: what a query may take. One that takes longer costs its connection, as a connection that hangs (a firewall that forgot it, a
 * machine that is gone without a word) is never told from one that is slow, and would be used again and again.
 */

/** Milliseconds that one query may take: short enough for a read to be tried once more within the deadline of an operation. */
export const QUERY_DEADLINE = 3000;
/** Milliseconds that queries over many records may take. */
export const LONG_DEADLINE = 30_000;

/** What a query rejects with that was not answered in time. It may be carried out all the same. */
export class Overdue extends Error {
  override readonly name = 'Overdue';
}

/** The answer, or `Overdue` after so many milliseconds. @param halfway called after a third of them, where there is no answer yet. */
export async function within<T>(milliseconds: number, work: () => PromiseLike<T>, halfway?: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const first = milliseconds / 3;
    const fail = (): void => reject(new Overdue(`The database did not answer within ${milliseconds} ms; its connection is given up.`));
    timer = setTimeout(() => {
      halfway?.();
      timer = setTimeout(fail, milliseconds - first);
    }, first);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
