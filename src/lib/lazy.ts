/**
 * Lazy modules: code that is loaded on first use, so that it costs nothing at start-up or if it is never used. The loaded module is
 * cached and not the promise: in workerd one request must not wait for a promise of another one.
 */

/** A function with a module that is loaded on the first call. */
export function lazy<A extends readonly unknown[], R>(load: () => Promise<(...args: A) => R | Promise<R>>): (...args: A) => Promise<R> {
  const get = memoize(load);
  return async (...args) => (get.now ?? (await get.once()))(...args);
}

/** A value that is made on first use. Two simultaneous callers may both make it; the first result is kept. */
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
