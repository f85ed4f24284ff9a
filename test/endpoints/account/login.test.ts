import { describe, expect, it } from 'vitest';
import { password } from '../../../src/logins/password.ts';
import type { Login } from '../../../src/model/login.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';

const COOKIE = '__Host-portcullis-session';

async function signIn(
  app: App,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<{ browser: Browser; page: BrowserPage }> {
  const browser = app.browser();
  return { browser, page: await browser.submit(await browser.get(`${ISSUER}/login`), { ...ALICE, ...fields }, headers) };
}

/** Whether the login page knows someone by these cookies. */
async function isKnown(app: App, cookie: string): Promise<boolean> {
  return (await (await app.ask('GET', '/login', null, { cookie })).text()).includes('You are signed in');
}

describe('endpoints/account/login', () => {
  it('signs in and out, and the server forgets the session with the cookie (SEC-155)', async () => {
    const app = await makeApp('memory');
    const { browser, page } = await signIn(app);
    expect([page.status, page.location, page.headers.get('cache-control')]).toEqual([303, '/login?signed-in=1', 'no-store, private']);
    const stolen = `${COOKIE}=${browser.cookies.get(COOKIE)}`;
    expect(await isKnown(app, stolen)).toBe(true);
    const out = await browser.submit(await browser.get(`${ISSUER}/login`), { decision: 'sign-out' });
    expect([out.status, browser.cookies.has(COOKIE), await isKnown(app, stolen)]).toEqual([303, false, false]);
  });

  it('says that the browser blocks cookies where the right password signs no one in, and leaves no mark in the address where it does', async () => {
    const app = await makeApp('memory');
    for (const path of ['/login', '/login?return_to=%2Faccount']) {
      const blocking = app.browser();
      const first = await blocking.get(ISSUER + path);
      const signedIn = await blocking.submit(first, ALICE);
      blocking.cookies.clear();
      const page = await blocking.get(ISSUER + signedIn.location);
      expect([page.status, page.text.includes('this browser blocks cookies'), page.text.includes('type="password"')]).toEqual([
        200,
        true,
        true,
      ]);
      const again = await blocking.submit(page, { ...ALICE, password: 'wrong' });
      expect([again.text.includes('this browser blocks cookies'), again.text.includes('role="alert"')]).toEqual([false, true]);
      const browser = app.browser();
      const to = (await browser.submit(await browser.get(ISSUER + path), ALICE)).location ?? '';
      const end = path === '/login' ? '/login' : '/account';
      expect((await browser.get(ISSUER + to)).location).toBe(end);
      const repeated = await browser.submit({ ...first, url: ISSUER + path }, ALICE); // it has cookies
      expect(repeated.location).toBe(end);
    }
    for (const to of ['https://evil.example/', '//evil.example/x']) {
      const { browser } = await signIn(app);
      expect((await browser.get(`${ISSUER}/login?signed-in=1&return_to=${encodeURIComponent(to)}`)).location).toBe('/login');
    }
  });

  it('says that the user is signed out, in that browser alone and only after it', async () => {
    const app = await makeApp('memory');
    const { browser } = await signIn(app);
    const says = async (path: string): Promise<boolean> => (await browser.get(`${ISSUER}${path}`)).text.includes('You are signed out.');
    expect(await says('/login?signed-out=1')).toBe(false); // still signed in
    const out = await browser.submit(await browser.get(`${ISSUER}/login`), { decision: 'sign-out' });
    expect(out.location).toBe('/login?signed-out=1');
    expect([await says('/login?signed-out=1'), await says('/login')]).toEqual([true, false]);
    await browser.submit(await browser.get(`${ISSUER}/login?signed-out=1`), ALICE);
    const account = await browser.get(`${ISSUER}/account`);
    const form = { ...account, text: account.text.replace(/<form[^]*?<\/form>/, '') }; // after the one that signs out here
    expect((await browser.submit(form, { decision: 'sign-out-everywhere' })).location).toBe('/login?signed-out=1');
  });

  it('SEC-155 gives a session a new name at every sign-in, and takes none that was planted', async () => {
    const app = await makeApp('memory');
    const { browser } = await signIn(app);
    const first = browser.cookies.get(COOKIE);
    await browser.submit({ ...(await browser.get(`${ISSUER}/login`)), text: '' }, ALICE);
    expect(browser.cookies.get(COOKIE)).not.toBe(first);
    expect(await isKnown(app, `${COOKIE}=${first}`)).toBe(false);
    const planted = app.browser();
    planted.cookies.set(COOKIE, 'p'.repeat(43));
    await planted.submit(await planted.get(`${ISSUER}/login`), ALICE);
    expect([planted.cookies.get(COOKIE) === 'p'.repeat(43), await isKnown(app, `${COOKIE}=${'p'.repeat(43)}`)]).toEqual([false, false]);
  });

  it('SEC-156 treats a user with a forged, cut, repeated or foreign cookie as signed out', async () => {
    const app = await makeApp('memory');
    const { browser } = await signIn(app);
    const good = browser.cookies.get(COOKIE) ?? '';
    const client = await app.client();
    await browser.get(await client.authorizeUrl());
    const flow = [...browser.cookies].find(([name]) => name.includes('flow-'))?.[1] ?? '';
    expect(flow).toHaveLength(43);
    for (const cookie of [good.slice(0, -1), `${good}A`, 'x'.repeat(43), flow, '', `"${good}"`, `${good.slice(0, -1)}%41`, '../x'])
      expect(await isKnown(app, `${COOKIE}=${cookie}`)).toBe(false);
    expect(await isKnown(app, `${COOKIE}=${good}; ${COOKIE}=${'x'.repeat(43)}`)).toBe(false);
    expect(await isKnown(app, `portcullis-session=${good}`)).toBe(false);
    expect(await isKnown(app, `${COOKIE}=${good}`)).toBe(true);
  });

  it('ends a session when its time is over', async () => {
    const app = await makeApp('memory');
    const { browser } = await signIn(app);
    app.clock.pass(14 * 86_400);
    expect(await isKnown(app, `${COOKIE}=${browser.cookies.get(COOKIE)}`)).toBe(false);
  });

  it.each([
    [{ origin: 'https://evil.example' }], [{ 'sec-fetch-site': 'cross-site' }], [{ origin: 'null', 'sec-fetch-site': 'cross-site' }], [{ origin: 'null', 'sec-fetch-site': '' }],
  ] as [Record<string, string>][])('SEC-125 neither signs in nor out for another site: %j', async (headers) => {
    const app = await makeApp('memory');
    const { browser } = await signIn(app);
    const page = await browser.get(`${ISSUER}/login`);
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { decision: 'sign-out' }, headers)), { status: 403 });
    expectPage(await expectNothingWritten(app, () => browser.submit(page, ALICE, headers)), { status: 403 });
  }); // prettier-ignore

  it('SEC-125 refuses a POST that does not say where it comes from', async () => {
    const app = await makeApp('memory');
    const response = await expectNothingWritten(app, () => app.ask('POST', '/login', new URLSearchParams(ALICE)));
    expect(response.status).toBe(403);
  });

  it('says the same of an unknown name and a wrong password, and shows no password again', async () => {
    const app = await makeApp('memory');
    const wrong = (await signIn(app, { password: 'wrong horse battery' })).page;
    const unknown = (await signIn(app, { username: 'alicf', password: 'wrong horse battery' })).page;
    expect([wrong.status, unknown.status]).toEqual([403, 403]);
    expect(unknown.text.replace('alicf', 'alice')).toBe(wrong.text);
    expect(wrong.text).not.toContain('wrong horse');
  });

  it('SEC-152 delays an account after ten wrong passwords, also after a restart, for a limited time', async () => {
    const app = await makeApp('memory');
    const tries = async (count: number, fields: Record<string, string>, address: string): Promise<number[]> => {
      const statuses: number[] = [];
      for (let at = 0; at < count; at++) statuses.push((await signIn(app, fields, { 'x-test-address': address })).page.status);
      return statuses;
    };
    expect(await tries(10, { password: 'wrong horse' }, '198.51.100.1')).toEqual(Array.from({ length: 10 }, () => 403));
    const limited = (await signIn(app, {}, { 'x-test-address': '198.51.100.1' })).page;
    expect([limited.status, Number(limited.headers.get('retry-after'))]).toEqual([429, 900]);
    const restarted = await appOn(app.store, app.clock);
    expect((await signIn(restarted, {}, { 'x-test-address': '198.51.100.1' })).page.status).toBe(429);
    expect((await signIn(restarted, {}, { 'x-test-address': '203.0.113.2' })).page.status).toBe(303);
    app.clock.pass(900);
    expect((await signIn(app, {}, { 'x-test-address': '198.51.100.1' })).page.status).toBe(303);
  });

  it('SEC-152 SEC-154 counts a network once, in any spelling of its addresses', async () => {
    const app = await makeApp('memory');
    const spellings = ['2001:db8:1:2::1', '2001:DB8:1:2:0:0:0:9', '2001:0db8:0001:0002:ffff::', '2001:db8:1:2:a:b:c:d'];
    for (let at = 0; at < 100; at++) {
      expect((await signIn(app, { username: `nobody${at}` }, { 'x-test-address': spellings[at % 4] ?? '' })).page.status).toBe(403);
    }
    expect((await signIn(app, {}, { 'x-test-address': '2001:db8:1:2::77' })).page.status).toBe(429);
    expect((await signIn(app, {}, { 'x-test-address': '2001:db8:1:3::77' })).page.status).toBe(303);
  });

  it('SEC-159 bounds the password, hides no NUL in it, and knows it in either Unicode form', async () => {
    const app = await makeApp('memory');
    expectPage((await signIn(app, { password: 'x'.repeat(1_000_000) })).page, { status: 413 });
    expectPage((await signIn(app, { password: `${ALICE.password}\0` })).page);
    expect((await signIn(app, { password: `${ALICE.password}${'x'.repeat(1025)}` })).page.status).toBe(403);
    const { accounts } = app.provider.helpers(app.env);
    const long = 'é'.repeat(100);
    await accounts.create({ username: 'zoë', password: `${long}1` });
    expect((await signIn(app, { username: 'zoë'.normalize('NFD'), password: `${long}1`.normalize('NFD') })).page.status).toBe(303);
    expect((await signIn(app, { username: 'ZOË', password: `${long}2` })).page.status).toBe(403);
  });

  it('SEC-149 redirects to no other site afterwards, for any request', async () => {
    const app = await makeApp('memory');
    for (const to of ['//evil.example', '/\\evil.example', 'https:evil.example', '/%09/evil.example', 'javascript:alert(1)'])
      expect((await signIn(app, { return_to: to, returnTo: to, next: to })).page.location).toBe('/login?signed-in=1');
  });
});

describe.each(storeNames)('a sign-in that is overtaken, on %s', (store) => {
  it('leaves no session when the password changes while the old one is being checked (SEC-053, I4)', async () => {
    let change: () => Promise<unknown> = async () => {};
    const slow: Login = {
      ...password(),
      prove: async (read, services) => {
        const result = await password().prove(read, services);
        await change();
        return result;
      },
    };
    const app = await makeApp(store, { logins: [slow] });
    change = () => app.provider.helpers(app.env).accounts.setPassword(app.aliceId, 'another long password');
    const browser = app.browser();
    const page = await browser.get(`${ISSUER}/login`);
    const answer = await browser.submit(page, { ...ALICE });
    expect([answer.status, browser.cookies.size]).toEqual([403, 0]);
    expect(app.events.filter((event) => event.kind === 'login.failed')).toMatchObject([{ reason: 'credentials_changed' }]);
  });
});
