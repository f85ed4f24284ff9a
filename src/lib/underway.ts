/** Underway: many who ask for the same thing at once cost one fetch. */

/**
 * Joins what is underway under a key, or begins it. A fetch that another request began may end with that request (on Workers), so
 * nobody waits for it longer than for an own one.
 *
 * @param late made when that time is over.
 */
export async function shared<T>(
  underway: Map<string, Promise<T>>,
  key: string,
  begin: () => Promise<T>,
  milliseconds: number,
  late: () => Error,
): Promise<T> {
  const mine = underway.get(key) ?? begin();
  underway.set(key, mine);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([mine, tooLate]);
  } finally {
    clearTimeout(timer);
    if (underway.get(key) === mine) underway.delete(key);
  }
}
