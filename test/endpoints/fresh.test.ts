/** Proving once more who one is, at another site. */
import { describe, expect, it } from 'vitest';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { google } from '../../src/upstreams/google.ts';
import { ISSUER, storeNames } from '../support/app.ts';
import { locationOf } from '../support/provider-trip.ts';
import { APP, atConsent, awayTo, makeUpstreamApp, throughCorp, type UpstreamApp } from '../support/upstream-app.ts';
import { expectPage } from '../support/verdicts.ts';

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
    expect(refused.text).toContain('without being asked again');
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

  it('is not had by signing in with an old session of there, whose time is told', async () => {
    const app = await makeUpstreamApp(store);
    app.idp.user = { ...app.idp.user, auth_time: app.clock.now() - 86_400 };
    const at = await atConsent(app);
    const location = await awayTo('corp', at);
    expect(asked(location)).toEqual([null, null]);
    tokensOf(await at.client.redeem(codeOf(await at.browser.get(await app.idp.visit(location)))));
    const page = await at.browser.get(`${ISSUER}/account/sign-ins`);
    expect((await at.browser.submit(page, { join: 'github' })).location).toContain('again=1');
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
    const depart = { ...provider, depart: (trip: Parameters<typeof provider.depart>[0]) => provider.depart({ ...trip, fresh: true }) };
    expect(asked((await locationOf(depart)).href)).toEqual(['select_account', null]);
  });
});

const GOOGLE = {
  issuer: 'https://accounts.google.com',
  authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
  token_endpoint: 'https://oauth2.googleapis.com/token',
  jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
};
