/** Four server processes on one SQLite file, one PostgreSQL, one Redis: 200 rounds of each race, one winner in each. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { engineOr } from '../support/engine.ts';
import { FLEET_ISSUER, FLEET_PERSON, startFleet } from '../support/fleet.ts';
import { startPostgres } from '../support/postgres.ts';
import { openRing, RACES } from '../support/races.ts';
import { startRedis } from '../support/redis.ts';

const postgres = engineOr('runtimes/races', await startPostgres());
const redis = engineOr('runtimes/races', await startRedis());
const folder = mkdtempSync(join(tmpdir(), 'portcullis-races-'));
const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
  await postgres?.stop();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const PLACES: Readonly<Record<string, string | undefined>> = { sqlite: folder, postgres: await postgres?.freshUrl(), redis: redis?.url };

for (const [engine, place] of Object.entries(PLACES)) {
  describe.skipIf(place === undefined)(`four processes on one ${engine}`, async () => {
    if (place === undefined) return;
    const fleet = await startFleet(place, 4);
    ends.push(() => fleet.stop());
    const ring = await openRing({
      issuer: FLEET_ISSUER,
      doors: fleet.doors,
      now: () => Math.floor(Date.now() / 1000),
      person: FLEET_PERSON,
    });
    it.each(RACES)('$name', { timeout: 180_000 }, ({ run }) => run(ring, 200));
  });
}
