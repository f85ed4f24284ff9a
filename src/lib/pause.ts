/**
 * A pause that ends early where nobody waits any more.
 */

import { onAbort } from './on-abort.ts';

/** Waits, but no longer than until the signal. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(() => {
      forget?.();
      done();
    }, milliseconds);
    const forget = signal && onAbort(signal, () => (clearTimeout(timer), done()));
  });
}
