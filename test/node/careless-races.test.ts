/** A store without conditions, on which the races of `test/journeys/races.test.ts` must be lost: else they would prove nothing. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER } from '../support/app.ts';
import { fromEverywhere, openRing, RACES, type Ring } from '../support/races.ts';

function ringOf({ send, clock }: App): Promise<Ring> {
  return openRing({ issuer: ISSUER, doors: [fromEverywhere(send)], now: clock.now, person: ALICE });
}

/** A store that writes whatever the condition, as a careless adapter would, and takes its time, now more, now less. */
function careless(inner: Store): Store {
  const { read, list } = inner;
  return {
    atomic: true,
    read: (key) => read.call(inner, key),
    list: (...all) => list.call(inner, ...all),
    write: async (key, value, _when, options) => {
      await new Promise((resolve) => setTimeout(resolve, Math.floor(Math.random() * 8)));
      return inner.write(key, value, 'any', options);
    },
    remove: async (key, when) => (await inner.remove(key, when), true),
  };
}

describe('races on a store that writes without a condition', () => {
  it.each(RACES)('would be seen to be lost: $name', async ({ run }) => {
    const clock = makeClock();
    const ring = await ringOf(await appOn(careless(memoryStore(clock)), clock));
    await expect(run(ring, 100)).rejects.toThrow(); // the first round that is lost is the last
  });
});
