/** What grows with the number of grants, and what does not; times are measured by `npm run bench -- stores`, here operations are counted. */
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/model/grant.ts';
import { lifeEndOf } from '../../src/model/grant.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, makeApp, storeNames } from '../support/app.ts';

const MANY = 450;

/** Gives Alice as many grants more, each a copy of one that she gave. */
async function fill(app: App, grantId: string): Promise<void> {
  const grant = (await app.inner.read(`grant:${grantId}`))?.value as unknown as Grant;
  const index = [`user:${grant.userId}`, `client:${grant.clientId}`] as const;
  for (let at = 0; at < MANY; at += 25) {
    const some = Array.from({ length: 25 }, (_, lane) => ({ ...grant, id: `copy${String(at + lane).padStart(18, '0')}` }));
    await Promise.all(some.map((one) => app.inner.write(`grant:${one.id}`, one, 'absent', { until: lifeEndOf(one), index })));
  }
}

describe.each(storeNames)('scale on %s', (store) => {
  it('FLT-19 needs no more reads and writes for a check, a refresh or a revocation with many grants, and lists and ends them page by page', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const spent = async (run: () => Promise<unknown>): Promise<readonly number[]> => {
      const before = { ...app.counts };
      await run();
      return [app.counts.reads - before.reads, app.counts.writes - before.writes, app.counts.lists - before.lists];
    };
    let live = tokens;
    const costs = async (): Promise<unknown> => [
      await spent(() => app.call(live.access)),
      await spent(async () => void (live = tokensOf(await client.refresh(live.refresh)))),
      await spent(async () => client.revoke((await app.signedIn()).tokens.access)),
    ];
    const few = await costs();
    await fill(app, tokens.access.slice(7, 29));
    expect(await costs()).toEqual(few);
    const { listUserGrants, accounts } = app.provider.helpers(app.env);
    const sizes: number[] = [];
    for (let page = await listUserGrants(app.aliceId); ; page = await listUserGrants(app.aliceId, page.next)) {
      sizes.push(page.grants.length);
      if (page.next === undefined) break;
    }
    expect([Math.max(...sizes) <= 200, sizes.reduce((sum, size) => sum + size, 0) >= MANY]).toEqual([true, true]);
    await accounts.setPassword(app.aliceId, `${ALICE.password} anew`);
    expect((await listUserGrants(app.aliceId)).grants).toEqual([]);
    expect((await app.call(live.access)).status).toBe(401);
  }); // hundreds of records, one after the other where the store takes one at a time
});
