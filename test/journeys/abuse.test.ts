/** What someone gains who asks without an account, without a right, or too often: nothing, and the others notice nothing. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { answerOf, expectPage } from '../support/verdicts.ts';

const POST = { token_endpoint_auth_method: 'client_secret_post' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** A server whose work is counted: hashing of any kind, and what the store is asked. */
async function counted(): Promise<{ app: App; work(act: () => Promise<unknown>): Promise<Record<string, number>> }> {
  const [clock, machine] = [makeClock(), makeRuntime()];
  let [digests, scrypts] = [0, 0];
  const app = await appOn(
    memoryStore(clock),
    clock,
    {},
    {
      digest: (text) => (digests++, machine.digest(text)),
      ...(machine.digestText ? { digestText: (text: string) => (digests++, machine.digestText!(text)) } : {}),
      scrypt: (password, salt, cost) => (scrypts++, machine.scrypt!(password, salt, { ...cost, ln: 4, p: 1 })),
    },
  );
  return {
    app,
    async work(act) {
      const before = { ...app.counts };
      [digests, scrypts] = [0, 0];
      await act();
      return { digests, scrypts, reads: app.counts.reads - before.reads, writes: app.counts.writes - before.writes };
    },
  };
}

describe('work that tells nothing', () => {
  it('SEC-059 is the same for an unknown client, a wrong secret and a client that was removed', async () => {
    const { app, work } = await counted();
    const [client, removed] = [await app.client(POST), await app.client(POST)];
    await app.provider.helpers(app.env).clients.delete(removed.id);
    const redeem = (id: string, secret: string) => (): Promise<unknown> =>
      app.ask('POST', '/token', new URLSearchParams({ grant_type: 'authorization_code', code: 'x', code_verifier: 'x', client_id: id, client_secret: secret }), FORM); // prettier-ignore
    await redeem(client.id, 'first')(); // what is loaded once is loaded now
    const wrong = await work(redeem(client.id, 'wrong'));
    expect(await work(redeem('A'.repeat(client.id.length), 'wrong'))).toEqual(wrong);
    expect(await work(redeem(removed.id, removed.secret ?? ''))).toEqual(wrong);
    expect(wrong['digests']).toBeGreaterThan(0);
  });

  it('SEC-059 is the same for an unknown name, a wrong password and an account without one, on the sign-in page', async () => {
    const { app, work } = await counted();
    await app.provider.helpers(app.env).accounts.create({ username: 'ghost' });
    const signIn = (username: string) => async (): Promise<unknown> => {
      const browser = app.browser();
      return browser.submit({ ...(await browser.get(`${ISSUER}/login`)) }, { username, password: 'not the password' });
    };
    await signIn('alice')();
    const wrong = await work(signIn('alice'));
    expect(wrong['scrypts']).toBe(1);
    const nobody = await work(signIn('nobody'));
    expect([nobody['scrypts'], nobody['digests'], nobody['writes']]).toEqual([wrong['scrypts'], wrong['digests'], wrong['writes']]);
    expect(await work(signIn('ghost'))).toEqual(wrong);
  });
});

describe('a network that asks too often', () => {
  it('SEC-228 limits the open requests of one network, which expire, without an effect on other networks or signed-in users', async () => {
    const { app, browser } = await signedIn('memory');
    const client = await app.client();
    const ask = async (address: string): Promise<number> =>
      (await app.send(new Request(await client.authorizeUrl(), { headers: { 'x-test-address': address } }))).status;
    let opened = 0;
    while ((await ask('192.0.2.7')) === 200) if (++opened > 2000) break;
    expect([opened > 50, opened < 1000]).toEqual([true, true]);
    expect([await ask('192.0.2.7'), await ask('192.0.2.8')]).toEqual([429, 200]);
    expect((await browser.get(await client.authorizeUrl(), { 'x-test-address': '192.0.2.7' })).status).toBe(200);
    app.clock.pass(3600);
    expect(await ask('192.0.2.7')).toBe(200);
    expect((await answerOf(await app.ask('GET', '/.well-known/oauth-authorization-server'))).status).toBe(200);
  });
});

describe.each(storeNames)('abuse on %s', (store) => {
  it('SEC-226 signs no user out by a link or from another site, and redirects to no URL in the request', async () => {
    const { app, browser } = await signedIn(store);
    for (const path of ['/login?decision=sign-out', '/login?decision=sign-out&post_logout_redirect_uri=https%3A%2F%2Fevil.example']) {
      const page = await browser.get(ISSUER + path, { 'sec-fetch-site': 'cross-site' });
      expect([page.status, page.text.includes('evil.example')]).toEqual([200, false]);
    }
    const page = await browser.get(`${ISSUER}/login`);
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
      expectPage(await browser.submit(page, { decision: 'sign-out' }, headers), { status: 403 });
    expect((await browser.get(`${ISSUER}/account`)).status).toBe(200);
    const out = await browser.submit(page, { decision: 'sign-out', post_logout_redirect_uri: 'https://evil.example/' });
    expect([out.status, out.location]).toEqual([303, '/login?signed-out=1']);
    expect((await browser.get(`${ISSUER}/account`)).status).toBe(303);
    expect(app.events.map(({ kind }) => kind)).not.toContain('request.failed');
  });
});

async function signedIn(store: string): Promise<{ app: App; browser: ReturnType<App['browser']> }> {
  const app = await makeApp(store);
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return { app, browser };
}
