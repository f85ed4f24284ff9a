/** Proving once more who one is, at another site. */
import { describe, expect, it } from 'vitest';
import { codeOf, tokensOf } from '../../../src/testing/oauth-client.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { totp } from '../../../src/logins/totp.ts';
import { google } from '../../../src/upstreams/work-accounts.ts';
import { ISSUER, storeNames } from '../../support/app.ts';
import { locationOf } from '../../support/provider-trip.ts';
import { APP, atConsent, awayTo, makeUpstreamApp, throughCorp, throughGitHub, type UpstreamApp } from '../../support/upstream-app.ts';
import { setUp } from '../../support/totp-app.ts';
import { expectPage } from '../../support/verdicts.ts';

/** Signed in at the provider, and sent back there by a step that wants a fresh sign-in. */
async function sentBack(store: string): Promise<{ app: UpstreamApp; browser: Browser; location: string }> {
  const app = await makeUpstreamApp(store);
  const at = await atConsent(app);
  codeOf(await throughCorp(app, at));
  app.clock.pass(601);
  const { browser } = at;
  const page = await browser.get(`${ISSUER}/account/sign-ins`);
  const stale = await browser.submit(page, { join: 'github' });
  expect(stale.location).toBe('/login?return_to=%2Faccount%2Fsign-ins&again=1');
  const gone = await browser.submit(await browser.get(ISSUER + stale.location), { with: 'corp' });
  return { app, browser, location: gone.location ?? '' };
}

const asked = (location: string): (string | null)[] => ['prompt', 'max_age'].map((name) => new URL(location).searchParams.get(name));

describe.each(storeNames)('a fresh sign-in at an OpenID provider on %s', (store) => {
  it('is asked for, and a session of there that is older than the question is refused', async () => {
    const { app, browser, location } = await sentBack(store);
    expect(asked(location)).toEqual(['login', '0']);
    app.idp.user = { ...app.idp.user, auth_time: app.clock.now() - 61 };
    const refused = await browser.get(await app.idp.visit(location));
    expectPage(refused, { status: 403 });
    expect(refused.text).toContain('not asked to sign in again');
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', login: 'corp', reason: 'proof_too_old' });
    expect((await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'github' })).location).toContain('again=1');
  });

  it('counts from when it was done there', async () => {
    const { app, browser, location } = await sentBack(store);
    app.idp.user = { ...app.idp.user, auth_time: app.clock.now() };
    expect((await browser.get(await app.idp.visit(location))).location).toBe('/account/sign-ins');
    const join = async (): Promise<string | null> =>
      (await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'github' })).location;
    expect(await join()).toContain('https://github.com/');
    app.clock.pass(601);
    expect(await join()).toContain('again=1');
  });

  it('is not fulfilled by an old session at the provider with a known time', async () => {
    const app = await makeUpstreamApp(store);
    app.idp.user = { ...app.idp.user, auth_time: app.clock.now() - 86_400 };
    const at = await atConsent(app);
    const location = await awayTo('corp', at);
    expect(asked(location)).toEqual([null, null]);
    tokensOf(await at.client.redeem(codeOf(await at.browser.get(await app.idp.visit(location)))));
    const page = await at.browser.get(`${ISSUER}/account/sign-ins`);
    expect((await at.browser.submit(page, { join: 'github' })).location).toContain('again=1');
  });

  it('is not had from a time that has not come, such as one in milliseconds (F-32)', async () => {
    const { app, browser, location } = await sentBack(store);
    app.idp.user = { ...app.idp.user, auth_time: (app.clock.now() - 86_400) * 1000 };
    expectPage(await browser.get(await app.idp.visit(location)), { status: 403 });
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', login: 'corp', reason: 'proof_without_time' });
    await browser.submit({ ...(await browser.get(`${ISSUER}/login`)), text: '<form action="/login">' }, { decision: 'sign-out' });
    const gone = await browser.submit(await browser.get(`${ISSUER}/login?return_to=%2Faccount%2Fsign-ins`), { with: 'corp' });
    expect((await browser.get(await app.idp.visit(gone.location ?? ''))).location).toBe('/account/sign-ins'); // signed in, and not freshly
    const join = await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'github' });
    expect(join.location).toContain('again=1');
  });

  it('is not had from a return that says no time, by an ordinary sign-in or by signing out and in again (F-32)', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    codeOf(await throughCorp(app, at));
    const { browser } = at;
    const join = async (): Promise<string | null> =>
      (await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'github' })).location;
    expect(await join()).toContain('again=1');
    await browser.submit({ ...(await browser.get(`${ISSUER}/login`)), text: '<form action="/login">' }, { decision: 'sign-out' });
    const gone = await browser.submit(await browser.get(`${ISSUER}/login?return_to=%2Faccount%2Fsign-ins`), { with: 'corp' });
    expect((await browser.get(await app.idp.visit(gone.location ?? ''))).location).toBe('/account/sign-ins');
    expect(await join()).toContain('again=1');
  });

  it('is refused, and changes nothing, with `prompt` and `max_age` cut off the way there (F-32)', async () => {
    const { app, browser, location } = await sentBack(store);
    const cut = new URL(location);
    cut.searchParams.delete('prompt');
    cut.searchParams.delete('max_age');
    const before = browser.cookies.get('__Host-portcullis-session');
    const refused = await browser.get(await app.idp.visit(cut.href));
    expectPage(refused, { status: 403 });
    expect(refused.text).toContain('did not confirm that it was you just now');
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', login: 'corp', reason: 'proof_without_time' });
    expect(browser.cookies.get('__Host-portcullis-session')).toBe(before);
    expect((await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'github' })).location).toContain('again=1');
  });

  it('is refused if the provider returns no time, but fulfilled by a second factor (F-32)', async () => {
    const app = await makeUpstreamApp(store, {
      options: { secondFactor: totp(), secret: 'a-secret-of-the-server-with-more-than-32-characters' },
    });
    const browser = app.browser();
    const through = async (site: 'corp' | 'github', path: string): Promise<BrowserPage> => {
      const gone = await browser.submit(await browser.get(ISSUER + path), { with: site });
      return browser.get(await (site === 'corp' ? app.idp : app.gitHub).visit(gone.location ?? ''));
    };
    await through('github', '/login');
    expect((await browser.get(`${ISSUER}/account/totp`)).location).toContain('again=1');
    const refused = await through('github', '/login?return_to=%2Faccount%2Ftotp&again=1');
    expectPage(refused, { status: 403 });
    expect(refused.text).toContain('GitHub did not confirm');
    // One more way in, which can tell; with it the second factor is set up, and GitHub is joined.
    const out = await browser.get(`${ISSUER}/login`);
    await browser.submit({ ...out, text: '<form action="/login">' }, { decision: 'sign-out' });
    app.gitHub.user = { ...app.gitHub.user, id: 4711 };
    await through('corp', '/login');
    await through('corp', '/login?return_to=%2Faccount%2Ftotp&again=1');
    const { app: phone } = await setUp(browser, app.clock);
    const joined = await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'github' });
    expect((await browser.get(await app.gitHub.visit(joined.location ?? ''))).location).toBe('/account/sign-ins');
    app.clock.pass(601);
    expect((await browser.get(`${ISSUER}/account/totp`)).status).toBe(200);
    const renew = { ...(await browser.get(`${ISSUER}/account/totp`)), text: '<form action="/account/totp">' };
    expect((await browser.submit(renew, { decision: 'renew' })).location).toContain('again=1');
    const asks = await through('github', '/login?return_to=%2Faccount%2Ftotp&again=1');
    expect(asks.text).toContain('Code from your authenticator app');
    expect((await browser.submit(asks, { code: await phone.code() })).location).toBe('/account/totp');
    expect((await browser.submit(renew, { decision: 'renew' })).text).toContain('Your recovery codes');
  });

  it('is not required to switch the account (F-32)', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    codeOf(await throughGitHub(app, at));
    const shown = await at.browser.get(await at.client.authorizeUrl());
    const page = await at.browser.submit(shown, { decision: 'switch' });
    expect(codeOf(await throughGitHub(app, { ...at, page }))).toMatch(/^code_/);
  });

  it('is asked for where the client wants one (prompt=login), and where the person wants another account', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    codeOf(await throughCorp(app, at));
    const page = await at.browser.get(await at.client.authorizeUrl({ prompt: 'login' }));
    const location = await awayTo('corp', { ...at, page });
    expect(asked(location)).toEqual(['login', '0']);
    app.idp.user = { ...app.idp.user, auth_time: app.clock.now() - 3600 };
    expectPage(await at.browser.get(await app.idp.visit(location)), { status: 403 });
    const shown = await at.browser.get(await at.client.authorizeUrl());
    const switched = await at.browser.submit(shown, { decision: 'switch' });
    expect(asked(await awayTo('corp', { ...at, page: switched }))).toEqual(['login', '0']);
  });
});

describe('a fresh sign-in', () => {
  it('is asked of Google in its own way', async () => {
    const provider = google({ ...APP, fetch: async () => Response.json(GOOGLE) });
    const depart = {
      ...provider,
      startSignIn: (trip: Parameters<typeof provider.startSignIn>[0]) => provider.startSignIn({ ...trip, fresh: true }),
    };
    expect(asked((await locationOf(depart)).href)).toEqual(['select_account', null]);
  });
});

const GOOGLE = {
  issuer: 'https://accounts.google.com',
  authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
  token_endpoint: 'https://oauth2.googleapis.com/token',
  jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
};
