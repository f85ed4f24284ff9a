/** The account page: what a person sees of apps and browsers, and takes back, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import type { Browser } from '../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { expectNothingWritten, expectPage } from '../support/verdicts.ts';

const COOKIE = '__Host-portcullis-session';
const FIREFOX = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
const PHONE = {
  'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1',
  'x-test-address': '2001:db8:1:2::9',
};

async function signIn(app: App, headers: Record<string, string> = {}): Promise<Browser> {
  const browser = app.browser();
  expect((await browser.submit(await browser.get(`${ISSUER}/login`), ALICE, headers)).status).toBe(303);
  return browser;
}

/** Presses a button of the account page. */
async function press(browser: Browser, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<number> {
  const page = await browser.get(`${ISSUER}/account`);
  const account = /name="account" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const form = { ...page, text: '<form action="/account">' };
  return (await browser.submit(form, { account, ...fields }, headers)).status;
}

describe.each(storeNames)('the account page on %s', (store) => {
  it('lists what was connected, in words, and ends one or all of it from the next request on', async () => {
    const app = await makeApp(store);
    const one = await app.signedIn({ client_name: 'Notes & Co' });
    app.clock.pass(86_400);
    const two = await app.signedIn({ client_name: 'Second app' });
    const page = await two.browser.get(`${ISSUER}/account`);
    for (const text of ['Notes &#38; Co', 'Second app', 'Read your notes', 'Change your notes', 'Connected on'])
      expect(page.text).toContain(text);
    expect(await press(two.browser, { decision: 'disconnect', client: one.client.id })).toBe(303);
    expect([(await app.call(one.tokens.access)).status, (await app.call(two.tokens.access)).status]).toEqual([401, 200]);
    expect((await one.client.refresh(one.tokens.refresh)).body['error']).toBe('invalid_grant');
    expect((await two.browser.get(`${ISSUER}/account`)).text).not.toContain('Notes &#38; Co');
    expect(await press(two.browser, { decision: 'disconnect-all' })).toBe(303);
    expect((await app.call(two.tokens.access)).status).toBe(401);
    expect((await two.browser.get(`${ISSUER}/account`)).text).toContain('No apps are connected');
  });

  it('shows each signed-in browser, coarsely, and ends another one; the own one stays', async () => {
    const app = await makeApp(store);
    const [here, there] = [await signIn(app, FIREFOX), await signIn(app, PHONE)];
    const page = await here.get(`${ISSUER}/account`);
    for (const text of ['Firefox on Linux', 'This browser', 'Safari on iPhone', '192.0.2.0/24', '2001:db8:1::/48'])
      expect(page.text).toContain(text);
    expect(page.text).not.toContain('192.0.2.1<');
    expect(page.text).toMatch(
      /Signed in on <time[^>]+>[A-Z][a-z]+ \d+, \d{4}<\/time>, last seen on <time[^>]+>[A-Z][a-z]+ \d+, \d{4} at \d\d:\d\d UTC<\/time>/,
    );
    expect(page.text).toMatch(/<nav class="part" aria-labelledby="settings-title">\s*<h2 id="settings-title">Settings<\/h2>/);
    const mark = /name="session" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect(page.text).not.toContain(await hashOf(here.cookies.get(COOKIE) ?? ''));
    expect(await press(here, { decision: 'end-session', session: mark })).toBe(303);
    expect([(await here.get(`${ISSUER}/account`)).status, (await there.get(`${ISSUER}/account`)).status]).toEqual([200, 303]);
  });

  it('says in one line where a browser is, and of this one on this computer only that it is this one', async () => {
    const app = await makeApp(store);
    const here = { ...FIREFOX, 'x-test-address': '127.0.0.1' };
    const [own, far] = [await signIn(app, here), await signIn(app, FIREFOX)];
    await signIn(app, here);
    const places = (text: string): string[] =>
      [...text.matchAll(/<b>Firefox on Linux<\/b>\s*<p class="hint">(.*?)<\/p>/g)]
        .map(([, place = '']) => place.replaceAll(/<[^>]+>/g, ''))
        .toSorted();
    expect(places((await own.get(`${ISSUER}/account`, here)).text)).toEqual(['192.0.2.0/24', 'This browser', 'This computer']);
    expect(places((await far.get(`${ISSUER}/account`)).text)).toEqual(['This browser · 192.0.2.0/24', 'This computer', 'This computer']);
  });

  it('SEC-053 signs out everywhere, and disconnects apps if selected', async () => {
    const app = await makeApp(store);
    const { tokens, browser } = await app.signedIn();
    const other = await signIn(app);
    const stolen = `${COOKIE}=${browser.cookies.get(COOKIE)}`;
    expect(await press(browser, { decision: 'sign-out-everywhere' })).toBe(303);
    expect([browser.cookies.has(COOKIE), (await other.get(`${ISSUER}/account`)).status]).toEqual([false, 303]);
    expect([(await app.ask('GET', '/account', null, { cookie: stolen })).status, (await app.call(tokens.access)).status]).toEqual([
      303, 200,
    ]);
    expect(await press(await signIn(app), { decision: 'sign-out-everywhere', apps: '1' })).toBe(303);
    expect((await app.call(tokens.access)).status).toBe(401);
  });

  it('changes no client, session or account of another user', async () => {
    const app = await makeApp(store);
    const { client, tokens, browser: alice } = await app.signedIn();
    const { accounts } = app.provider.helpers(app.env);
    await accounts.create({ username: 'bob', password: 'another horse battery', name: 'Bob' });
    const bob = app.browser();
    await bob.submit(await bob.get(`${ISSUER}/login`), { username: 'bob', password: 'another horse battery' });
    const other = await signIn(app);
    const page = await alice.get(`${ISSUER}/account`);
    const mark = /name="session" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const account = /name="account" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect(await press(bob, { decision: 'disconnect', client: client.id })).toBe(303);
    expect(await press(bob, { decision: 'end-session', session: mark })).toBe(303);
    expect([(await app.call(tokens.access)).status, (await other.get(`${ISSUER}/account`)).status]).toEqual([200, 200]);
    // Alice's page, sent after Bob has signed in with the same browser: he is shown what is his, nothing is done.
    expect(await press(bob, { account, decision: 'sign-out-everywhere' })).toBe(409);
    expect((await bob.get(`${ISSUER}/account`)).status).toBe(200);
  });

  it('SEC-155 ends an unused session after three days, keeps a used one for fourteen, and revives none', async () => {
    const app = await makeApp(store);
    const [idle, used] = [await signIn(app), await signIn(app)];
    for (let day = 0; day < 13; day++) {
      app.clock.pass(86_400);
      expect((await used.get(`${ISSUER}/account`)).status).toBe(200);
    }
    expect((await idle.get(`${ISSUER}/account`)).status).toBe(303);
    app.clock.pass(86_400);
    expect((await used.get(`${ISSUER}/account`)).status).toBe(303);
    const [ended, alive] = [await signIn(app), await signIn(app)];
    app.clock.pass(301); // the next request notes that it was seen: not onto a session that is ended meanwhile
    const asked = Promise.all(Array.from({ length: 8 }, () => ended.get(`${ISSUER}/account`)));
    await press(alive, { decision: 'sign-out-everywhere' });
    await asked;
    expect((await ended.get(`${ISSUER}/account`)).status).toBe(303);
  });
});

describe('the account page', () => {
  it('notes at most every five minutes that a session was used', async () => {
    const app = await makeApp('memory');
    const browser = await signIn(app);
    await expectNothingWritten(app, () => browser.get(`${ISSUER}/account`));
    app.clock.pass(300);
    await browser.get(`${ISSUER}/account`);
    await expectNothingWritten(app, () => browser.get(`${ISSUER}/account`));
  });

  it('SEC-053 signs out everywhere, with any number of browsers', async () => {
    const app = await makeApp('memory');
    const browser = await signIn(app);
    const held = { v: 1, userId: app.aliceId, claims: {}, createdAt: 0, expiresAt: app.clock.now() + 3600 } as const;
    for (let at = 0; at < 250; at++)
      await app.store.write(`session:old-${at}`, held, 'absent', { until: held.expiresAt, index: [`sessions:${app.aliceId}`] });
    const last = await signIn(app);
    expect(await press(browser, { decision: 'sign-out-everywhere' })).toBe(303);
    expect((await last.get(`${ISSUER}/account`)).status).toBe(303);
    expect((await app.store.list(`sessions:${app.aliceId}`)).keys).toEqual([]);
  });

  it('SEC-125 takes no form from another site, and SEC-157 keeps every answer out of caches', async () => {
    const app = await makeApp('memory');
    const browser = await signIn(app);
    const page = await browser.get(`${ISSUER}/account`);
    expect(page.headers.get('cache-control')).toBe('no-store, private');
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[])
      expectPage(await expectNothingWritten(app, () => browser.submit(page, { decision: 'sign-out-everywhere' }, headers)), {
        status: 403,
      });
  });

  it('is linked from the sign-in page, and redirects there without a session', async () => {
    const app = await makeApp('memory');
    expect((await app.browser().get(`${ISSUER}/account?after=x`)).location).toBe('/login?return_to=%2Faccount%3Fafter%3Dx');
    expect((await (await signIn(app)).get(`${ISSUER}/login`)).text).toContain('href="/account"');
  });
});

async function hashOf(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

describe('the account page', () => {
  it('asks before each button that takes something away for good, and says what will happen', async () => {
    const app = await makeApp('memory');
    const one = await app.signedIn({ client_name: 'One' });
    await one.browser.submit(await one.browser.get(await (await app.client({ client_name: 'Two' })).authorizeUrl()), { decision: 'approve' });
    const { text } = await one.browser.get(`${ISSUER}/account`);
    const asked = [...text.matchAll(/<details class="ask">([^]*?)<\/details>/g)].map(([, inside = '']) => inside);
    expect(asked.flatMap((inside) => /value="([\w-]+)">/.exec(inside.replaceAll('value="1"', ''))?.[1] ?? [])).toEqual([
      'disconnect',
      'disconnect',
      'disconnect-all',
      'sign-out-everywhere',
    ]);
    for (const inside of asked) expect(inside).toMatch(/<summary>[^<]+<\/summary>\s*<p>[^]+<\/p>/);
    expect(text.replaceAll(/<details class="ask">[^]*?<\/details>/g, '')).not.toMatch(/value="(disconnect|disconnect-all|sign-out-everywhere)"/);
    expect(text).toContain('will lose access right away');
  }); // prettier-ignore
});
