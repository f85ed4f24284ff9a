/** Virtual time for one process: nothing really waits, and calls that run beside each other take as long as the longest. */

/** The clock. */
export interface VirtualClock {
  /** Milliseconds since the start. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Runs work to its end. @returns what it gave, and how long it took. */
  run<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly took: number }>;
}

/** Makes a clock. */
export function virtualClock(): VirtualClock {
  let now = 0;
  const waiting: { readonly at: number; readonly wake: () => void }[] = [];
  /** Microtasks and what the event loop holds are done: only sleepers are left. */
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((next) => setImmediate(next));
  };
  return {
    now: () => now,
    sleep: (milliseconds) =>
      new Promise((wake) => {
        const at = now + milliseconds;
        const index = waiting.findIndex((one) => one.at > at);
        waiting.splice(index < 0 ? waiting.length : index, 0, { at, wake });
      }),
    async run(work) {
      const began = now;
      let [isOver, ended] = [false, 0];
      const running = work().finally(() => ([isOver, ended] = [true, now]));
      running.catch(() => undefined);
      for (;;) {
        await quiet();
        if (isOver) break;
        const next = waiting.shift();
        if (!next) continue;
        now = Math.max(now, next.at);
        next.wake();
      }
      return { result: await running, took: ended - began };
    },
  };
}
