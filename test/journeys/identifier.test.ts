/** One field for several logins: the identifier first, then a password or a code. The second page is the same for every identifier (F-36). */
import { describe, expect, it } from 'vitest';
import { emailCode } from '../../src/logins/email-code.ts';
import { password } from '../../src/logins/password.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeMailbox, type Mailbox } from '../support/mailbox.ts';

const EMAIL = 'ada@mail.example';
const SECRET = 'correct horse battery';

interface World extends App {
  readonly mailbox: Mailbox;
}

async function world(store = 'memory', order: 'password' | 'code' = 'password'): Promise<World> {
  const mailbox = makeMailbox();
  const both = [password(), emailCode({ sendEmail: mailbox.send })];
  const app = await makeApp(store, { logins: order === 'password' ? both : both.toReversed() });
  const { accounts } = app.provider.helpers(app.env);
  await accounts.create({ username: 'ada', password: SECRET, email: EMAIL, emailVerified: true });
  return { ...app, mailbox };
}
/** The page after the identifier, without what differs at every visit. */
const plain = (page: BrowserPage, identifier: string): string =>
  page.text.replaceAll(identifier, 'ID').replaceAll(/name="step" value="[^"]*"/g, '');
const at = async (app: World, identifier: string, browser: Browser = app.browser()): Promise<BrowserPage> =>
  browser.submit(await browser.get(`${ISSUER}/login`), { decision: 'sign-in', identifier });

describe.each(storeNames)('one field for the identifier, on %s', (store) => {
  it('leads to a password, by username or verified address, and from the consent page to the code for the app', async () => {
    const app = await world(store);
    for (const identifier of ['ada', EMAIL, ` ${EMAIL} `]) {
      const [client, browser] = [await app.client(), app.browser()];
      const first = await browser.get(await client.authorizeUrl());
      expect(first.text.match(/name="(identifier|username|password|email)"/g)).toEqual(['name="identifier"']);
      const second = await browser.submit(first, { decision: 'approve', identifier });
      expect(second.text).toMatch(/name="password"[^>]*\bautofocus/s);
      const tokens = tokensOf(await client.redeem(codeOf(await browser.submit(second, { decision: 'go', password: SECRET }))));
      expect((await app.call(tokens.access)).status).toBe(200);
    }
  });

  it('lets the user switch to a code and back, and says which login it was', async () => {
    const app = await world(store);
    const browser = app.browser();
    const second = await at(app, EMAIL, browser);
    const code = await browser.submit(second, { instead: 'email' });
    expect(code.text).toContain('Use your password instead');
    const back = await browser.submit(code, { instead: 'password' });
    const again = await browser.submit(back, { instead: 'email' });
    await app.settled(); // the newest code is the one that counts
    expect((await browser.submit(again, { decision: 'go', code: await app.mailbox.codeFor(EMAIL) })).status).toBe(303);
    expect(app.events.filter(({ kind }) => kind === 'login.succeeded')).toMatchObject([{ login: 'email' }]);
  });
});

describe('one field for the identifier', () => {
  it.each(['password', 'code'] as const)('shows the same second page for every identifier of a form, %s first (F-36)', async (order) => {
    const app = await world('memory', order);
    for (const [known, unknown] of [[EMAIL, 'eve@mail.example'], ['ada', 'eve']] as const)
      expect(plain(await at(app, known), known)).toBe(plain(await at(app, unknown), unknown));
  }); // prettier-ignore

  it('offers a code only for what can be an address, and never asks whether there is an account (F-36)', async () => {
    const app = await world();
    expect((await at(app, 'ada')).text).not.toContain('name="instead"');
    for (const identifier of [EMAIL, 'eve@mail.example']) expect((await at(app, identifier)).text).toContain('Email me a code instead');
    const first = await world('memory', 'code');
    expect((await at(first, EMAIL)).text).toContain('Check your email');
    expect((await at(first, 'ada')).text).toContain('name="password"');
  });

  it('says the same of a wrong password and of an unknown name, and counts both', async () => {
    const app = await world();
    for (const identifier of ['ada', 'eve', EMAIL, 'eve@mail.example']) {
      const browser = app.browser();
      const wrong = await browser.submit(await at(app, identifier, browser), { decision: 'go', password: 'wrong horse' });
      expect([wrong.status, wrong.text.includes('Wrong username or password.')]).toEqual([403, true]);
    }
    const statuses: number[] = [];
    for (let count = 0; count < 11; count++) {
      const browser = app.browser();
      statuses.push((await browser.submit(await at(app, 'mallory', browser), { decision: 'go', password: 'wrong horse' })).status);
    }
    expect([statuses.slice(0, 10).every((status) => status === 403), statuses[10]]).toEqual([true, 429]);
  });

  it('switches to nothing but a login that the identifier can belong to', async () => {
    const app = await world();
    const browser = app.browser();
    const second = await at(app, 'ada', browser);
    const page = await browser.submit(second, { instead: 'email', password: SECRET });
    expect(page.status).toBe(303); // the form was the password's
    const other = await browser.submit(await at(app, 'ada', browser), { instead: 'passkey', password: 'wrong horse' });
    expect(other.status).toBe(403);
  });

  it('shows the identifier as text (SEC-165)', async () => {
    const page = await at(await world(), '<img src=x onerror=alert(1)>');
    expect(page.text).not.toContain('<img');
  });

  it('is a field of its own with a single login: username and password on one page, and a code with "Send code"', async () => {
    const one = await makeApp('memory');
    expect((await one.browser().get(`${ISSUER}/login`)).text).not.toContain('name="identifier"');
    const code = await makeApp('memory', { logins: [emailCode({ sendEmail: () => undefined })] });
    expect((await code.browser().get(`${ISSUER}/login`)).text).toContain('Send code');
  });
});
