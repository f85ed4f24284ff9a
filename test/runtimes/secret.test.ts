/** A change of the secret as docs/guide/operations.md says, step by step: four processes, one at a time, under traffic. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAssertion } from '../../src/model/assertion.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { startEngines } from '../support/engines.ts';
import { type Fleet, FLEET_ISSUER as ISSUER, FLEET_PERSON, type Member, startFleet } from '../support/fleet.ts';
import { addNote, operate, phoneOf, signInByPhone } from '../support/sealed-work.ts';
import { TWO_FACTOR_PEOPLE } from '../support/secret-options.ts';
import { expectSteady, PEOPLE, workThrough } from '../support/work-through.ts';

const { postgres, folder } = await startEngines('runtimes/secret');
const SECRETS = { old: 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=', new: 'r7ebv4W6NCtUISSOgmDpFsSvWAhyPGZ2CYDxG8WSbRw=' };

/** The values of the guide, in its order: `old,new`, `new,old`, `new`. */
const GUIDE = readFileSync(new URL('../../docs/guide/operations.md', import.meta.url), 'utf8');
const STEPS = [...GUIDE.matchAll(/^\d\. `PORTCULLIS_SECRET=([a-z,]+)` everywhere/gm)].map(([, names = '']) => names);
const valueOf = (names: string): string => names.replaceAll(/\w+/g, (name) => SECRETS[name as keyof typeof SECRETS]);

/** The function that the guide tells to run. */
async function rotateSecret(helpers: OAuthHelpers): Promise<number> {
  const [, code = ''] = /```ts\n([^`]+function rotateSecret[^`]+)```/.exec(GUIDE) ?? [];
  const file = join(folder, 'rotate-secret.ts');
  writeFileSync(file, code.replace(/^import type.*$/m, 'type OAuthHelpers = any;'));
  const { rotateSecret: run } = (await import(pathToFileURL(file).href)) as { rotateSecret: (helpers: OAuthHelpers) => Promise<number> };
  return run(helpers);
}

const kidsAt = async ({ send }: Member): Promise<string[]> =>
  ((await (await send(new Request(`${ISSUER}/jwks`))).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

const places = [
  { name: 'SQLite', place: async () => join(folder, 'data'), is: true },
  { name: 'PostgreSQL', place: async () => (await postgres?.freshUrl()) ?? '', is: postgres !== null },
].filter(({ is }) => is);

describe.each(places)('a change of the secret over four processes on $name', ({ place }) => {
  it('loses nothing and signs no user out, done as in the guide: old,new, then new,old, then reseal, then new (F-62)', async () => {
    expect(STEPS).toEqual(['old,new', 'new,old', 'new']);
    const where = await place();
    const fleet: Fleet = await startFleet(where, 4, 'secret-server.ts', { PORTCULLIS_SECRET: SECRETS.old });
    const [first] = fleet.members as [Member];
    const client = await registerClient({ send: first.send, issuer: ISSUER });
    const owner = await client.signIn(makeBrowser(first.send), FLEET_PERSON);
    let tokens = tokensOf(await client.redeem(owner));
    const phones: Awaited<ReturnType<typeof phoneOf>>[] = [];
    await operate(
      where,
      SECRETS.old,
      async ({ accounts }) => void (await Promise.all(TWO_FACTOR_PEOPLE.map((one) => accounts.create(one)))),
    );
    for (const person of TWO_FACTOR_PEOPLE) phones.push(await phoneOf(first, person));
    const kids = await kidsAt(first);
    const notes: string[] = [];

    /** Everything that is sealed works at every process, whatever the others seal under. */
    const check = async (): Promise<void> => {
      tokens = tokensOf(await client.refresh(tokens.refresh));
      expect(kids).toContain(parseAssertion(tokens.access)?.kid);
      for (const member of fleet.members) {
        notes.push(`n${notes.length}`);
        expect(await addNote(member, tokens.access, notes.at(-1) ?? '')).toEqual(notes);
        expect(await kidsAt(member)).toEqual(kids);
      }
    };
    expectSteady(
      await workThrough(fleet, async (progress) => {
        await check();
        for (const step of STEPS) {
          if (step === 'new') expect(await operate(where, valueOf('new,old'), rotateSecret)).toBe(0);
          for (const member of fleet.members) {
            await member.stop();
            await member.start({ PORTCULLIS_SECRET: valueOf(step) });
            await check();
            await signInByPhone(member, phones.shift()!);
            await progress(PEOPLE);
          }
        }
      }),
    );
    expect([notes.length, phones.length]).toEqual([52, 0]);
  });
});
