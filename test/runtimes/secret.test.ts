/** A change of the secret as docs/guide/operations.md says, step by step: four processes, one at a time, under traffic. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAssertion } from '../../src/model/assertion.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { openEmbedded } from '../../src/node/embedded.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { callOf } from '../mcp/clients.ts';
import { startEngines } from '../support/engines.ts';
import { type Fleet, FLEET_ISSUER as ISSUER, FLEET_PERSON, type Member, startFleet } from '../support/fleet.ts';
import { secretOptions, TWO_FACTOR_PEOPLE } from '../support/secret-options.ts';
import { storeAt } from '../support/store-at.ts';
import { authenticatorFor } from '../support/totp-app.ts';
import { expectSteady, PEOPLE, workThrough } from '../support/work-through.ts';

const { postgres, folder } = await startEngines('runtimes/secret');
const SECRETS = { old: 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=', new: 'r7ebv4W6NCtUISSOgmDpFsSvWAhyPGZ2CYDxG8WSbRw=' };
const clock = { now: () => Math.floor(Date.now() / 1000), pass: () => undefined };

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

/** One note more, through one process; all that are kept. */
async function add({ send }: Member, token: string, note: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const response = await send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body: callOf(1, 'add', { note }) }));
  const text = await response.text();
  const line = text.split('\n').find((one) => one.startsWith('data: {'));
  const message = JSON.parse(line ? line.slice(6) : text) as { result?: { content: { text: string }[] } };
  return message.result?.content[0]?.text.split(',') ?? [`${response.status} ${text}`];
}

/** Sets up an authenticator app at one process. */
async function phoneOf({ send }: Member, person: { username: string; password: string }) {
  const browser = makeBrowser(send);
  await browser.submit(await browser.get(`${ISSUER}/login`), person);
  const offer = await browser.get(`${ISSUER}/account/totp`);
  const phone = authenticatorFor(offer, clock as never);
  expect((await browser.submit(offer, { decision: 'confirm', code: await phone.code() })).status).toBe(200);
  return { person, phone };
}

const kidsAt = async ({ send }: Member): Promise<string[]> =>
  ((await (await send(new Request(`${ISSUER}/jwks`))).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

const places = [
  { name: 'SQLite', place: async () => join(folder, 'data'), is: true },
  { name: 'PostgreSQL', place: async () => (await postgres?.freshUrl()) ?? '', is: postgres !== null },
].filter(({ is }) => is);

describe.each(places)('a change of the secret over four processes on $name', ({ place }) => {
  it(
    'loses nothing and signs out nobody, done as the guide says: old,new, then new,old, then reseal, then new (F-62)',
    { timeout: 240_000 },
    async () => {
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
          expect(await add(member, tokens.access, notes.at(-1) ?? '')).toEqual(notes);
          expect(await kidsAt(member)).toEqual(kids);
        }
      };
      const signIn = async (member: Member): Promise<void> => {
        const { person, phone } = phones.shift()!;
        const browser = makeBrowser(member.send);
        const page = await browser.submit(await browser.get(`${ISSUER}/login`), person);
        expect((await browser.submit(page, { code: await phone.code(30) })).status).toBe(303);
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
              await signIn(member);
              await progress(PEOPLE);
            }
          }
        }),
      );
      expect([notes.length, phones.length]).toEqual([52, 0]);
    },
  );
});

/** What the operator does, in a process of their own. */
async function operate<T>(where: string, secret: string, work: (helpers: OAuthHelpers) => Promise<T>): Promise<T> {
  const own = storeAt(where);
  const embedded = own ? null : openEmbedded(where);
  const app = new OAuthProvider(secretOptions(() => new Response()));
  try {
    return await work(app.helpers({ PORTCULLIS_SECRET: secret, PORTCULLIS: own ?? embedded?.store }));
  } finally {
    embedded?.close();
  }
}
