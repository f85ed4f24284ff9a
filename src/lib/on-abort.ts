/**
 * Runs something when a signal aborts, and leaves nothing behind on a signal that lives longer: a listener that is never removed keeps all that it
 * refers to.
 */

/** Calls `run` once when the signal aborts; at once where it has already. @returns removes the listener. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run();
    return () => undefined;
  }
  const listener = (): void => {
    run();
  };
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
