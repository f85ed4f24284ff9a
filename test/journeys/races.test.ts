/** Many requests at once on every store of both runtimes. That each race can be lost shows `test/node/careless-races.test.ts`. */
import { describe, inject, it } from 'vitest';
import { ALICE, type App, ISSUER, makeApp, storeNames, TRAVELLING, IN_PLACE } from '../support/app.ts';
import { fromEverywhere, openRing, RACES, type Ring } from '../support/races.ts';

/** In full by `PORTCULLIS_TEST_FULL=1 npx vitest run test/journeys/races.test.ts`; between processes it is always 200. */
const ROUNDS = inject('full') ? 200 : 40;

function ringOf({ send, clock }: App): Promise<Ring> {
  return openRing({ issuer: ISSUER, doors: [fromEverywhere(send)], now: clock.now, person: ALICE });
}

describe.each([...storeNames, TRAVELLING, IN_PLACE])('races on %s', (store) => {
  it.each(RACES)('$name', async ({ run }) => {
    await run(await ringOf(await makeApp(store)), ROUNDS);
  });
});
