/** Ways in which people were once locked out or let in, found by review; each held by a test since. */
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, ISSUER, makeApp, storeNames } from '../support/app.ts';

describe.each(storeNames)('on %s', (store) => {
  it('many users who sign in at once from one network are not limited as an attack', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    const url = await client.authorizeUrl();
    const pages = await Promise.all(Array.from({ length: 120 }, () => app.browser().get(url)));
    expect(new Set(pages.map((page) => page.status))).toEqual(new Set([200]));
  }); // 500 operations, one after the other where the store has one thread

  it('a registration outlives the last grant it was used for (SEC-081)', async () => {
    const app = await makeApp(store);
    const { client, browser } = await app.signedIn({ token_endpoint_auth_method: 'client_secret_post' });
    app.clock.pass(40 * 86_400);
    let { access, refresh } = tokensOf(await client.redeem(await client.signIn(browser, ALICE)));
    for (let day = 0; day < 350; day += 25) {
      app.clock.pass(25 * 86_400);
      ({ access, refresh } = tokensOf(await client.refresh(refresh)));
    }
    expect((await app.call(access)).status).toBe(200);
  });

  it('a refresh token that was not used in time is refused, while an access token still lives (SEC-051)', async () => {
    const app = await makeApp(store, { accessTokenTTL: 7200, refreshTokenIdleTTL: 600 });
    const { client, tokens } = await app.signedIn();
    app.clock.pass(600);
    expect((await client.refresh(tokens.refresh)).body['error']).toBe('invalid_grant');
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.refused', reason: 'refresh_expired' });
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('using another account ends the session that was there, not just its cookie (SEC-155)', async () => {
    const app = await makeApp(store);
    const { browser, client } = await app.signedIn();
    const stolen = new Map(browser.cookies);
    await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'switch' });
    const thief = app.browser();
    for (const [name, value] of stolen) thief.cookies.set(name, value);
    expect((await thief.get(`${ISSUER}/login`)).text).toContain('type="password"');
  });

  it('a listener that rejects later changes no response', async () => {
    const app = await makeApp(store, { on: () => Promise.reject(new Error('the log is down')) });
    const { tokens } = await app.signedIn();
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('what a client registered as its scope is no ceiling, and does not empty what is asked for', async () => {
    const app = await makeApp(store);
    const client = await app.client({ scope: 'openid profile' });
    const tokens = await client.redeem(await client.signIn(app.browser(), ALICE, { scope: 'read offline_access' }), {
      scope: 'read offline_access',
    });
    expect(tokens.body['scope']).toBe('read offline_access');
  });

  it('an account that is removed twice gives its name back (FLT-04)', async () => {
    const app = await makeApp(store);
    const { accounts } = app.provider.helpers(app.env);
    await accounts.remove(app.aliceId);
    await accounts.remove(app.aliceId);
    const again = await accounts.create(ALICE);
    await accounts.remove(app.aliceId); // the old id has no claim on the new account's name
    expect((await accounts.findByUsername(ALICE.username))?.id).toBe(again.id);
  });
});
