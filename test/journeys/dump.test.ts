/** What somebody reads who steals the store: nothing that works, nothing that is private (I5). */
import { makeStores } from '#under-test';
import { expect, it } from 'vitest';
import { everything } from '../support/crash.ts';
import { expectNothingKnown, liveThrough } from '../support/known-secrets.ts';
import { storeNames } from '../support/app.ts';

it.each(storeNames)('SEC-213 I5 no secret of a complete run stands in any record on %s', async (name) => {
  let time = (): number => 0;
  const store = (await makeStores(() => time())).find((one) => one.name === name)!.store;
  const known = await liveThrough((now) => ((time = now), store));
  const records = await everything(store);
  expect(new Set(records.map(({ key }) => key.split(':', 1)[0])).size).toBeGreaterThan(8);
  expectNothingKnown(JSON.stringify(records), known);
});
