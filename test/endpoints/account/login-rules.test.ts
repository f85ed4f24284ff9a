/** The pages beside the sign-in page: who may post to them, what a login is told, and where each of its answers leads. */
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/lib/html.ts';
import { existingSession } from '../../../src/logins/own-login.ts';
import { password } from '../../../src/logins/password.ts';
import type { Authenticated, FormLogin, LoginPageAnswer, LoginPageCall, StepView } from '../../../src/model/login.ts';
import type { SecondFactor } from '../../../src/model/settings.ts';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import type { BrowserPage } from '../../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp } from '../../support/app.ts';
import { makeUpstreamApp } from '../../support/upstream-app.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

const SESSION = '__Host-portcullis-session';
const PAGE = `${ISSUER}/login/hello`;
const PROVEN: Authenticated = { kind: 'proven', identity: { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } } } as never; // prettier-ignore
const view = (title: string): StepView => ({ title, text: 'Say it.', fields: html`<input name="answer" />`, button: 'Go on' });

/** A login with a page that gives this answer, and what the page was told. */
async function withPage(answer: LoginPageAnswer, more: Partial<OAuthProviderOptions> = {}) {
  const told: LoginPageCall[] = [];
  const login: FormLogin = {
    id: 'door',
    fields: () => html`<input name="username" />`,
    prove: async () => ({ kind: 'refused', reason: 'never' }),
    steps: { view: () => view('The step'), prove: async () => PROVEN as never },
    pages: [{ id: 'hello', answer: async (call) => (told.push(call), answer) }],
  };
  const app = await makeApp('memory', { logins: [login], ...more });
  const browser = app.browser();
  const post = async (query = ''): Promise<BrowserPage> =>
    browser.submit({ ...(await browser.get(PAGE + query)), text: '' }, { word: 'a' });
  return { app, browser, told, post };
}
const body = html`<form method="post"><input name="word" /></form>`;

describe('endpoints/account/login: pages of logins', () => {
  it('refuse a form of another site, and one that does not say where it comes from (SEC-125)', async () => {
    const { app, told } = await withPage({ kind: 'page', title: 'Hello', body });
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, {}]) {
      const refused = await expectNothingWritten(app, () => app.ask('POST', '/login/hello', 'word=a', { ...type, ...headers }));
      expect([refused.status, app.events.at(-1)]).toEqual([403, expect.objectContaining({ code: 'access_denied', reason: 'cross_site' })]);
    }
    expect(told).toEqual([]);
    expect((await app.ask('POST', '/login/hello', 'word=a', { ...type, origin: ISSUER })).status).toBe(200);
    expect((await app.ask('GET', '/login/hello', null, { origin: 'https://evil.example' })).status).toBe(200);
  });

  it('are told the form of a POST alone, where they post to, and where the user was going', async () => {
    const { told, post } = await withPage({ kind: 'page', title: 'Hello', body });
    const page = await post('?return_to=%2Fnotes%3Fa%3D1&odd=2');
    expect(told.map(({ form }) => form?.optional('word'))).toEqual([undefined, 'a']);
    expect(told[0]?.form).toBeNull();
    expect(told[1]).toMatchObject({ action: '/login/hello?return_to=%2Fnotes%3Fa%3D1', returnTo: '/notes?a=1' });
    expect([told[1]?.query.get('odd'), told[1]?.signIn.includes('%2Fnotes%3Fa%3D1')]).toEqual(['2', true]);
    expect(page.text).toContain(`href="${told[1]?.signIn.replaceAll('&', '&#38;')}"`); // the way back
    await post();
    expect(told.at(-1)?.returnTo).toBe('/account');
  });

  it('sign in who has proven, and lead there or to another path of ours', async () => {
    for (const [returnTo, query, to] of [[undefined, '?return_to=%2Fnotes', '/notes'], [undefined, '', '/account'], ['/welcome', '?return_to=%2Fnotes', '/welcome']] as const) {
      const { browser, post } = await withPage({ kind: 'proven', proven: PROVEN, ...(returnTo === undefined ? {} : { returnTo }) });
      const back = await post(query);
      expect([back.status, back.location, browser.cookies.has(SESSION)]).toEqual([303, to, true]);
    }
  }); // prettier-ignore

  it('continue with a step of the login, then with the second factor, and only then sign in', async () => {
    const { browser, post } = await withPage({ kind: 'step', keep: null } as never);
    const step = await post('?return_to=%2Fnotes');
    expect([step.text.includes('The step'), browser.cookies.has(SESSION)]).toEqual([true, false]);
    expect((await browser.submit(step, { answer: 'x' })).location).toBe('/notes');
    expect(browser.cookies.has(SESSION)).toBe(true);
    const word: SecondFactor = { id: 'word', ask: async () => ({ kind: 'step', keep: null }), steps: { view: () => view('The word'), prove: async () => ({ kind: 'passed' }) } }; // prettier-ignore
    const second = await withPage({ kind: 'proven', proven: PROVEN }, { secondFactor: word });
    const asked = await second.post('?return_to=%2Fnotes');
    expect([asked.text.includes('The word'), second.browser.cookies.has(SESSION)]).toEqual([true, false]);
    expect((await second.browser.submit(asked, { answer: 'x' })).location).toBe('/notes');
  });
});

describe('endpoints/account/login: proofs that no longer count', () => {
  it('say to a disabled user that the account is disabled, and lead back to the sign-in after any other change', async () => {
    const disabled = await withPage({ kind: 'proven', proven: PROVEN });
    await disabled.post();
    const [{ userId }] = disabled.app.events.filter(({ kind }) => kind === 'login.succeeded') as unknown as [{ userId: string }];
    await disabled.app.provider.helpers(disabled.app.env).disableUser(userId);
    disabled.browser.cookies.clear();
    const page = await disabled.post('?return_to=%2Fnotes');
    expect([page.status, page.text.includes('return_to=%2Fnotes'), disabled.browser.cookies.has(SESSION)]).toEqual([403, true, false]);
    expect(page.text).toMatch(/role="alert"/);
    const { browser, post } = await withPage({ kind: 'proven', proven: { ...PROVEN, stamp: 'of a former password' } });
    const back = await post('?return_to=%2Fnotes');
    expect([back.status, back.location?.startsWith('/login?'), browser.cookies.has(SESSION)]).toEqual([303, true, false]);
  });
});

describe('endpoints/account/login: the sign-in page', () => {
  it('takes the button of one of several logins, and none of a login that has no form', async () => {
    const door: FormLogin = { id: 'door', fields: () => html``, prove: async () => ({ kind: 'refused', reason: 'never' }) };
    const app = await makeApp('memory', { logins: [password(), door, existingSession({ find: () => null })] });
    const browser = app.browser();
    const page = await browser.get(`${ISSUER}/login`);
    expectPage(await browser.submit(page, { ...ALICE, with: 'session' }));
    expect(app.events.at(-1)).toMatchObject({ code: 'invalid_request', reason: 'login_unknown' });
    expect((await browser.submit(page, { ...ALICE, with: 'password' })).status).toBe(303);
  });

  it('refuses a form of another site with its reason, and a login that is not there', async () => {
    const app = await makeApp('memory', { logins: [password()] });
    const browser = app.browser();
    const page = await browser.get(`${ISSUER}/login`);
    expectPage(await browser.submit(page, { ...ALICE }, { origin: 'https://evil.example' }), { status: 403 });
    expect(app.events.at(-1)).toMatchObject({ code: 'access_denied', reason: 'cross_site' });
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { ...ALICE, with: 'corp' })));
    expect(app.events.at(-1)).toMatchObject({ code: 'invalid_request', reason: 'login_unknown' });
    expect((await browser.submit(page, { ...ALICE, with: 'password' })).status).toBe(303);
  });

  it('fills in what was typed, but the password', async () => {
    const app = await makeApp('memory');
    const browser = app.browser();
    const again = await browser.submit(await browser.get(`${ISSUER}/login`), { username: 'ali<ce', password: 'wrong horse' });
    expect([again.status, again.text.includes('value="ali&#60;ce"'), again.text.includes('wrong horse')]).toEqual([403, true, false]);
    const empty = await browser.submit(again, { username: null, password: 'x' });
    expect([empty.text.includes('Stryker'), empty.headers.has('retry-after')]).toEqual([false, false]);
  });

  it('signs out a browser that has no session, and leads to the site that was chosen', async () => {
    const app: App = await makeUpstreamApp('memory');
    const browser = app.browser();
    const page = await browser.get(`${ISSUER}/login`);
    const out = await browser.submit(page, { decision: 'sign-out' });
    expect([out.status, out.headers.getSetCookie()]).toEqual([303, [expect.stringMatching(/^__Host-portcullis-session=; .*Max-Age=0/)]]);
    for (const id of ['corp', 'github'])
      expect((await browser.submit(page, { with: id })).location).toMatch(id === 'github' ? /github/ : /^https:\/\/(?!github)/);
  });
});
