import { describe, expect, it } from 'vitest';
import { html } from '../../../src/lib/html.ts';
import { password } from '../../../src/logins/password.ts';
import type { AccountSection, Login, SectionCall } from '../../../src/model/login.ts';
import type { Browser } from '../../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp } from '../../support/app.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

/** A section that lets its colour be changed by users who signed in within five minutes. */
function makeSection(): { login: Login; calls: SectionCall[] } {
  const calls: SectionCall[] = [];
  const section: AccountSection = {
    id: 'colour',
    line: async ({ claims }) => (claims['name'] === 'Alice' ? { title: 'Colour', detail: 'blue' } : null),
    answer: async (call) => {
      calls.push(call);
      if (call.form === null) {
        const body = html`<form method="post" action="${call.path}"><button name="colour" value="red">Red</button></form>`;
        return { kind: 'page', title: 'Your colour', body };
      }
      if (!call.isRecent(300)) return { kind: 'sign-in-again' };
      const { stamp = '' } = (await call.services.accounts.find(call.user.userId)) ?? {};
      return { kind: 'done', to: call.form.required('colour') === 'red' ? 'account' : 'section', renew: { stamp } };
    },
  };
  return { login: { ...password(), account: [section] }, calls };
}

async function signedIn(app: App): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return browser;
}

describe('endpoints/account/account-section', () => {
  it('shows the line and the page of a section, with a way there and back', async () => {
    const { login, calls } = makeSection();
    const app = await makeApp('memory', { logins: [login] });
    const browser = await signedIn(app);
    expect((await browser.get(`${ISSUER}/account`)).text).toMatch(/<a href="\/account\/colour">Colour<\/a\s*><small>blue/);
    const page = await browser.get(`${ISSUER}/account/colour`);
    expect([page.status, page.text.includes('Your colour'), page.text.includes('href="/account"')]).toEqual([200, true, true]);
    expect(calls[0]).toMatchObject({ user: { userId: app.aliceId }, path: '/account/colour', form: null });
  });

  it('sends a user without a session to the sign-in, and back (SEC-149)', async () => {
    const app = await makeApp('memory', { logins: [makeSection().login] });
    const browser = app.browser();
    const away = (await browser.get(`${ISSUER}/account/colour`)).location ?? '';
    expect(away).toBe('/login?return_to=%2Faccount%2Fcolour');
    const back = await browser.submit(await browser.get(ISSUER + away), ALICE);
    expect((await browser.get(ISSUER + back.location)).location).toBe('/account/colour');
  });

  it('asks for a fresh sign-in where the section does, under a new session id, and comes back (SEC-155)', async () => {
    const { login } = makeSection();
    const app = await makeApp('memory', { logins: [login] });
    const browser = await signedIn(app);
    const page = await browser.get(`${ISSUER}/account/colour`);
    app.clock.pass(301);
    const old = browser.cookies.get('__Host-portcullis-session');
    const again = (await browser.submit(page, { colour: 'red' })).location ?? '';
    expect(again).toBe('/login?return_to=%2Faccount%2Fcolour&again=1');
    const asked = await browser.get(ISSUER + again);
    expect([asked.text.includes('Confirm it’s you'), asked.text.includes('value="alice"')]).toEqual([true, true]);
    expect((await browser.submit(asked, ALICE)).location).toBe('/account/colour');
    expect(browser.cookies.get('__Host-portcullis-session')).not.toBe(old);
    expect((await browser.submit(page, { colour: 'red' })).location).toBe('/account');
  });

  it('renews the session where the section says so: the old cookie is dead, the new one is not younger', async () => {
    const app = await makeApp('memory', { logins: [makeSection().login] });
    const browser = await signedIn(app);
    const page = await browser.get(`${ISSUER}/account/colour`);
    const old = browser.cookies.get('__Host-portcullis-session');
    app.clock.pass(200);
    expect((await browser.submit(page, { colour: 'green' })).location).toBe('/account/colour');
    expect((await app.ask('GET', '/account', null, { cookie: `__Host-portcullis-session=${old}` })).status).toBe(303);
    expect((await browser.get(`${ISSUER}/account`)).status).toBe(200);
    app.clock.pass(101);
    expect((await browser.submit(page, { colour: 'green' })).location).toContain('again=1');
  });

  it('SEC-125 takes no form from another site', async () => {
    const app = await makeApp('memory', { logins: [makeSection().login] });
    const browser = await signedIn(app);
    const page = await browser.get(`${ISSUER}/account/colour`);
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[])
      expectPage(await expectNothingWritten(app, () => browser.submit(page, { colour: 'red' }, headers)), { status: 403 });
  });

  it('refuses to start with two sections of one id, or one of ours', async () => {
    const { login } = makeSection();
    await expect(makeApp('memory', { logins: [login, { ...login, id: 'other' }] })).rejects.toThrow(/`logins` bring a part.*"colour"/);
    const own = { ...login, account: [{ ...login.account![0]!, id: 'apps' }] };
    await expect(makeApp('memory', { logins: [own] })).rejects.toThrow(/"apps", which is taken/);
  });
});
