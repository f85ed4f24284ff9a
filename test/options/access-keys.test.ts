import { describe, expect, it } from 'vitest';
import { accessKeysOf } from '../../src/options/access-keys.ts';

describe('options/access-keys', () => {
  it('are off unless given, and complete with every default', () => {
    expect(accessKeysOf(undefined, true)).toBeNull();
    expect(accessKeysOf({}, true)).toEqual({ personal: true, maxTTL: 365 * 86_400, maxPerUser: 50 });
    expect(accessKeysOf({}, false)?.personal).toBe(false);
    expect(accessKeysOf({ personal: false, maxTTL: 3600, maxPerUser: 1 }, true)).toEqual({ personal: false, maxTTL: 3600, maxPerUser: 1 });
  });

  it.each([
    [true, /`accessKeys` must be an object/],
    [[], /`accessKeys` must be an object/],
    [null, /`accessKeys` must be an object/],
    [{ ttl: 1 }, /`accessKeys` has the unknown member "ttl"; known are personal, maxTTL, maxPerUser/],
    [{ personal: 'yes' }, /`accessKeys.personal` must be true or false/],
    [{ maxTTL: 3599 }, /`accessKeys.maxTTL` must be a whole number of seconds/],
    [{ maxTTL: 3651 * 86_400 }, /`accessKeys.maxTTL`/],
    [{ maxPerUser: 0 }, /`accessKeys.maxPerUser` must be a whole number from 1 to 1000/],
    [{ maxPerUser: 1001 }, /`accessKeys.maxPerUser`/],
  ])('refuse %j with what to write', (given, message) => {
    expect(() => accessKeysOf(given as never, true)).toThrow(message);
  });

  it('need a page of ours for personal tokens', () => {
    expect(() => accessKeysOf({ personal: true }, false)).toThrow(/`accessKeys.personal` needs `logins`/);
  });
});
