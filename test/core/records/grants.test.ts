/** Grants as an operator sees and ends them: by user, by client, everyone's; of one server and no other. */
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { faultyStore } from '../../../src/testing/faulty-store.ts';
import { type App, appOn, makeApp, storeNames } from '../../support/app.ts';

const verbs = (app: App) => app.provider.helpers(app.env);

describe.each(storeNames)('grants of all on %s', (store) => {
  it('are listed by user and by client, and ended from the next request on', async () => {
    const app = await makeApp(store);
    const [one, two] = [await app.signedIn(), await app.signedIn()];
    const all = (await verbs(app).listGrants({ userId: app.aliceId })).grants;
    expect(all.map(({ clientId, userId }) => [clientId, userId])).toEqual([
      [one.client.id, app.aliceId],
      [two.client.id, app.aliceId],
    ]);
    const [grant] = (await verbs(app).listGrants({ clientId: one.client.id })).grants;
    expect(await verbs(app).findGrant(grant?.id ?? '')).toEqual(grant);
    expect(JSON.stringify(grant)).not.toMatch(/hash|sealed|wrapped/i);

    expect(await verbs(app).revokeGrants({ clientId: one.client.id })).toBe(1);
    expect(await verbs(app).revokeGrants({ clientId: one.client.id })).toBe(0);
    expect((await app.call(one.tokens.access)).status).toBe(401);
    expect((await app.call(two.tokens.access)).status).toBe(200);
    expect(await verbs(app).findGrant(grant?.id ?? '')).toBeNull();
    expect(app.events).toContainEqual(
      expect.objectContaining({ kind: 'grant.ended', grantId: grant?.id, clientId: one.client.id, reason: 'revoked' }),
    );
  });

  it('end with every session where a user is signed out everywhere', async () => {
    const app = await makeApp(store);
    const { browser, tokens, client } = await app.signedIn();
    expect((await browser.get('https://mcp.example/account')).status).toBe(200);
    await verbs(app).signOut(app.aliceId);
    expect((await app.call(tokens.access)).status).toBe(401);
    expect((await client.refresh(tokens.refresh)).status).toBe(400);
    expect((await browser.get('https://mcp.example/account')).status).toBe(303);
  });
});

describe('ending many grants', () => {
  it.each(['refuse', 'lose'] as const)(
    'FLT-08 reports it where one of many operations fails (%s), and finishes when it is done again',
    async (fault) => {
      let [at, reported] = [1, 0];
      for (; ; at++) {
        const clock = makeClock();
        const { store, plan, heal } = faultyStore(memoryStore(clock));
        const app = await appOn(store, clock);
        const tokens = [];
        for (let one = 0; one < 3; one++) tokens.push((await app.signedIn()).tokens.access);
        plan(fault, at);
        const outcome = await verbs(app).revokeGrants({ userId: app.aliceId }).then(() => 'done', () => 'reported'); // prettier-ignore
        const operations = heal();
        if (outcome === 'reported') {
          reported++;
          await verbs(app).revokeGrants({ userId: app.aliceId });
        }
        for (const token of tokens) expect([at, outcome, (await app.call(token)).status]).toEqual([at, outcome, 401]);
        if (operations < at) break;
      }
      expect(reported).toBeGreaterThan(4);
    },
  );
});

describe('grants of all users', () => {
  it('are those of one tenant, and a missing id never means all users', async () => {
    const clock = makeClock();
    const whole = memoryStore({ now: clock.now });
    const app = await appOn(whole, clock);
    const env = { PORTCULLIS: whole }; // without the counting one, which lists no records
    const own = (await import('../../../src/provider/oauth-provider.ts')).OAuthProvider;
    const { makeRuntime } = await import('#under-test');
    const options = {
      issuer: 'https://mcp.example',
      apiRoute: '/mcp',
      apiHandler: () => new Response(),
      defaultHandler: () => new Response(),
    };
    const provider = new own(options, { runtime: { ...makeRuntime(), now: clock.now }, address: () => undefined });
    const many = new own(
      { ...options, tenants: { acme: { issuer: '/acme' } } },
      { runtime: { ...makeRuntime(), now: clock.now }, address: () => undefined },
    );
    const { tokens } = await app.signedIn();
    await app.signedIn();
    expect((await many.helpers(env, 'acme').listGrants('all')).grants).toEqual([]);
    expect((await provider.helpers(env).listGrants('all')).grants).toHaveLength(2);
    for (const whose of [{ userId: '' }, { userId: undefined }, {}, null, 'every'] as never[])
      await expect(provider.helpers(env).revokeGrants(whose)).rejects.toThrow('Name the grants');
    await expect(verbs(app).listGrants('all')).rejects.toThrow('cannot list all its records');
    expect((await app.call(tokens.access)).status).toBe(200);
    expect(await provider.helpers(env).revokeGrants('all')).toBe(2);
    expect((await app.call(tokens.access)).status).toBe(401);
  });
});
