/** Four server processes on one SQLite file, one PostgreSQL, one Redis: 200 rounds of each race, one winner in each. */
import { describe, it } from 'vitest';
import { startEngines } from '../support/engines.ts';
import { FLEET_ISSUER, FLEET_PERSON, startFleet } from '../support/fleet.ts';
import { openRing, RACES } from '../support/races.ts';

const { postgres, redis, folder, open } = await startEngines('runtimes/races');

const PLACES: Readonly<Record<string, string | undefined>> = { sqlite: folder, postgres: await postgres?.freshUrl(), redis: redis?.url };

for (const [engine, place] of Object.entries(PLACES)) {
  describe.skipIf(place === undefined)(`four processes on one ${engine}`, async () => {
    if (place === undefined) return;
    const fleet = await startFleet(place, 4);
    open.push(() => fleet.stop());
    const ring = await openRing({
      issuer: FLEET_ISSUER,
      doors: fleet.doors,
      now: () => Math.floor(Date.now() / 1000),
      person: FLEET_PERSON,
    });
    it.each(RACES)('$name', ({ run }) => run(ring, 200));
  });
}
