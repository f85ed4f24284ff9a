/** The application's own session as a login, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { existingSession } from '../../src/logins/own-login.ts';
import { password } from '../../src/logins/password.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { type HostApp, makeHostApp } from '../support/host-app.ts';
import { expectPage } from '../support/verdicts.ts';

interface Hosted {
  readonly app: App;
  readonly host: HostApp;
  readonly browser: Browser;
}

async function hosted(store: string, options: Parameters<typeof makeHostApp>[0] = {}): Promise<Hosted> {
  const host = makeHostApp(options);
  const app = await makeApp(store, { logins: [host.login] });
  return { app, host, browser: app.browser() };
}

/** Where the person is sent to sign in, and the way back from there. */
const backFrom = (page: BrowserPage): string => ISSUER + (new URL(page.location ?? '', ISSUER).searchParams.get('return_to') ?? '');

describe.each(storeNames)('an existing session on %s', (store) => {
  it('signs in without a click: the consent page shows the account, and the tool gets the user', async () => {
    const { app, host, browser } = await hosted(store);
    host.signIn(browser, 'u1');
    const client = await app.client();
    const page = await browser.get(await client.authorizeUrl());
    expect([page.text.includes('Hana Host'), page.text.includes('Continue with')]).toEqual([true, false]);
    const tokens = tokensOf(await client.redeem(codeOf(await browser.submit(page, { decision: 'approve' }))));
    const { access } = await app.call(tokens.access);
    expect(access?.props).toMatchObject({ claims: { name: 'Hana Host', sub: access?.userId }, permissions: ['reader'] });
    expect(host.asked.every(({ method, body }) => method === 'GET' && body === null)).toBe(true);
  });

  it('redirects a user without one to the application after the approval, and accepts the return once, in that browser', async () => {
    const { app, host, browser } = await hosted(store);
    const client = await app.client();
    const page = await browser.get(await client.authorizeUrl());
    expect(page.text).toContain('Continue with Host');
    const gone = await browser.submit(page, { with: 'session' });
    expect(gone.location).toMatch(/^\/sign-in\?return_to=%2Fauthorize%2Fcallback%2Fsession%3Fstate%3D[\w-]{43}$/);
    expect((await browser.get(backFrom(gone))).text).toContain('You are not signed in there yet');
    const again = await browser.submit(await browser.get(await client.authorizeUrl()), { with: 'session' });
    host.signIn(browser, 'u1');
    const thief = app.browser();
    host.signIn(thief, 'u1');
    expectPage(await thief.get(backFrom(again)), { status: 403 });
    const code = codeOf(await browser.get(backFrom(again)));
    expect(codeOf(await browser.get(backFrom(again)))).toBe(code); // the same redirect, once more
    expectPage(await thief.get(backFrom(again)));
  });

  it('SEC-155 is asked for every page: a sign-out or another user there applies here at once', async () => {
    const { app, host, browser } = await hosted(store);
    host.signIn(browser, 'u1');
    const client = await app.client();
    const page = await browser.get(await client.authorizeUrl());
    host.signOut('u1');
    const refused = await browser.submit(page, { decision: 'approve' });
    expect([refused.status, refused.text.includes('Hana')]).toEqual([409, false]);
    expect((await browser.get(`${ISSUER}/account`)).location).toContain('/login');
    host.signIn(browser, 'u1');
    const shown = await browser.get(await client.authorizeUrl());
    host.signIn(browser, 'u2');
    expect((await browser.submit(shown, { decision: 'approve' })).status).toBe(409);
    expect((await browser.get(`${ISSUER}/account`)).text).toContain('Hugo Host');
    host.users.set('u2', { claims: { name: 'Hugo Renamed' } });
    expect((await browser.get(`${ISSUER}/account`)).text).toContain('Hugo Renamed');
  });

  it('ends here by signing out here, and comes back by the button; another account is asked for there', async () => {
    const { app, host, browser } = await hosted(store);
    host.signIn(browser, 'u1');
    const account = await browser.get(`${ISSUER}/account`);
    expect((await browser.submit({ ...account, text: '<form action="/login">' }, { decision: 'sign-out' })).location).toBe(
      '/login?signed-out=1',
    );
    const out = await browser.get(`${ISSUER}/login`);
    expect([out.text.includes('Hana'), out.text.includes('Continue with Host')]).toEqual([false, true]);
    const client = await app.client();
    const switched = await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'switch' });
    expect(switched.text).toContain('Continue with Host');
    const gone = await browser.submit(switched, { with: 'session' });
    expect(new URL(gone.location ?? '', ISSUER).searchParams.get('prompt')).toBe('login');
    host.signIn(browser, 'u2');
    const tokens = tokensOf(await client.redeem(codeOf(await browser.get(backFrom(gone)))));
    expect((await app.call(tokens.access)).access?.props).toMatchObject({ claims: { name: 'Hugo Host' } });
  });

  it('is not recent authentication unless the application says so or asks again', async () => {
    const { app, host, browser } = await hosted(store);
    host.signIn(browser, 'u1');
    const page = await browser.get(`${ISSUER}/account/sign-ins`);
    const join = (): Promise<BrowserPage> => browser.submit(page, { join: 'session' });
    const stale = await join();
    expect(stale.location).toBe('/login?return_to=%2Faccount%2Fsign-ins&again=1');
    const gone = await browser.submit(await browser.get(ISSUER + stale.location), { with: 'session' });
    expect(new URL(gone.location ?? '', ISSUER).searchParams.get('prompt')).toBe('login');
    const user = host.users.get('u1')!;
    host.users.set('u1', { ...user, authenticatedAt: app.clock.now() - 3600 });
    expect((await browser.get(backFrom(gone))).text).toContain('not asked to sign in again');
    host.users.set('u1', { ...user, authenticatedAt: app.clock.now() });
    expect((await join()).location).toContain('/sign-in?');
    app.clock.pass(601);
    expect((await join()).location).toContain('again=1');
  });

  it('is not recent authentication if the application returns no time, also after it asked again (F-31)', async () => {
    const { app, host, browser } = await hosted(store);
    host.signIn(browser, 'u1');
    const page = await browser.get(`${ISSUER}/account/sign-ins`);
    const stale = await browser.submit(page, { join: 'session' });
    const gone = await browser.submit(await browser.get(ISSUER + stale.location), { with: 'session' });
    const back = await browser.get(backFrom(gone)); // without a visit at the application
    expectPage(back, { status: 403 });
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', login: 'session', reason: 'proof_without_time' });
    expect((await browser.submit(page, { join: 'session' })).location).toContain('again=1');
    // Signed out here and in again by the button, which demands nothing: signed in, and not freshly.
    await browser.submit({ ...page, text: '<form action="/login">' }, { decision: 'sign-out' });
    const button = await browser.submit(await browser.get(`${ISSUER}/login`), { with: 'session' });
    expect((await browser.get(backFrom(button))).location).toBe('/login');
    expect((await browser.submit(page, { join: 'session' })).location).toContain('again=1');
  });

  it.each<[string, (now: number) => unknown]>([
    ['milliseconds', (now) => now * 1000],
    ['a Date', (now) => new Date(now * 1000)],
    ['no end', () => Infinity],
  ])('is not recent authentication by a time of %s, which would be recent for ever (F-31)', async (_what, timeOf) => {
    const { app, host, browser } = await hosted(store);
    host.signIn(browser, 'u1');
    host.users.set('u1', { ...host.users.get('u1')!, authenticatedAt: timeOf(app.clock.now() - 86_400) as number });
    const page = await browser.get(`${ISSUER}/account/sign-ins`);
    const stale = await browser.submit(page, { join: 'session' });
    expect(stale.location).toContain('again=1');
    const gone = await browser.submit(await browser.get(ISSUER + stale.location), { with: 'session' });
    expectPage(await browser.get(backFrom(gone)), { status: 403 });
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', login: 'session', reason: 'proof_without_time' });
  });

  it('SEC-037 keeps the grants of apps until the application revokes them', async () => {
    const { app, host, browser } = await hosted(store);
    const { findUserId, signOut } = app.provider.helpers(app.env);
    host.signIn(browser, 'u1');
    const client = await app.client();
    const tokens = tokensOf(await client.redeem(await client.signIn(browser, {})));
    host.signOut('u1');
    expect((await app.call(tokens.access)).status).toBe(200);
    expect(await findUserId({ issuer: 'app', subject: 'u2' })).toBeNull();
    await signOut((await findUserId({ issuer: 'app', subject: 'u1' })) ?? '');
    expect([(await app.call(tokens.access)).status, (await client.refresh(tokens.refresh)).status]).toEqual([401, 400]);
  });

  it('that cannot be asked signs no user in or out: 503, and the operator gets an event', async () => {
    const { app, host, browser } = await hosted(store);
    host.signIn(browser, 'u1');
    await browser.get(`${ISSUER}/account`);
    host.broken = true;
    expectPage(await browser.get(`${ISSUER}/account`), { status: 503, never: ['session table'] });
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.failed', endpoint: 'account', error: new Error('the session table is gone') });
    host.broken = false;
    expect((await browser.get(`${ISSUER}/account`)).text).toContain('Hana Host');
  });
});

describe('an existing session', () => {
  it('without a way to sign in tells people to sign in at the application first', async () => {
    const host = makeHostApp();
    const bare = existingSession({ find: () => null });
    const app = await makeApp('memory', { logins: [bare], name: 'Acme' });
    const page = await app.browser().get(await (await app.client()).authorizeUrl());
    expect([page.status, page.text.includes('You are not signed in to Acme')]).toEqual([200, true]);
    expect((await app.browser().get(`${ISSUER}/login`)).text).toContain('You are not signed in to Acme');
    expect(host.login.kind).toBe('redirect');
  });

  it('works beside other logins, and does not change their sessions', async () => {
    const host = makeHostApp();
    const app = await makeApp('memory', { logins: [password(), host.login] });
    const { browser } = await app.signedIn();
    host.signIn(browser, 'u1');
    expect((await browser.get(`${ISSUER}/account`)).text).toContain('Alice');
  });

  it('at another origin redirects back to our origin, with the whole request', async () => {
    const { app, browser } = await hosted('memory', { signInUrl: 'https://app.example/in?theme=dark' });
    const gone = await browser.submit(await browser.get(await (await app.client()).authorizeUrl()), { with: 'session' });
    const { origin, pathname, searchParams } = new URL(gone.location ?? '');
    expect([origin, pathname, searchParams.get('theme')]).toEqual(['https://app.example', '/in', 'dark']);
    expect(searchParams.get('return_to')).toMatch(/^https:\/\/mcp\.example\/authorize\/callback\/session\?state=[\w-]{43}$/);
  });

  it('refuses at the start what cannot work, naming it', async () => {
    const find = (): null => null;
    expect(() => existingSession({ find: undefined as never })).toThrow(/`find` must be a function/);
    for (const signInUrl of ['//evil.example', 'http://app.example', 'sign-in', 'javascript:alert(1)'])
      expect(() => existingSession({ find, signInUrl, label: 'App' })).toThrow(/`signInUrl` must be a path/);
    expect(() => existingSession({ find, signInUrl: '/sign-in' })).toThrow(/`label` is missing/);
    const twice = [existingSession({ find }), existingSession({ find, id: 'other' })];
    await expect(makeApp('memory', { logins: twice })).rejects.toThrow(/existingSession\(\) twice/);
  });

  it('does not let the application vouch for accounts of this server', async () => {
    const find = () => ({ issuer: ISSUER, subject: 'someone', claims: {} });
    const app = await makeApp('memory', { logins: [existingSession({ find })] });
    expectPage(await app.browser().get(`${ISSUER}/account`), { status: 503 });
    expect(app.events.at(-1)).toMatchObject({
      error: expect.objectContaining({ message: expect.stringContaining('name the application') }),
    });
  });
});
