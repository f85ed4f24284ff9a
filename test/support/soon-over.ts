import { vi } from 'vitest';

/**
 * Does some work while every deadline of an upstream comes at once: for a site that hangs. A short deadline in the options would also end
 * a request to a site that answers, on a slow machine. @returns what came of it, and the deadlines that were asked for, in milliseconds.
 */
export async function soonOver<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly deadlines: readonly number[] }> {
  const { timeout } = AbortSignal;
  const deadlines: number[] = [];
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => {
    deadlines.push(milliseconds);
    return timeout.call(AbortSignal, 20);
  });
  try {
    return { result: await work(), deadlines };
  } finally {
    spy.mockRestore();
  }
}
