/** The field that is wrong is marked and described by the message (WCAG 3.3.1), and the same one whether or not there is an account (F-36). */
import { describe, expect, it } from 'vitest';
import { emailCode } from '../../../src/logins/email-code.ts';
import { passkeys } from '../../../src/logins/passkey.ts';
import { password } from '../../../src/logins/password.ts';
import { totp } from '../../../src/logins/totp.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp } from '../../support/app.ts';
import { setUp } from '../../support/totp-app.ts';

const sendEmail = (): void => undefined;
const WRONG = { username: ALICE.username, password: 'wrong horse' };

/** Ids of the fields that a page marks; each must be described by its error box. */
function wrongIn(page: BrowserPage): (string | undefined)[] {
  const inputs = [...page.text.matchAll(/<input[^>]*aria-invalid="true"[^>]*>/g)].map(([input]) => input);
  for (const input of inputs) expect(input).toMatch(/aria-describedby="problem[ "]/);
  expect(page.text.match(/ id="problem"/g) ?? []).toHaveLength(page.status === 200 ? 0 : 1);
  return inputs.map((input) => / id="([^"]+)"/.exec(input)?.[1]);
}

const at = (browser: Browser, fields: Record<string, string>): Promise<BrowserPage> =>
  browser.get(`${ISSUER}/login`).then((page) => browser.submit(page, { decision: 'sign-in', ...fields }));

/** What the consent page marks after a try with these fields. */
async function consent(app: App, fields: Record<string, string>): Promise<(string | undefined)[]> {
  const [client, browser] = [await app.client(), app.browser()];
  return wrongIn(await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve', ...fields }));
}

describe('the field that is wrong', () => {
  it('is the password of a wrong pair, on the sign-in page and the consent page, for an unknown user, too (F-36)', async () => {
    const app = await makeApp('memory');
    for (const username of [ALICE.username, 'stranger', '']) {
      expect(wrongIn(await at(app.browser(), { ...WRONG, username }))).toEqual(['password-password']);
      expect(await consent(app, { ...WRONG, username })).toEqual(['password-password']);
    }
  });

  it('is not named where the page is shown first, only the time or the permissions are wrong, or the user is disabled', async () => {
    const app = await makeApp('memory');
    expect(wrongIn(await app.browser().get(`${ISSUER}/login`))).toEqual([]);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl({ scope: 'read' }));
    expect(wrongIn(await browser.submit(page, { decision: 'approve', scope: [], ...ALICE }))).toEqual([]);
    await app.provider.helpers(app.env).disableUser(app.aliceId);
    expect(wrongIn(await at(app.browser(), ALICE))).toEqual([]);
    for (let count = 0; count < 10; count++) await at(app.browser(), { ...WRONG, username: 'stranger' });
    const limited = await at(app.browser(), { ...WRONG, username: 'stranger' });
    expect([limited.status, wrongIn(limited)]).toEqual([429, []]);
  });

  it('is the one of the login that was chosen, among several', async () => {
    const logins = [password(), passkeys(), { ...emailCode({ sendEmail }), identifier: undefined as never }];
    const app = await makeApp('memory', { logins });
    const tries: readonly [string, Record<string, string>][] = [
      ['password-password', { login: 'password', ...WRONG }],
      ['email-address', { login: 'email', email: 'ada' }],
      ['email-address', { login: 'email', email: '' }],
    ];
    for (const [id, fields] of tries) {
      expect(await consent(app, fields)).toEqual([id]);
      expect(wrongIn(await at(app.browser(), fields))).toEqual([id]);
    }
  });

  it('is the shared one for an identifier that no login accepts, and the password on the page after it, known or not (F-36)', async () => {
    const codes = await makeApp('memory', { logins: [emailCode({ sendEmail }), { ...emailCode({ sendEmail }), id: 'other' }] });
    expect(wrongIn(await at(codes.browser(), { identifier: 'no address' }))).toEqual(['identifier']);
    expect(await consent(codes, { identifier: 'no address' })).toEqual(['identifier']);
    const app = await makeApp('memory', { logins: [password(), emailCode({ sendEmail })] });
    for (const identifier of [ALICE.username, 'stranger', 'stranger@mail.example']) {
      const browser = app.browser();
      const step = await at(browser, { identifier });
      expect(wrongIn(step)).toEqual([]);
      expect(wrongIn(await browser.submit(step, { decision: 'go', password: 'wrong horse' }))).toEqual(['password-password']);
    }
  });

  it('is the code of a step, or the recovery code, whose details are then open; and none after too many tries', async () => {
    const app = await makeApp('memory', { secondFactor: totp(), secret: 'c2VjcmV0IG9mIHRoZSBzZXJ2ZXIsIDMyIGJ5dGVzIGxvbmc' });
    const own = app.browser();
    await at(own, ALICE);
    const { app: phone } = await setUp(own, app.clock);
    const browser = app.browser();
    const step = await at(browser, ALICE);
    expect(step.text).toContain('<details>');
    const code = await browser.submit(step, { code: await phone.wrong() });
    expect([wrongIn(code), code.text.includes('<details>')]).toEqual([['totp-code'], true]);
    const recovery = await browser.submit(code, { recovery: 'aaaa-bbbb' });
    expect([wrongIn(recovery), recovery.text.includes('<details open>')]).toEqual([['totp-recovery'], true]);
    const pages: BrowserPage[] = [];
    for (let count = 0; count < 4; count++) {
      const other = app.browser();
      let page = await at(other, ALICE);
      for (let tries = 0; tries < 3; tries++) pages.push((page = await other.submit(page, { code: await phone.wrong() })));
    }
    const limited = pages.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    for (const page of limited) expect(wrongIn(page)).toEqual([]);
    const last = app.browser();
    app.clock.pass(86_400);
    let page = await at(last, ALICE);
    for (let tries = 0; tries < 5; tries++) page = await last.submit(page, { code: await phone.wrong() });
    expect([page.text.includes('name="username"'), wrongIn(page)]).toEqual([true, []]); // the first page again, with other fields
  });

  it('is the name of a passkey, in its own form, and of an access token', async () => {
    const app = await makeApp('memory', { logins: [password(), passkeys()], accessKeys: {} });
    const browser = app.browser();
    await at(browser, { login: 'password', ...ALICE });
    const list = await browser.get(`${ISSUER}/account/passkeys`);
    const long = 'x'.repeat(65);
    const sent = (fields: Record<string, string>): Promise<BrowserPage> =>
      browser.submit({ ...list, text: '<form action="/account/passkeys">' }, fields);
    expect(wrongIn(await sent({ do: 'begin', name: long }))).toEqual(['passkey-name']);
    expect(wrongIn(await sent({ do: 'rename', passkey: 'gone', name: 'Phone' }))).toEqual([]);
    const form = await browser.get(`${ISSUER}/account/keys?new=1`);
    const wanted = { name: 'Backup', scope: ['read'], ttl: String(30 * 86_400), decision: 'make' };
    expect(wrongIn(await browser.submit(form, { ...wanted, name: long }))).toEqual(['field-name']);
    expect(wrongIn(await browser.submit(form, { ...wanted, ttl: '1' }))).toEqual([]);
  });

  it('is the username of a sign-up with a passkey, and none where only the time is wrong', async () => {
    const app = await makeApp('memory', { logins: [passkeys({ signUp: 'open' })] });
    const browser = app.browser();
    const page = await browser.get(`${ISSUER}/login/passkey`);
    const pages: BrowserPage[] = [];
    for (let count = 0; count < 60 && pages.at(-1)?.status !== 429; count++)
      pages.push(await browser.submit(page, { username: 'ada@mail.example' }));
    expect(wrongIn(pages[0]!)).toEqual(['field-username']);
    expect([pages.at(-1)?.status, wrongIn(pages.at(-1)!)]).toEqual([429, []]);
  });
});
