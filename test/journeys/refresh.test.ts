/** What makes people stay signed in: refreshes that are lost, repeated, raced or stolen, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { type Grant, lifeEndOf, retiredOf } from '../../src/model/grant.ts';
import { grantIdOf, withoutPlace } from '../../src/model/token.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, type Counts, counting, makeApp, storeNames } from '../support/app.ts';

const none = (): Counts => ({ reads: 0, writes: 0, removes: 0, lists: 0 });
/** A server on a store that may lose what it answered, as a replicated Redis may. */
const losing = async (store: string): Promise<App> => {
  const { inner, clock } = await makeApp(store);
  return appOn({ ...counting(inner, none()), mayLose: true }, clock);
};

describe.each(storeNames)('refresh on %s', (store) => {
  it('gives 50 parallel refreshes with one token the same successor: one live chain, and no user is signed out (S-057)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.refresh(tokens.refresh)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => tokensOf(answer).refresh)).size).toBe(1);
    expect(new Set(answers.map((answer) => tokensOf(answer).access)).size).toBe(1);
    expect(app.events.filter((event) => event.kind === 'grant.refreshed').length).toBe(1);
    const next = tokensOf(await client.refresh(tokensOf(answers[0]!).refresh));
    expect((await app.call(next.access)).status).toBe(200);
  });

  it('repeats the same successor to a client that lost the response, until the grace of 120 s is over (FLT-03)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const lost = tokensOf(await client.refresh(tokens.refresh));
    app.clock.pass(119);
    const retried = await client.refresh(tokens.refresh);
    expect(tokensOf(retried)).toEqual(lost);
    expect(retried.body['expires_in']).toBe(3600 - 119);
    expect((await app.call(lost.access)).status).toBe(200);
  });

  it('leads each of 64 tokens in a row to the live one, and keeps the record below 6 KB (F-13)', async () => {
    for (const app of [await makeApp(store), await losing(store)]) {
      const { client, tokens } = await app.signedIn();
      const chain = [tokens.refresh];
      let last = tokens;
      for (let n = 0; n < 64; n++) chain.push((last = tokensOf(await client.refresh(last.refresh))).refresh);
      expect(new Set(chain).size).toBe(65);
      const stored = await app.store.read(`grant:${grantIdOf('refresh', last.refresh)}`);
      expect(JSON.stringify(stored?.value).length).toBeLessThan(6000);
      for (const one of [chain[0]!, chain[1]!, chain[31]!, chain[63]!]) expect(tokensOf(await client.refresh(one))).toEqual(last);
      app.clock.pass(121);
      expect(tokensOf(await client.refresh(last.refresh)).refresh).not.toBe(last.refresh);
      expect((await client.refresh(chain[3]!)).body).toMatchObject({ error: 'invalid_grant' }); // stolen
    }
  });

  it('goes on with a chain that began with sealed successors, as records of earlier versions have them (F-13)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const grantId = grantIdOf('refresh', tokens.refresh) ?? '';
    const secrets = makeSecrets(app.machine);
    const next = tokensOf(await client.refresh(tokens.refresh));
    const stored = (await app.store.read(`grant:${grantId}`))!;
    const sealedSuccessor = await secrets.sealUnder(
      tokens.refresh,
      { access: next.access, refresh: next.refresh },
      `successor:${withoutPlace(grantId)}`,
    );
    const earlier = { hash: await secrets.hash(tokens.refresh), sealedSuccessor, until: app.clock.now() + 120 };
    const grant = stored.value as unknown as Grant;
    await app.store.write(`grant:${grantId}`, { ...grant, retired: [earlier] } as never, stored.version, { until: lifeEndOf(grant) });
    expect(tokensOf(await client.refresh(tokens.refresh))).toEqual(next);
    const last = tokensOf(await client.refresh(next.refresh));
    for (const one of [tokens.refresh, next.refresh]) expect(tokensOf(await client.refresh(one))).toEqual(last);
  });

  it('derives a successor from the token and from what only the record has, in the grace alone (SEC-213)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const next = tokensOf(await client.refresh(tokens.refresh));
    const key = `grant:${grantIdOf('refresh', next.refresh)}` as const;
    const record = JSON.stringify((await app.store.read(key))?.value);
    for (const one of [tokens, next]) for (const secret of [one.refresh, one.access]) expect(record).not.toContain(secret.split('.')[1]);
    const nonces = async (): Promise<readonly string[]> =>
      retiredOf((await app.store.read(key))?.value as unknown as Grant).map(({ sealedSuccessor }) => sealedSuccessor);
    const [nonce] = await nonces();
    app.clock.pass(121);
    await client.refresh(next.refresh);
    expect(await nonces()).not.toContain(nonce); // so that an old token and a later copy of the store lead nowhere
  });

  it('gives a process that is slow the tokens of those that were faster, so that one token file never locks out (F-13)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const second = tokensOf(await client.refresh(tokens.refresh));
    const third = tokensOf(await client.refresh(second.refresh));
    const slow = tokensOf(await client.refresh(tokens.refresh));
    expect(slow).toEqual(third);
    app.clock.pass(3600);
    expect((await client.refresh(slow.refresh)).status).toBe(200);
  });

  it('ends the family when a retired token comes after the grace, with one event (SEC-044, S-058)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const next = tokensOf(await client.refresh(tokens.refresh));
    app.clock.pass(120);
    expect((await client.refresh(tokens.refresh)).body['error']).toBe('invalid_grant');
    expect((await app.call(next.access)).status).toBe(401);
    expect((await client.refresh(next.refresh)).body['error']).toBe('invalid_grant');
    expect(app.events.filter((event) => event.kind === 'grant.ended')).toMatchObject([{ reason: 'refresh_reused' }]);
  });

  it('accepts a token whose write the store has lost, and still ends the family for an older one (F-66)', async () => {
    const app = await losing(store);
    const { client, tokens } = await app.signedIn();
    const key = `grant:${tokens.refresh.slice('refresh_'.length, 'refresh_'.length + 22)}` as const;
    const second = tokensOf(await client.refresh(tokens.refresh));
    const before = await app.inner.read(key);
    const third = tokensOf(await client.refresh(second.refresh));
    await app.inner.write(key, before?.value ?? null, 'any'); // the failover: the replica had not got the last write
    expect((await app.call(third.access)).status).toBe(401); // so the client refreshes
    const fourth = tokensOf(await client.refresh(third.refresh));
    expect((await app.call(fourth.access)).status).toBe(200);
    expect(app.events.filter(({ kind }) => kind === 'grant.caught_up' || kind === 'grant.ended')).toMatchObject([
      { kind: 'grant.caught_up' },
    ]);
    const fifth = tokensOf(await client.refresh(fourth.refresh));
    app.clock.pass(200);
    expect((await client.refresh(second.refresh)).body['error']).toBe('invalid_grant'); // a thief's, used long ago
    expect((await client.refresh(fifth.refresh)).body['error']).toBe('invalid_grant');
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toMatchObject([{ reason: 'refresh_reused' }]);
  });

  it('gives refresh tokens the form that they always had where no failover can lose a write, so that versions can be mixed (F-66)', async () => {
    const app = await appOn({ ...counting((await makeApp(store)).inner, none()), mayLose: false }, makeClock());
    const { client, tokens } = await app.signedIn();
    expect(tokensOf(await client.refresh(tokens.refresh)).refresh).toHaveLength(tokens.refresh.length);
  });

  it('takes no made-up way back for a lost write: the family ends (F-66)', async () => {
    const app = await losing(store);
    const { client, tokens } = await app.signedIn();
    const next = tokensOf(await client.refresh(tokens.refresh));
    const forged = next.refresh.slice(0, -86) + 'A'.repeat(86);
    expect((await client.refresh(forged)).body['error']).toBe('invalid_grant');
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toMatchObject([{ reason: 'refresh_reused' }]);
  });

  it('is strict at once with a grace of 0 (S-058)', async () => {
    const app = await makeApp(store, { refreshTokenGrace: 0 });
    const { client, tokens } = await app.signedIn();
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect((await client.refresh(tokens.refresh)).body['error']).toBe('invalid_grant');
    expect((await app.call(next.access)).status).toBe(401);
  });

  it('changes nothing for a forged token that names a real grant (SEC-039)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const forged = `${tokens.refresh.slice(0, 31)}${'A'.repeat(65)}`;
    expect(forged.length).toBe(tokens.refresh.length);
    expect((await client.refresh(forged)).body['error']).toBe('invalid_grant');
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  });

  it('cannot be undone by a refresh in flight: what is revoked stays revoked (I4)', async () => {
    for (let round = 0; round < 10; round++) {
      const app = await makeApp(store);
      const { client, tokens } = await app.signedIn();
      const raced = await Promise.all([client.refresh(tokens.refresh), client.revoke(tokens.refresh), client.refresh(tokens.refresh)]);
      expect(raced[1]?.status).toBe(200);
      for (const answer of [raced[0], raced[2]]) {
        if (answer?.status !== 200) continue;
        expect((await app.call(tokensOf(answer).access)).status).toBe(401);
        expect((await client.refresh(tokensOf(answer).refresh)).status).toBe(400);
      }
      expect((await app.call(tokens.access)).status).toBe(401);
    }
  });

  it('ends after 30 days without use, and lives on with use (S-060, SEC-051)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    let live = tokens;
    for (let month = 0; month < 3; month++) {
      app.clock.pass(29 * 86_400);
      live = tokensOf(await client.refresh(live.refresh));
    }
    app.clock.pass(30 * 86_400);
    expect((await client.refresh(live.refresh)).body['error']).toBe('invalid_grant');
  });

  it('accepts one of 100 parallel redemptions of one code, whose tokens live until the code is replayed later (SEC-030, S-054, R-22)', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    const code = await client.signIn(app.browser(), { username: 'alice', password: 'correct horse battery' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.redeem(code)));
    const won = answers.filter((answer) => answer.status === 200);
    expect(won.length).toBe(1);
    expect(new Set(answers.filter((answer) => answer.status !== 200).map((answer) => answer.body['error']))).toEqual(
      new Set(['invalid_grant']),
    );
    expect((await app.call(tokensOf(won[0]!).access)).status).toBe(200);
    app.clock.pass(11);
    expect((await client.redeem(code)).body['error']).toBe('invalid_grant');
    expect((await app.call(tokensOf(won[0]!).access)).status).toBe(401);
  });
});
