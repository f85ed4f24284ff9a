import { describe, expect, it } from 'vitest';
import { auditOf } from '../../src/options/audit.ts';

describe('options/audit', () => {
  it.each([
    ['90d', 90 * 86_400],
    ['12h', 43_200],
    ['1y', 365 * 86_400],
    ['10y', 3650 * 86_400],
    [3600, 3600],
  ])('keeps entries for %s', (keep, seconds) => {
    expect(auditOf({ keep })).toEqual({ keep: seconds });
    expect(auditOf(undefined)).toBeNull();
  });

  it.each<readonly [unknown, RegExp]>([
    [true, /`audit` must be an object, such as \{ keep: '90d' \}/],
    [null, /`audit` must be an object/],
    [[], /`audit` must be an object/],
    ['90d', /`audit` must be an object/],
    [{ keep: '90d', for: 1 }, /`audit` has the unknown member "for"; known is keep/],
    ...[undefined, null, '', '90', '90 d', '-1d', '1.5d', 'd', '59m', '11y', 3599, 3650 * 86_400 + 1, 90.5, Infinity, ['90d']].map(
      (keep) => [{ keep }, /`audit.keep` must be from an hour to ten years: '90d'/] as const,
    ),
  ])('refuse %j with what to write', (given, message) => {
    expect(() => auditOf(given as never)).toThrow(message);
  });
});
