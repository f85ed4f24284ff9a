/**
 * Virtual time: timers, the clock and chance of a whole process, replaced by ones that one seed decides. Days pass in seconds, and the
 * same seed gives the same run. It replaces globals, so a simulation has a process of its own.
 */
import { type Chance, chance } from '../support/random.ts';

/** Time and chance of one run. */
export interface VirtualTime {
  /** Milliseconds since 1970, as the simulation has them. */
  now(): number;
  readonly chance: Chance;
  /** True that often in a hundred. */
  percent(share: number): boolean;
  sleep(milliseconds: number): Promise<void>;
  /** Runs something at a time. */
  at(time: number, run: () => void): () => void;
  /** Lets time pass until then, or until nothing is left to do. */
  runUntil(end: number): Promise<void>;
  /** Gives the process its own timers back. */
  restore(): void;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  run: (() => void) | null;
}

const START = 1_790_000_000_000;
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  dateNow: Date.now,
  random: Math.random,
  abortAfter: AbortSignal.timeout,
};

/** Replaces the process's timers by virtual ones. */
export function virtualTime(seed: number): VirtualTime {
  const choices = chance(seed);
  const queue: Entry[] = [];
  let [now, made] = [START, 0];
  const crypto = countedCrypto();
  const at = (time: number, run: () => void): (() => void) => {
    const entry: Entry = { time: Math.max(time, now), order: ++made, run };
    push(queue, entry);
    return () => (entry.run = null);
  };
  globalThis.setTimeout = ((run: (...values: unknown[]) => void, milliseconds = 0, ...values: unknown[]) =>
    new Timer(at(now + milliseconds, () => run(...values)))) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: unknown) => timer instanceof Timer && timer.callOff()) as typeof clearTimeout;
  globalThis.setImmediate = ((run: (...values: unknown[]) => void, ...values: unknown[]) =>
    new Timer(at(now, () => run(...values)))) as unknown as typeof setImmediate;
  globalThis.setInterval = ((run: (...values: unknown[]) => void, milliseconds = 1, ...values: unknown[]) => {
    let off = (): void => undefined;
    const next = (): void => void (off = at(now + Math.max(1, milliseconds), () => (next(), run(...values))));
    next();
    return new Timer(() => off());
  }) as unknown as typeof setInterval;
  globalThis.clearInterval = globalThis.clearTimeout;
  Date.now = () => now;
  Math.random = () => choices.below(2 ** 30) / 2 ** 30;
  AbortSignal.timeout = (milliseconds) => {
    const stop = new AbortController();
    at(now + milliseconds, () => stop.abort(new DOMException('The operation timed out.', 'TimeoutError')));
    return stop.signal;
  };
  return {
    now: () => now,
    chance: choices,
    percent: (share) => choices.below(10_000) < share * 100,
    sleep: (milliseconds) => new Promise((resolve) => void at(now + milliseconds, resolve)),
    at,
    async runUntil(end) {
      await quiet(crypto.busy);
      while (queue.length > 0 && queue[0]!.time <= end) {
        const { time, run } = pop(queue);
        if (run === null) continue;
        now = Math.max(now, time);
        run();
        await quiet(crypto.busy);
      }
      now = Math.max(now, end);
    },
    restore() {
      globalThis.setTimeout = real.setTimeout;
      globalThis.clearTimeout = real.clearTimeout;
      globalThis.setImmediate = real.setImmediate;
      globalThis.setInterval = real.setInterval;
      globalThis.clearInterval = real.clearInterval;
      Date.now = real.dateNow;
      Math.random = real.random;
      AbortSignal.timeout = real.abortAfter;
      crypto.restore();
    },
  };
}

/** What `setTimeout` gives: code of Node expects `unref`. */
class Timer {
  readonly #off: () => void;
  constructor(off: () => void) {
    this.#off = off;
  }
  callOff(): void {
    this.#off();
  }
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  [Symbol.dispose](): void {
    this.#off();
  }
}

/** Everything that this turn began has come to rest: microtasks are through, and no thread still computes. */
async function quiet(busy: () => boolean): Promise<void> {
  do await new Promise<void>((next) => real.setImmediate(next));
  while (busy());
}

/** Web Crypto works in threads that finish in any order: here one at a time, and time waits for them. */
function countedCrypto(): { busy(): boolean; restore(): void } {
  let under = 0;
  let last: Promise<unknown> = Promise.resolve();
  const subtle = crypto.subtle as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>;
  const names = ['digest', 'sign', 'verify', 'importKey', 'exportKey', 'generateKey', 'encrypt', 'decrypt', 'deriveBits', 'deriveKey'];
  for (const name of names) {
    const original = SubtleCrypto.prototype[name as 'digest'] as unknown as (...values: unknown[]) => Promise<unknown>;
    subtle[name] = (...values) => {
      under++;
      const result = last.then(() => original.apply(crypto.subtle, values));
      last = result.catch(() => undefined).finally(() => under--);
      return result;
    };
  }
  return {
    busy: () => under > 0,
    restore() {
      for (const name of names) delete subtle[name];
    },
  };
}

const before = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const up = (at - 1) >> 1;
    if (!before(heap[at]!, heap[up]!)) break;
    [heap[at], heap[up]] = [heap[up]!, heap[at]!];
    at = up;
  }
}

function pop(heap: Entry[]): Entry {
  const [first] = heap;
  const last = heap.pop()!;
  if (heap.length > 0) {
    heap[0] = last;
    let at = 0;
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && before(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && before(heap[right]!, heap[least]!)) least = right;
      if (least === at) break;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
  return first!;
}
