/**
 * A rolling deployment: four processes of an earlier version are replaced one by one by the present one, as docs/guide/operations.md says,
 * while people work at all of them. Builds of earlier versions are kept in test/fixtures (see tools/keep-version.ts), by their commits.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeBrowser } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { startEngines } from '../support/engines.ts';
import { FLEET_ISSUER as ISSUER, FLEET_PERSON, type Member, startFleet } from '../support/fleet.ts';
import { addNote, operate, phoneOf, signInByPhone } from '../support/sealed-work.ts';
import { TWO_FACTOR_PEOPLE } from '../support/secret-options.ts';
import { expectSteady, PEOPLE, workThrough } from '../support/work-through.ts';

const { postgres, folder } = await startEngines('runtimes/two-versions');
const SECRET = 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=';
const COUNT = 4;

/** The program of a version, relative to the servers of test/support: unpacked where imports find the packages of this repository. */
function earlierVersion(commit: string): string {
  const artifacts = fileURLToPath(new URL('../../artifacts', import.meta.url));
  mkdirSync(artifacts, { recursive: true });
  const program = join(artifacts, `${commit}-${process.pid}.mjs`);
  writeFileSync(program, brotliDecompressSync(readFileSync(new URL(`../fixtures/${commit}.mjs.br`, import.meta.url))));
  return program;
}

/** Versions that were deployed before, and whether a sign-in that is begun in one version can be finished in the other. */
const EARLIER = [
  { commit: 'a9a8196', finishesSignIns: false }, // it had other names for records of a sign-in on its way: such a sign-in begins again
  { commit: 'b0b365b', finishesSignIns: true },
];
const places = [
  { name: 'SQLite', place: async () => mkdtempSync(join(folder, 'data-')), is: true },
  { name: 'PostgreSQL', place: async () => (await postgres?.freshUrl()) ?? '', is: postgres !== null },
].filter(({ is }) => is);

describe.each(places)('a rolling deployment over four processes on $name', ({ place }) => {
  it.each(EARLIER)(
    'loses no call and signs no user out, while $commit and the present version work on one store',
    async ({ commit, finishesSignIns }) => {
      const where = await place();
      const [earlier, present] = [earlierVersion(commit), fileURLToPath(new URL('../support/secret-server.ts', import.meta.url))];
      const fleet = await startFleet(where, COUNT, earlier, { PORTCULLIS_SECRET: SECRET });
      const [first] = fleet.members as [Member];
      const people = TWO_FACTOR_PEOPLE.slice(0, COUNT);
      await operate(where, SECRET, async ({ accounts }) => void (await Promise.all(people.map((one) => accounts.create(one)))));
      const phones = [await phoneOf(first, people[0]!), await phoneOf(first, people[1]!)];
      const client = await registerClient({ send: (request) => first.send(request), issuer: ISSUER });
      let tokens = tokensOf(await client.redeem(await client.signIn(makeBrowser(first.send), FLEET_PERSON)));
      const notes: string[] = [];
      const outcome = await workThrough(fleet, async (progress, outOfService) => {
        for (const [at, member] of fleet.members.entries()) {
          await outOfService(member, async () => {
            await member.stop();
            await member.start(undefined, { program: present });
          });
          tokens = tokensOf(await client.refresh(tokens.refresh));
          for (const one of fleet.members) {
            notes.push(`n${notes.length}`);
            expect(await addNote(one, tokens.access, notes.at(-1)!)).toEqual(notes);
          }
          // What one version has made, the other reads.
          if (at === 1) phones.push(await phoneOf(member, people[2]!), await phoneOf(fleet.members[3]!, people[3]!));
          if (at > 1) for (const reader of [member, fleet.members[3]!]) await signInByPhone(reader, phones.shift()!);
          await progress(2 * PEOPLE);
        }
      });
      expectSteady(outcome);
      expect([outcome.repeated, notes.length, phones.length]).toEqual([0, COUNT * COUNT, 0]);
      if (finishesSignIns) expect(outcome.begunAgain).toBe(0);
    },
  );
});
