/** Random clients that race: any order of redeeming, refreshing, revoking and losing answers keeps one live chain (I1, I2, I4). */
import { describe, expect, it } from 'vitest';
import { locateGrant } from '../../src/core/records/grant-records.ts';
import type { Grant } from '../../src/model/grant.ts';
import { MAX_ACCESS_TOKENS, MAX_RETIRED } from '../../src/model/grant.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { makeApp, storeNames, TRAVELLING, IN_PLACE } from '../support/app.ts';
import { chance } from '../support/random.ts';

describe.each([...storeNames, TRAVELLING, IN_PLACE])('clients that race on %s', (store) => {
  it.each([1, 2, 3, 4, 5, 6])('keep one live chain, in any order (seed %i; SEC-030, SEC-044)', async (seed) => {
    const random = chance(seed);
    const app = await makeApp(store);
    const { client, code } = await app.toCode();
    const stranger = await app.client();
    const known = { access: [] as string[], refresh: [] as string[] };
    const keep = (answer: Awaited<ReturnType<typeof client.refresh>>): void => {
      if (answer.status !== 200) return;
      const tokens = tokensOf(answer);
      if (!known.access.includes(tokens.access)) known.access.push(tokens.access);
      if (!known.refresh.includes(tokens.refresh)) known.refresh.push(tokens.refresh);
    };
    keep(await client.redeem(code));
    const forged = `${known.refresh[0]?.slice(0, 31)}${'F'.repeat(65)}`;
    const moves = [
      async () => keep(await client.refresh(known.refresh.at(-1) ?? '')),
      async () => keep(await client.refresh(known.refresh.at(-1) ?? '')),
      async () => void (await client.refresh(known.refresh.at(-1) ?? '')), // the answer is lost
      async () => keep(await client.refresh(random.pick(known.refresh))),
      async () => void (await client.refresh(forged)),
      async () => void (await stranger.refresh(random.pick(known.refresh))),
      async () => void (await client.redeem(code, { code_verifier: 'w'.repeat(43) })),
      async () => void (await app.call(random.pick(known.access))),
      async () => void (await client.revoke(random.pick(known.access))),
      async () => void (random.below(4) === 0 && app.clock.pass(random.pick([1, 60, 119]))),
      async () => void (seed > 3 && random.below(10) === 0 && (await client.redeem(code))), // a replay with everything right
    ];
    for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 1 + random.below(5) }, () => random.pick(moves)()));
    const row = (await locateGrant(app.store, code.slice(5, 27)))?.grant as Grant;
    expect([row.access.length <= MAX_ACCESS_TOKENS, row.retired.length <= MAX_RETIRED]).toEqual([true, true]);
    expect(app.events.filter((event) => event.kind === 'grant.redeemed')).toHaveLength(1);
    expect(app.events.filter((event) => event.kind === 'grant.ended').length).toBeLessThanOrEqual(1);
    if (!row.ended) {
      const head = tokensOf(await client.refresh(known.refresh.at(-1) ?? ''));
      expect((await app.call(head.access)).status).toBe(200);
      await client.revoke(head.refresh);
    }
    for (const token of known.access) expect((await app.call(token)).status).toBe(401);
    for (const token of known.refresh) expect((await client.refresh(token)).status).toBe(400);
  });
});
