/**
 * Listeners of abort signals, always removed: on a signal that outlives its request, a listener would keep all that it references in memory (F-61).
 */

/** Calls `run` once when the signal aborts, or at once if it has. @returns a function that removes the listener. */
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

/** Waits until the time is over or the signal aborts. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(() => {
      forget?.();
      done();
    }, milliseconds);
    const forget = signal && onAbort(signal, () => (clearTimeout(timer), done()));
  });
}
