import { describe, expect, it } from 'vitest';
import { isAhead, isStoredAhead } from '../../src/lib/clock.ts';

describe('lib/clock', () => {
  it('tells a time that is to come from one that has passed, and from one that the clock has left by going back', () => {
    expect([1005, 1004, 1001].map((until) => isAhead(until, 5, 1000))).toEqual([true, true, true]);
    expect([1000, 999, 1006, 4600].map((until) => isAhead(until, 5, 1000))).toEqual([false, false, false, false]);
  });

  it('takes a stored time for one to come where the clock of its process may be five minutes ahead, and not more', () => {
    expect([1000, 1001, 1305, 1306].map((until) => isStoredAhead(until, 5, 1000))).toEqual([false, true, true, false]);
  });
});
