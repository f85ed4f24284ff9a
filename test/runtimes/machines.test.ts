/**
 * Many machines on one store, some of which die: server processes behind a round-robin proxy that are killed and started again, a
 * PostgreSQL and a Redis that are restarted, a SQLite file whose server is killed again and again. Signed-in users stay signed in.
 *
 * Short here; in full by `PORTCULLIS_TEST_FULL=1 npx vitest run --project processes test/runtimes/machines.test.ts`: two minutes of
 * killing, 200 kills on SQLite.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { NO_RESTART, oursOr } from '../support/engine.ts';
import { startEngines } from '../support/engines.ts';
import { startFleet } from '../support/fleet.ts';
import { chance } from '../support/random.ts';
import { expectSteady, PEOPLE, workThrough } from '../support/work-through.ts';

const FULL = inject('full');
const SECONDS = FULL ? 120 : 8;
const KILLS = FULL ? 200 : 5;

const { postgres, redis, folder } = await startEngines('runtimes/machines');

const LONG = { timeout: SECONDS * 1000 + 900_000 };

describe.skipIf(!postgres)('four processes behind a proxy on one PostgreSQL', () => {
  it('FLT-28 I3 sign no user out while two processes are killed and restarted at random', LONG, async () => {
    const fleet = await startFleet((await postgres?.freshUrl()) ?? '', 4);
    const random = chance(4711);
    let kills = 0;
    const outcome = await workThrough(fleet, async (progress) => {
      const until = Date.now() + SECONDS * 1000;
      await Promise.all(
        fleet.members.slice(0, 2).map(async (member) => {
          do {
            await wait(200 + random.below(1200));
            await member.kill();
            kills++;
            await wait(random.below(400));
            await member.start();
          } while (Date.now() < until);
        }),
      );
      await progress(PEOPLE);
    });
    expect(kills).toBeGreaterThanOrEqual(2);
    expectSteady(outcome);
  });

  it('FLT-10 I3 sign no user out while PostgreSQL itself is killed and restarted', LONG, async (test) => {
    const restart = oursOr(test, postgres?.restart, NO_RESTART);
    const fleet = await startFleet((await postgres?.freshUrl()) ?? '', 2);
    expectSteady(
      await workThrough(fleet, async (progress) => {
        for (let time = 0; time < (FULL ? 20 : 2); time++) {
          await progress(PEOPLE);
          await restart();
        }
        await progress(PEOPLE);
      }),
    );
  });
});

describe.skipIf(!redis)('two processes on one Redis with an append-only file', () => {
  it('FLT-09 I4 sign no user out, and revive nothing, while Redis is killed and restarted', LONG, async (test) => {
    const restart = oursOr(test, redis?.restart, NO_RESTART);
    const fleet = await startFleet(redis?.url ?? '', 2);
    expectSteady(
      await workThrough(fleet, async (progress) => {
        for (let time = 0; time < (FULL ? 20 : 2); time++) {
          await progress(PEOPLE);
          await restart();
        }
        await progress(PEOPLE);
      }),
    );
  });
});

describe('a server on one SQLite file', () => {
  it(`FLT-11 I3 signs no user out while it is killed ${KILLS} times under load, and the file stays intact`, { timeout: KILLS * 8000 + 900_000 }, async () => {
    const fleet = await startFleet(folder, 1);
    const [server] = fleet.members;
    const check = (): void => {
      const database = new DatabaseSync(join(folder, 'portcullis.db'));
      expect(database.prepare('PRAGMA integrity_check').all().map(Object.values)).toEqual([['ok']]);
      database.close();
    };
    const random = chance(42);
    expectSteady(
      await workThrough(fleet, async (progress) => {
        for (let time = 0; time < KILLS; time++) {
          await progress(random.below(PEOPLE));
          await server?.kill();
          check();
          await server?.start();
        }
        await progress(PEOPLE);
      }),
    );
    check();
  });
}); // prettier-ignore
