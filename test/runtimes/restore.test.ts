/** Backup, restore and a move to other stores by the commands of docs/guide/operations.md: four processes, a backup under traffic. */
import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeBrowser } from '../../src/testing/browser.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import { NO_RESTART, oursOr } from '../support/engine.ts';
import { startEngines } from '../support/engines.ts';
import { FLEET_ISSUER as ISSUER, FLEET_PERSON, type Member, startFleet } from '../support/fleet.ts';
import { commandsOf, operatorsFolder, type } from '../support/guide.ts';
import { freePort } from '../support/port.ts';
import { startRedis } from '../support/redis.ts';
import { addNote, operate, phoneOf, signInByPhone } from '../support/sealed-work.ts';
import { TWO_FACTOR_PEOPLE } from '../support/secret-options.ts';
import { expectSteady, PEOPLE, workThrough } from '../support/work-through.ts';

const { postgres, redis, folder, open } = await startEngines('runtimes/restore');
const SECRET = 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=';
const EPOCH = '2026-11-29';

/** A store that can be lost. */
interface Place {
  readonly url: string;
  readonly copy: string;
  /** What stands for what in the guide. */
  readonly names: Readonly<Record<string, string>>;
  /** Where it is restored to, with what stands for what there: for Redis another server, as the guide says. */
  lose(): Promise<Pick<Place, 'url' | 'names'>>;
}

const PLACES: Readonly<Record<string, (own: string) => Promise<Place>>> = {
  SQLite: async (own) => {
    const url = join(own, 'data');
    return { url, copy: 'copy.db', names: {}, lose: async () => ({ url, names: {} }) };
  },
  PostgreSQL: async () => {
    const url = (await postgres?.freshUrl()) ?? '';
    const names = { 'postgres://user@host/db': url };
    return { url, copy: 'copy.dump', names, lose: async () => ({ url, names }) };
  },
  Redis: async (own) => {
    const server = await startRedis('--databases', '1'); // one of its own, since it is lost
    if (typeof server === 'string') throw new Error(server);
    return {
      url: server.url,
      copy: 'copy.rdb',
      names: { 'redis://host': server.url },
      async lose() {
        await server.stop();
        const [port, home] = [await freePort(), join(own, 'redis')];
        mkdirSync(home);
        const url = `redis://127.0.0.1:${port}`;
        open.push(() => type(own, [`redis-cli -u ${url} shutdown nosave || true`]));
        return {
          url,
          names: { 'redis://host': url, '/var/lib/redis': home, 'redis-server ': `redis-server --bind 127.0.0.1 --port ${port} ` },
        };
      },
    };
  },
};
const THERE = { SQLite: true, PostgreSQL: postgres !== null, Redis: redis !== null };

/** What a call comes to. */
async function call({ send }: Member, { access }: Tokens): Promise<number> {
  const response = await send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${access}` }, body: '{}' }));
  await response.body?.cancel();
  return response.status;
}
const signIn = async ({ send }: Member, client: TestClient): Promise<Tokens> =>
  tokensOf(await client.redeem(await client.signIn(makeBrowser(send), FLEET_PERSON)));

describe.each(Object.keys(PLACES).filter((name) => THERE[name as keyof typeof THERE]))('a restore of %s', (name) => {
  it('brings back accounts, clients, second factors and notes, and lets nothing live that was revoked or spent since, done as the guide says (F-63, FLT-26)', async (test) => {
    if (name === 'Redis') oursOr(test, redis?.restart, NO_RESTART);
    const own = operatorsFolder(mkdtempSync(join(folder, `${name}-`)));
    const place = await PLACES[name]!(own);
    const fleet = await startFleet(place.url, 4, 'secret-server.ts', { PORTCULLIS_SECRET: SECRET });
    const [first] = fleet.members as [Member];
    const [person] = TWO_FACTOR_PEOPLE;
    await operate(place.url, SECRET, async ({ accounts }) => void (await accounts.create(person!)));
    const phone = await phoneOf(first, person!);
    const [kept, revoked, spent] = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const client = await registerClient({ send: (request) => first.send(request), issuer: ISSUER });
        return { client, tokens: await signIn(first, client) };
      }),
    );
    const held = [kept!, revoked!, spent!];
    expect(await addNote(first, kept!.tokens.access, 'before')).toEqual(['before']);
    expectSteady(
      await workThrough(fleet, async (progress) => {
        await progress(PEOPLE);
        await type(own, commandsOf('Backup', name), place.names);
        await progress(PEOPLE);
      }),
    );
    expect(statSync(join(own, place.copy)).mode & 0o077).toBe(0); // as secret as the database

    await first.start();
    expect(await addNote(first, kept!.tokens.access, 'since')).toEqual(['before', 'since']);
    expect((await revoked!.client.revoke(revoked!.tokens.refresh)).status).toBe(200);
    expect(await call(first, revoked!.tokens)).toBe(401);
    const successor = tokensOf(await spent!.client.refresh(spent!.tokens.refresh));
    const late = await registerClient({ send: (request) => first.send(request), issuer: ISSUER });
    const lateTokens = await signIn(first, late);
    await first.stop();

    const { url, names } = await place.lose();
    await type(own, commandsOf('Restore', name), names);
    // What the guide warns of: under the same epoch the past is back.
    await first.start(undefined, { place: url });
    expect(await call(first, revoked!.tokens)).toBe(200);
    await first.stop();

    const environment = { PORTCULLIS_SECRET: SECRET, PORTCULLIS_EPOCH: EPOCH };
    await Promise.all(fleet.members.map((member) => member.start(environment, { place: url })));
    for (const tokens of [...held.map((one) => one.tokens), successor, lateTokens])
      for (const member of fleet.members) expect(await call(member, tokens)).toBe(401);
    for (const { client, tokens } of [...held, { client: spent!.client, tokens: successor }])
      expect(await client.refresh(tokens.refresh)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    for (const [at, { client }] of held.entries()) {
      const tokens = await signIn(first, client);
      for (const member of fleet.members) expect(await call(member, tokens)).toBe(200);
      if (at === 0) expect(await addNote(fleet.members[3]!, tokens.access, 'after')).toEqual(['before', 'after']);
    }
    await signInByPhone(fleet.members[1]!, phone);
    await expect(signIn(first, late)).rejects.toThrow('No code came: status 400'); // it registers again
    expectSteady(await workThrough(fleet, (progress) => progress(PEOPLE))); // so do these
  });
});

describe.skipIf(!postgres || !redis)('a move from store to store', () => {
  it('signs no user out, done as in the guide: SQLite, PostgreSQL, Redis and back', async () => {
    const own = operatorsFolder(mkdtempSync(join(folder, 'move-')));
    const places = ['./data', (await postgres?.freshUrl()) ?? '', redis?.url ?? '', './second'];
    const fleet = await startFleet(join(own, 'data'), 4, 'secret-server.ts', { PORTCULLIS_SECRET: SECRET });
    const [first] = fleet.members as [Member];
    const client = await registerClient({ send: (request) => first.send(request), issuer: ISSUER });
    let tokens = await signIn(first, client);
    const dead = await signIn(first, client);
    await client.revoke(dead.refresh);
    const notes: string[] = [];
    const check = async (): Promise<void> => {
      tokens = tokensOf(await client.refresh(tokens.refresh));
      for (const member of fleet.members) {
        notes.push(`n${notes.length}`);
        expect(await addNote(member, tokens.access, notes.at(-1)!)).toEqual(notes);
        expect(await call(member, dead)).toBe(401);
      }
    };
    expectSteady(
      await workThrough(fleet, async (progress) => {
        await check();
        for (const [at, to] of places.slice(1).entries()) {
          await progress(PEOPLE);
          await Promise.all(fleet.members.map((member) => member.stop()));
          const names = { './data': places[at]!, 'postgres://user@host/db': to, 'records.jsonl': `records-${at}.jsonl` };
          await type(own, commandsOf('Moving to another store'), names);
          await Promise.all(fleet.members.map((member) => member.start(undefined, { place: to.startsWith('.') ? join(own, to) : to })));
          await check();
        }
        await progress(PEOPLE);
      }),
    );
    expect(notes).toHaveLength(16);
  });
});
