/** Many requests at once on every store of both runtimes; and a store without conditions, on which the same races must be lost. */
import { describe, expect, inject, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { openRing, RACES, type Ring } from '../support/races.ts';

/** In full by `PORTCULLIS_TEST_FULL=1 npx vitest run test/journeys/races.test.ts`; between processes it is always 200. */
const ROUNDS = inject('full') ? 200 : 40;

/** Every request comes from somewhere else, so that the limits of one address are not what is met. */
function ringOf({ send, clock }: App): Promise<Ring> {
  let asked = 0;
  const door = (request: Request): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.set('x-test-address', `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked++ & 255}`);
    return send(new Request(request, { headers }));
  };
  return openRing({ issuer: ISSUER, doors: [door], now: clock.now, person: ALICE });
}

describe.each(storeNames)('races on %s', (store) => {
  it.each(RACES)('$name', { timeout: 240_000 }, async ({ run }) => {
    await run(await ringOf(await makeApp(store)), ROUNDS);
  });
});

/** A store that writes whatever the condition, as a careless adapter would. */
function careless(inner: Store): Store {
  const { read, list } = inner;
  return {
    atomic: true,
    read: (key) => read.call(inner, key),
    list: (...all) => list.call(inner, ...all),
    write: (key, value, _when, options) => inner.write(key, value, 'any', options),
    remove: async (key, when) => (await inner.remove(key, when), true),
  };
}

describe('races on a store that writes without a condition', () => {
  it.each(RACES)('would be seen to be lost: $name', async ({ run }) => {
    const clock = makeClock();
    const ring = await ringOf(await appOn(careless(memoryStore(clock)), clock));
    await expect(run(ring, 20)).rejects.toThrow();
  });
});
