/** Removing what has expired, a batch at a time. */
import { describe, expect, it } from 'vitest';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { helpersOver } from '../../src/workers-oauth-provider/helpers.ts';

/** A store's records in order, true for one that has expired, and how a store sweeps them: so many from where it stopped. */
function sweptStore(records: boolean[]): { readonly core: OAuthHelpers; readonly left: () => number } {
  let at = 0;
  const sweep = async (most = 1000): Promise<number> => {
    const seen = records.slice(at, at + most);
    const kept = seen.filter((isOver) => !isOver);
    records.splice(at, seen.length, ...kept);
    at = seen.length < most ? 0 : at + kept.length;
    return seen.length - kept.length;
  };
  return { core: { sweep } as OAuthHelpers, left: () => records.filter(Boolean).length };
}

const LIVE = Array.from({ length: 1500 }, () => false);
const OVER = Array.from({ length: 2500 }, () => true);

describe('workers-oauth-provider: purgeExpiredData', () => {
  it('looks past live records before it says that it is done', async () => {
    const { core, left } = sweptStore([...LIVE, ...OVER]);
    const helpers = helpersOver(core, { issuer: 'https://mcp.example' });
    const purged: number[] = [];
    for (let done = false; !done && purged.length < 100;) {
      const result = await helpers.purgeExpiredData({ batchSize: 50 });
      purged.push(result.grantsPurged);
      ({ done } = result);
    }
    expect([left(), purged.reduce((sum, one) => sum + one, 0), purged.at(-1)]).toEqual([0, 2500, 0]);
  });

  it('stops with the batch, and ends over a store that removes expired records itself', async () => {
    const { core, left } = sweptStore([...OVER]);
    const helpers = helpersOver(core, { issuer: 'https://mcp.example' });
    expect(await helpers.purgeExpiredData()).toMatchObject({ grantsPurged: 1000, done: false });
    expect(left()).toBe(1500);
    const none = helpersOver({ sweep: async () => 0 } as unknown as OAuthHelpers, { issuer: 'https://mcp.example' });
    expect(await none.purgeExpiredData()).toEqual({ grantsChecked: 0, grantsPurged: 0, tokensChecked: 0, tokensPurged: 0, done: true });
  });
});
