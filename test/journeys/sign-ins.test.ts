/** Signing in at other sites outside an authorization, and one account with several ways in; on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { login } from '../../src/logins/own-login.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { makeFakeUpstream, type FakeUpstream } from '../../src/testing/fake-upstream.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { callbackOf, APP } from '../support/upstream-app.ts';
import { expectPage } from '../support/verdicts.ts';

interface Both extends App {
  readonly idp: FakeUpstream;
}

async function appWith(store: string, joinByEmail = false): Promise<Both> {
  let now = (): number => 0;
  const idp = await makeFakeUpstream({ ...APP, redirectUri: callbackOf('corp'), now: () => now() });
  const corp = upstream(oidc({ ...APP, issuer: idp.issuer, id: 'corp', label: 'Corp', fetch: idp.fetch }), { joinByEmail });
  const app = await makeApp(store, { logins: [password(), corp] });
  now = app.clock.now;
  return { ...app, idp };
}

/** Signs in at the other site from the sign-in page. */
async function throughCorp(app: Both, browser: Browser, path = '/login'): Promise<BrowserPage> {
  const gone = await browser.submit(await browser.get(ISSUER + path), { with: 'corp' });
  expect(gone.status).toBe(303);
  return browser.get(await app.idp.visit(gone.location ?? ''));
}

async function byPassword(app: App): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return browser;
}

const markOf = (page: BrowserPage): string => /name="account" value="([^"]+)"/.exec(page.text)?.[1] ?? 'nobody';
const accountOf = async (browser: Browser): Promise<string> => markOf(await browser.get(`${ISSUER}/account`));

describe.each(storeNames)('other ways to sign in on %s', (store) => {
  it('lead from the sign-in page there and back, to where the person wanted to go', async () => {
    const app = await appWith(store);
    const browser = app.browser();
    const back = await throughCorp(app, browser, '/login?return_to=%2Faccount%2Fsign-ins');
    expect([back.status, back.location]).toEqual([303, '/account/sign-ins']);
    expect((await browser.get(`${ISSUER}/account/sign-ins`)).status).toBe(200);
    expect([...browser.cookies.keys()].filter((name) => name.includes('flow-'))).toEqual([]);
  });

  it('redirect the same browser twice to the same URL, signed in, and no other browser (R-02)', async () => {
    const app = await appWith(store);
    const [browser, twin] = [app.browser(), app.browser()];
    const gone = await browser.submit(await browser.get(`${ISSUER}/login?return_to=%2Faccount`), { with: 'corp' });
    const home = await app.idp.visit(gone.location ?? '');
    for (const [name, value] of browser.cookies) twin.cookies.set(name, value); // the same browser, which dropped the first answer
    const answers = await Promise.all([browser.get(home), twin.get(home)]);
    expect(answers.map(({ status, location }) => [status, location])).toEqual([
      [303, '/account'],
      [303, '/account'],
    ]);
    expect(await accountOf(twin)).toBe(await accountOf(browser));
    expect((await browser.get(home)).location).toBe('/account'); // the flow cookie is gone, its session is there
    expectPage(await app.browser().get(home));
    expect(app.idp.calls.filter((name) => name === 'token')).toHaveLength(1);
  });

  it('SEC-144 make a new user, also with a known e-mail address, until the signed-in user links them', async () => {
    const app = await appWith(store);
    await app.provider.helpers(app.env).accounts.setEmail(app.aliceId, 'user@corp.example', { verified: true });
    const alice = await byPassword(app);
    const mine = await accountOf(alice);
    const page = await alice.get(`${ISSUER}/account/sign-ins`);
    const gone = await alice.submit(page, { join: 'corp' });
    expect((await alice.get(await app.idp.visit(gone.location ?? ''))).location).toBe('/account/sign-ins');
    expect((await alice.get(`${ISSUER}/account/sign-ins`)).text).toContain('Remove');
    const other = app.browser();
    await throughCorp(app, other);
    expect(await accountOf(other)).toBe(mine);
    const [mark = ''] = /(?<=name="part" value=")[^"]+/.exec((await alice.get(`${ISSUER}/account/sign-ins`)).text) ?? [];
    expect((await alice.submit(page, { part: mark })).status).toBe(303);
    const third = app.browser();
    await throughCorp(app, third);
    expect(await accountOf(third)).not.toBe(mine);
  });

  it('never make two users one, and the last way in stays', async () => {
    const app = await appWith(store);
    const stranger = app.browser();
    await throughCorp(app, stranger);
    const theirs = await accountOf(stranger);
    const alice = await byPassword(app);
    const gone = await alice.submit(await alice.get(`${ISSUER}/account/sign-ins`), { join: 'corp' });
    const taken = (await alice.get(await app.idp.visit(gone.location ?? ''))).location;
    expect(taken).toBe('/account/sign-ins?taken=1');
    expect((await alice.get(ISSUER + taken)).text).toContain('belongs to another account');
    const page = await stranger.get(`${ISSUER}/account/sign-ins`);
    expect(page.text).not.toContain('Remove');
    expect(await accountOf(stranger)).toBe(theirs);
  });

  it('take no return in another browser, for another user, or a second time', async () => {
    const app = await appWith(store);
    const [alice, thief] = [await byPassword(app), app.browser()];
    const gone = await alice.submit(await alice.get(`${ISSUER}/account/sign-ins`), { join: 'corp' });
    const home = await app.idp.visit(gone.location ?? '');
    expectPage(await thief.get(home), { status: 403 });
    await alice.submit({ ...(await alice.get(`${ISSUER}/login`)), text: '<form action="/login">' }, { decision: 'sign-out' });
    expectPage(await alice.get(home)); // signed out meanwhile
    expectPage(await alice.get(home));
    const other = app.browser();
    await throughCorp(app, other);
    expect(await accountOf(other)).not.toBe(await accountOf(await byPassword(app)));
  });

  it('are joined by an address only where the operator wants it and both sides have proven it', async () => {
    const app = await appWith(store, true);
    const { accounts } = app.provider.helpers(app.env);
    const mine = await accountOf(await byPassword(app));
    const email = 'erika@corp.example';
    app.idp.user = { ...app.idp.user, email, email_verified: false };
    await accounts.setEmail(app.aliceId, email, { verified: true });
    const unproven = app.browser();
    await throughCorp(app, unproven);
    expect(await accountOf(unproven)).not.toBe(mine);
    app.idp.user = { sub: 'second', email, email_verified: true };
    const proven = app.browser();
    await throughCorp(app, proven);
    expect(await accountOf(proven)).toBe(mine);
    await throughCorp(app, app.browser());
    const added = app.events.filter(({ kind }) => kind === 'factor.changed');
    expect(added).toMatchObject([{ factor: 'identity', userId: app.aliceId, what: 'added' }]); // once, so its owner hears of it
    await accounts.setEmail(app.aliceId, email);
    app.idp.user = { sub: 'third', email, email_verified: true };
    const late = app.browser();
    await throughCorp(app, late);
    expect(await accountOf(late)).not.toBe(mine);
  });

  it('lets in no one whose way in was taken away while they came (F-31, F-37)', async () => {
    const app = await appWith(store);
    const helpers = app.provider.helpers(app.env);
    const alice = await byPassword(app);
    const gone = await alice.submit(await alice.get(`${ISSUER}/account/sign-ins`), { join: 'corp' });
    await alice.get(await app.idp.visit(gone.location ?? ''));
    const { write } = app.store;
    const during = async (kind: 'identities' | 'passkeys', signIn: () => Promise<Browser>): Promise<string | null> => {
      app.store.write = async (key, ...rest) => {
        // After the proof, before the session is there.
        if (key.startsWith('session:')) await helpers.signOut(app.aliceId, { removeSignIns: [kind] });
        return write(key, ...rest);
      };
      const browser = await signIn();
      app.store.write = write;
      return (await browser.get(`${ISSUER}/account`)).location;
    };
    const through = async (browser = app.browser()): Promise<Browser> => {
      await throughCorp(app, browser);
      return browser;
    };
    expect(await during('identities', through)).toMatch(/^\/login/);
    expect(await during('passkeys', () => byPassword(app))).toMatch(/^\/login/); // no proof of before counts, by a passkey or otherwise
    expect(await accountOf(await through())).not.toBe(await accountOf(await byPassword(app))); // the next time it is a user of its own
  });

  it('can be a custom login: redirected with our state, accepted once, for the user that it returns', async () => {
    const own = login({
      id: 'sso',
      label: 'Intranet',
      site: 'https://sso.example',
      begin: ({ redirectUri, state }) => ({
        location: `https://sso.example/?${new URLSearchParams({ redirectUri, state })}`,
        keep: { nonce: 'n' },
      }),
      finish: ({ parameters, kept }) => {
        if (parameters.get('who') === 'nobody') return { deny: 'The intranet does not know you.' };
        return { issuer: 'https://sso.example', subject: parameters.get('who') ?? '', claims: { name: 'Ines', kept } };
      },
    });
    const app = await makeApp(store, { logins: [own] });
    const [client, browser] = [await app.client(), app.browser()];
    const go = async (who: string): Promise<BrowserPage> => {
      const gone = await browser.submit(await browser.get(await client.authorizeUrl()), { with: 'sso' });
      const to = new URL(gone.location ?? '').searchParams;
      return browser.get(`${to.get('redirectUri')}?${new URLSearchParams({ state: to.get('state') ?? '', who })}`);
    };
    expect((await go('nobody')).text).toContain('The intranet does not know you.');
    const tokens = tokensOf(await client.redeem(codeOf(await go('ines'))));
    expect((await app.call(tokens.access)).access?.props).toMatchObject({ claims: { name: 'Ines', kept: { nonce: 'n' } } });
  });

  it('SEC-128 gives the same redirect to a second click, and after its code was used says that it went through (R-02)', async () => {
    const app = await makeApp(store);
    const [client, browser, other] = [await app.client(), app.browser(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    for (const [name, value] of browser.cookies) other.cookies.set(name, value); // the same browser: cookies as the first click sent them
    const first = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect((await other.submit(page, { decision: 'approve', ...ALICE })).location).toBe(first.location);
    app.clock.pass(30);
    expect((await browser.submit(page, { decision: 'approve' })).location).toBe(first.location); // by its session now
    expect((await client.redeem(codeOf(first))).status).toBe(200);
    expect((await other.submit(page, { decision: 'approve', ...ALICE })).text).toContain('Already done');
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toHaveLength(1);
    expect((await app.browser().submit(page, { decision: 'approve', ...ALICE })).text).toContain('no longer open');
  });
});

describe('login()', () => {
  it('refuses what cannot work, naming it', () => {
    const begin = (): { location: string } => ({ location: 'https://sso.example' });
    const finish = (): { deny: string } => ({ deny: 'no' });
    expect(() => login({ id: 'x', label: 'X', site: 'sso', begin, finish })).toThrow(/`site` must be a URL/);
    expect(() => login({ id: 'x', label: 'X', site: 'https://sso.example', begin, finish: null as never })).toThrow(
      /`finish` must be functions/,
    );
  });
});
