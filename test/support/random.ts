/** Chance that can be repeated: the same seed gives the same run, so a failure names the seed that shows it. */

/** Random choices of one seed. */
export interface Chance {
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** One of a list. */
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T;
}

/** Makes choices from a seed (mulberry32). */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const below = (end: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
  return { below, pick: (list) => list[below(list.length)] as (typeof list)[number] };
}
