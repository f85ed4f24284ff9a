import { vi } from 'vitest';

/**
 * Does some work while `Date.now` stands still. Requests that wait for the fetch of another one fetch by themselves after a second
 * (`lib/single-flight`), and on a slow machine a hundred of them take longer than that.
 */
export async function whileTimeStands<T>(work: () => Promise<T>): Promise<T> {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}
