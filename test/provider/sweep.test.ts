import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { appOn } from '../support/app.ts';

describe('provider: sweeping', () => {
  it('sweeps when a cron trigger of a Worker rings, so much at most that one run stays short', async () => {
    const asked: (number | undefined)[] = [];
    const clock = makeClock();
    const { provider, store, env } = await appOn(memoryStore(clock), clock);
    const { scheduled } = provider; // as a runtime takes it
    await scheduled({}, env);
    await scheduled({}, { PORTCULLIS: { ...store, sweep: async (most?: number) => (asked.push(most), 1) } });
    expect(asked).toEqual(Array.from({ length: 20 }, () => 1000));
  });

  it('tells how many records a sweep removed; none where the store does that by itself', async () => {
    const clock = makeClock();
    const { provider, store, env } = await appOn(memoryStore(clock), clock);
    expect(await provider.helpers(env).sweep()).toBe(0);
    expect(await provider.helpers({ PORTCULLIS: { ...store, sweep: async () => 7 } satisfies Store }).sweep()).toBe(7);
  });
});
