/**
 * Listeners of abort signals, always removed again: on a signal that outlives its request, a listener keeps everything it refers to in memory (F-61).
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

/** Waits, but no longer than until the signal aborts. @param milliseconds how long. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(() => {
      forget?.();
      done();
    }, milliseconds);
    const forget = signal && onAbort(signal, () => (clearTimeout(timer), done()));
  });
}
