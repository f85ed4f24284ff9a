import { describe, expect, it } from 'vitest';
import { lazy, lazyObject, memoize } from '../../src/lib/async.ts';

describe('lib/async', () => {
  it('loads a function with its first call, once', async () => {
    let loads = 0;
    const add = lazy(async () => {
      loads++;
      return (a: number, b: number) => a + b;
    });
    expect(loads).toBe(0);
    expect([await add(1, 2), await add(3, 4), loads]).toEqual([3, 7, 1]);
  });

  it('tries again when loading failed', async () => {
    let loads = 0;
    const get = memoize(async () => {
      if (++loads === 1) throw new Error('cut off');
      return { loads };
    });
    await expect(get.once()).rejects.toThrow('cut off');
    expect(get.now).toBeUndefined();
    expect(await get.once()).toEqual({ loads: 2 });
  });

  it('gives all callers the same value, also simultaneous ones', async () => {
    const get = memoize(async () => ({}));
    const [one, other] = await Promise.all([get.once(), get.once()]);
    expect(one).toBe(other);
    expect(get.now).toBe(one);
  });

  it('shows the verbs of an object that is not loaded yet, and passes on what they throw', async () => {
    let loads = 0;
    const verbs = lazyObject<{ double(n: number): Promise<number>; fail(): Promise<never> }>({ double: true, fail: true }, async () => {
      loads++;
      return {
        double: async (n) => 2 * n,
        fail: async () => {
          throw new TypeError('no');
        },
      };
    });
    expect([Object.keys(verbs), loads]).toEqual([['double', 'fail'], 0]);
    expect(await verbs.double(4)).toBe(8);
    await expect(verbs.fail()).rejects.toThrow(new TypeError('no'));
    expect(loads).toBe(1);
  });
});
