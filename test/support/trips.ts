/** Counts how many calls of a store wait for each other: what a person waits for when the store is far away. */

/** Runs one call of the store: a verb, a statement, a command, or a call of an object. */
export type Around = <T>(call: () => Promise<T>) => Promise<T>;

/** Counts the calls that pass through `around`. */
export interface TripMeter {
  readonly around: Around;
  /** The length of the longest chain of calls, each of which began after the one before it had ended. */
  depthOf(request: () => Promise<unknown>): Promise<number>;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether the table is being written: `npm run trips`. */
    readonly trips: boolean;
  }
}

/** Makes a meter. */
export function tripMeter(): TripMeter {
  let [ended, isOn, run] = [0, false, 0];
  return {
    async around(call) {
      if (!isOn) return call();
      const [depth, own] = [ended + 1, run];
      try {
        const result = await call();
        await turns(); // what began together with this call has begun before it ends
        return result;
      } finally {
        if (own === run) ended = Math.max(ended, depth); // not of work that went on behind the request before
      }
    },
    async depthOf(request) {
      [ended, isOn, run] = [0, true, run + 1];
      try {
        await request();
        return ended;
      } finally {
        isOn = false;
      }
    },
  };
}

/** The same object, whose asynchronous methods pass through `around`. */
export function metered<T extends object>(object: T, around: Around, names: readonly string[]): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const method = (...parameters: unknown[]): unknown => Reflect.apply(value, target, parameters);
      return names.includes(String(name)) ? (...parameters: unknown[]) => around(async () => method(...parameters)) : method;
    },
  });
}

/** The verbs of a store that ask its database something. */
export const VERBS: readonly string[] = ['read', 'readStale', 'write', 'remove', 'list', 'increment', 'attempt'];

async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((next) => setTimeout(next));
}
