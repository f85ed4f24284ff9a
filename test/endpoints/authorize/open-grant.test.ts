/** What opening a grant does beside it, where a request fails in between and is sent again. */
import { expect, it } from 'vitest';
import { NothingDone, type Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { codeOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, appOn } from '../../support/app.ts';

it('keeps the registration of a client whose user had to click again, since the store failed after the grant was kept', async () => {
  const clock = makeClock();
  const inner = memoryStore(clock);
  let isDown = false;
  const write: Store['write'] = async (key, ...all) => {
    if (isDown && key.startsWith('client:')) throw new NothingDone('no room');
    return inner.write(key, ...all);
  };
  const store = { atomic: inner.atomic, read: inner.read.bind(inner), remove: inner.remove.bind(inner), list: inner.list.bind(inner), write } as Store; // prettier-ignore
  const app = await appOn(store, clock);
  const [client, browser] = [await app.client(), app.browser()];
  const page = await browser.get(await client.authorizeUrl());
  isDown = true;
  expect((await browser.submit(page, { decision: 'approve', ...ALICE })).status).toBe(503);
  isDown = false;
  const code = codeOf(await browser.submit(page, { decision: 'approve', ...ALICE }));
  expect((await client.redeem(code)).status).toBe(200);
  clock.pass(2 * 86_400); // an unused registration ends after a day
  expect((await browser.get(await client.authorizeUrl())).status).toBe(200);
});
