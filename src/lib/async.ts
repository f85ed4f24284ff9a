/**
 * Waiting: for a module that is loaded on first use, for a signal, for a time. No caller waits for the promise of another one: in workerd one request
 * must not.
 */

/** A function with a module that is loaded on the first call, so that it costs nothing at start-up or if it is never used. */
export function lazy<A extends readonly unknown[], R>(load: () => Promise<(...args: A) => R | Promise<R>>): (...args: A) => Promise<R> {
  const get = memoize(load);
  return async (...args) => (get.now ?? (await get.once()))(...args);
}

/** A value that is made on first use, such as a loaded module. It is kept, and not its promise. Two simultaneous callers may both make it; the first result is kept. */
export function memoize<T extends object>(load: () => Promise<T>): { readonly now: T | undefined; readonly once: () => Promise<T> } {
  const made: { now: T | undefined; readonly once: () => Promise<T> } = {
    now: undefined,
    async once() {
      const fresh = made.now ?? (await load());
      return (made.now ??= fresh);
    },
  };
  return made;
}

type Verbs<T> = { readonly [K in keyof T]: (...args: never[]) => Promise<unknown> };

/**
 * An object of verbs whose module comes with the first call of one of them.
 *
 * @param names every verb, so that the object can be looked at before it is loaded.
 */
export function lazyObject<T extends Verbs<T>>(names: { readonly [K in keyof T]: true }, load: () => Promise<T>): T {
  const get = memoize(load);
  const verbOf =
    (name: string) =>
    async (...args: never[]) => {
      const verbs = get.now ?? (await get.once());
      return verbs[name as keyof T](...args);
    };
  return Object.fromEntries(Object.keys(names).map((name) => [name, verbOf(name)])) as T;
}

/**
 * Calls `run` once when the signal aborts, or at once if it has. On a signal that outlives its request, a listener that stays would keep all that it
 * references in memory (F-61).
 *
 * @returns a function that removes the listener.
 */
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
