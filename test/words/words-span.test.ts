import { describe, expect, it } from 'vitest';
import { ENGLISH, sayDay, sayFor, sayIn, sayOr, type Words } from '../../src/words/words.ts';

const german: Words = { ...ENGLISH, lang: 'de' };

describe('words/words', () => {
  it('says lengths in the unit that reads best', () => {
    expect([3600, 7200, 86_400, 30 * 86_400].map((seconds) => sayFor(seconds, ENGLISH))).toEqual([
      '60 minutes',
      '2 hours',
      '24 hours',
      '30 days',
    ]);
    expect(sayFor(30 * 86_400, german)).toBe('30 Tage');
  });

  it('says how long to wait, never too short', () => {
    expect([0, 1, 61, 91, 601, 9000].map((seconds) => sayIn(seconds, ENGLISH))).toEqual([
      'in 1 second', 'in 1 second', 'in 61 seconds', 'in 2 minutes', 'in 11 minutes', 'in 3 hours',
    ]); // prettier-ignore
    expect(sayIn(300, german)).toBe('in 5 Minuten');
  });

  it('says days and choices as the language does', () => {
    expect(sayDay(1_790_000_000, ENGLISH)).toBe('September 21, 2026');
    expect(sayDay(1_790_000_000, german)).toBe('21. September 2026');
    expect([sayOr(['a', 'b'], ENGLISH), sayOr(['a', 'b', 'c'], german)]).toEqual(['a or b', 'a, b oder c']);
  });
});
