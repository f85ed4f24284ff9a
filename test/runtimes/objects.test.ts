/**
 * Durable Objects that die under load, in workerd: each by itself at any moment, as in an eviction or when its code is replaced, and all at
 * once with the workerd that holds them, killed with -9 and started again on the same folder. Signed-in users stay signed in.
 *
 * In full by `PORTCULLIS_TEST_FULL=1 npx vitest run --project processes test/runtimes/objects.test.ts`: 300 rounds of eight deaths, 40 kills.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { startFleet } from '../support/fleet.ts';
import { chance } from '../support/random.ts';
import { expectSteady, PEOPLE, workThrough } from '../support/work-through.ts';

const FULL = inject('full');
const ROUNDS = FULL ? 300 : 8;
const KILLS = FULL ? 40 : 2;
const LONG = { timeout: FULL ? 1_800_000 : 900_000 };
/** Objects that die in one round. */
const DIE = 8;
/** As many as the store spreads its keys over. */
const SHARDS = 32;

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
const freshFolder = (): string => folders[folders.push(mkdtempSync(join(tmpdir(), 'portcullis-objects-'))) - 1] as string;

describe('Durable Objects in workerd', () => {
  it('FLT-28 I3 I4 sign no user out while objects die one after the other at any moment', LONG, async () => {
    const fleet = await startFleet(freshFolder(), 1, 'object-server.ts');
    const random = chance(28);
    const outcome = await workThrough(fleet, async (progress) => {
      for (let round = 0; round < ROUNDS; round++) {
        const die = async (): Promise<unknown> =>
          (await fetch(`http://127.0.0.1:${fleet.members[0]?.port()}/die?shard=${random.below(SHARDS)}`)).json();
        const deaths = await Promise.all(Array.from({ length: DIE }, die));
        expect(deaths).toEqual(deaths.map(() => ({ survived: false })));
        await progress(random.below(PEOPLE));
      }
      await progress(PEOPLE);
    });
    expectSteady(outcome);
  });

  it('FLT-28 I3 I4 sign no user out while workerd is killed with -9 and restarted', LONG, async () => {
    const fleet = await startFleet(freshFolder(), 1, 'object-server.ts');
    const random = chance(29);
    const outcome = await workThrough(fleet, async (progress) => {
      for (let kill = 0; kill < KILLS; kill++) {
        await progress(1 + random.below(PEOPLE));
        await fleet.members[0]?.kill();
        await fleet.members[0]?.start();
      }
      await progress(PEOPLE);
    });
    expectSteady(outcome);
  });
});
