/** Many requests at once on every store of both runtimes; and a store without conditions, on which the same races must be lost. */
import { describe, expect, inject, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { fromEverywhere, openRing, RACES, type Ring } from '../support/races.ts';

/** In full by `PORTCULLIS_TEST_FULL=1 npx vitest run test/journeys/races.test.ts`; between processes it is always 200. */
const ROUNDS = inject('full') ? 200 : 40;

function ringOf({ send, clock }: App): Promise<Ring> {
  return openRing({ issuer: ISSUER, doors: [fromEverywhere(send)], now: clock.now, person: ALICE });
}

describe.each(storeNames)('races on %s', (store) => {
  it.each(RACES)('$name', { timeout: 240_000 }, async ({ run }) => {
    await run(await ringOf(await makeApp(store)), ROUNDS);
  });
});

/** A store that writes whatever the condition, as a careless adapter would, and takes its time, now more, now less. */
function careless(inner: Store): Store {
  const { read, list } = inner;
  return {
    atomic: true,
    read: async (key) => {
      const held = await read.call(inner, key);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      return held;
    },
    list: (...all) => list.call(inner, ...all),
    write: (key, value, _when, options) => inner.write(key, value, 'any', options),
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
