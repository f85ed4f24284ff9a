import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { counted } from '../../../src/endpoints/authorize/pending.ts';

describe('endpoints/authorize/pending, sign-ins that begin', () => {
  it('remembers at most 1,000 networks that have begun too many, and asks the store about others (SEC-152)', async () => {
    let asked = 0;
    // Stands for the count in the store, over which all of them are: 300,000 sign-ins would be needed to get there.
    const as = { settings: {}, place: null, now: () => 1000, limit: async () => (asked++, 600) } as unknown as AuthServer;
    const begin = (who: string): Promise<unknown> => counted(as, who, () => Promise.resolve({}));
    for (let turn = 0; turn < 3; turn++) await expect(begin('the first')).rejects.toThrow('Too many sign-ins');
    expect(asked).toBe(1);
    for (let other = 0; other < 1000; other++) await expect(begin(`network ${other}`)).rejects.toThrow('Too many sign-ins');
    await expect(begin('the first')).rejects.toThrow('Too many sign-ins');
    expect(asked).toBe(1002);
  });

  it('asks the store again where the clock has gone back', async () => {
    let [now, wait]: [number, number | null] = [10_000, 600];
    const as = { settings: {}, place: null, now: () => now, limit: async () => wait } as unknown as AuthServer;
    const begin = (): Promise<unknown> => counted(as, 'one', () => Promise.resolve({ begun: true }));
    await expect(begin()).rejects.toThrow('Too many sign-ins');
    [now, wait] = [6400, null];
    expect(await begin()).toEqual({ begun: true });
  });
});
