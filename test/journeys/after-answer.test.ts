/**
 * What is written after an answer is out may never be written: the isolate is evicted, the process ends, `waitUntil` is dropped. So nothing is:
 * every write of a whole life of a grant is done when its request is answered.
 */
import { describe, expect, it } from 'vitest';
import type { Key, Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Browser, makeBrowser, type Send } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, appOn, ISSUER } from '../support/app.ts';

/** A store that notes what is written while no request is under way. */
function watched(inner: Store): {
  readonly store: Store;
  readonly late: Key[];
  readonly during: <T>(work: () => Promise<T>) => Promise<T>;
} {
  const late: Key[] = [];
  let underWay = 0;
  const note = (key: Key): void => void (underWay === 0 && late.push(key));
  const store: Store = {
    atomic: true,
    read: (key) => inner.read(key),
    write: (key, ...rest) => (note(key), inner.write(key, ...rest)),
    remove: (key, ...rest) => (note(key), inner.remove(key, ...rest)),
    list: (...given) => inner.list(...given),
  };
  const during = async <T>(work: () => Promise<T>): Promise<T> => {
    underWay++;
    try {
      return await work();
    } finally {
      underWay--;
    }
  };
  return { store, late, during };
}

describe('when an answer is out', () => {
  it('FLT-28 nothing is written after the response, for any request', async () => {
    const clock = makeClock();
    const { store, late, during } = watched(memoryStore(clock));
    const app = await during(() => appOn(store, clock));
    const send: Send = async (request) => {
      const response = await during(() => app.send(request));
      for (let turn = 0; turn < 20; turn++) await new Promise((next) => setTimeout(next, 0)); // work that is left is done now
      return response;
    };
    const client = await registerClient({ send, issuer: ISSUER });
    const browser = makeBrowser(send);
    const code = await client.signIn(browser, ALICE);
    const first = tokensOf(await client.redeem(code));
    const call = (token: string): Promise<Response> =>
      send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' }));
    expect((await call(first.access)).status).toBe(200);
    const second = tokensOf(await client.refresh(first.refresh));
    clock.pass(3600);
    expect((await client.refresh(first.refresh)).status).toBe(400); // theft: it ends the grant
    expect((await call(second.access)).status).toBe(401);
    const third = tokensOf(await client.redeem(await client.signIn(browser, {})));
    expect((await client.redeem(code)).status).toBe(400);
    expect((await client.revoke(third.refresh)).status).toBe(200);
    const fourth = tokensOf(await client.redeem(await client.signIn(browser, {})));
    expect(await disconnect(browser, client.id)).toBe(303);
    expect((await call(fourth.access)).status).toBe(401);
    expect(late).toEqual([]);
  });
});

async function disconnect(browser: Browser, client: string): Promise<number> {
  const page = await browser.get(`${ISSUER}/account`);
  const account = /name="account" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  return (await browser.submit({ ...page, text: '<form action="/account">' }, { account, decision: 'disconnect', client })).status;
}
