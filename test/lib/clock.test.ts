import { describe, expect, it } from 'vitest';
import { isAhead } from '../../src/lib/clock.ts';

describe('lib/clock', () => {
  it('tells a time that is to come from one that has passed, and from one that the clock has left by going back', () => {
    expect([1005, 1004, 1001].map((until) => isAhead(until, 5, 1000))).toEqual([true, true, true]);
    expect([1000, 999, 1006, 4600].map((until) => isAhead(until, 5, 1000))).toEqual([false, false, false, false]);
  });
});
