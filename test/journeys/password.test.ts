/** Passwords: changed, forgotten, chosen at a sign-up; on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { password, type PasswordOptions } from '../../src/logins/password.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeMailbox } from '../support/mailbox.ts';
import { expectNothingWritten } from '../support/verdicts.ts';

const COOKIE = '__Host-portcullis-session';
const FRESH = 'a new horse battery';

async function appWith(store: string, options: PasswordOptions): Promise<App> {
  const app = await makeApp(store, { logins: [password(options)] });
  await app.provider.helpers(app.env).accounts.setEmail(app.aliceId, 'alice@example.com', { verified: true });
  return app;
}

async function signIn(app: App, secret: string = ALICE.password): Promise<{ browser: Browser; status: number }> {
  const browser = app.browser();
  return { browser, status: (await browser.submit(await browser.get(`${ISSUER}/login`), { ...ALICE, password: secret })).status };
}

const wordsOf = (page: BrowserPage): string => page.text.replace(/<style>[^]*<\/style>/, '').replace(/<[^>]+>/g, ' ');

describe.each(storeNames)('a password on %s', (store) => {
  it('SEC-053 is changed with the current one: all other sessions and grants end, this browser gets a new session', async () => {
    const app = await appWith(store, {});
    const { tokens } = await app.signedIn();
    const [{ browser }, other] = [await signIn(app), await signIn(app)];
    const page = await browser.get(`${ISSUER}/account/password`);
    const wrong = await browser.submit(page, { password: 'wrong horse', 'new-password': FRESH });
    expect([wrong.status, wordsOf(wrong).includes('current password is wrong'), wrong.text.includes(FRESH)]).toEqual([403, true, false]);
    expect((await browser.submit(page, { password: ALICE.password, 'new-password': 'short' })).status).toBe(400);
    const old = browser.cookies.get(COOKIE);
    const done = await browser.submit(page, { password: ALICE.password, 'new-password': FRESH });
    expect([done.status, done.location]).toEqual([303, '/account']);
    expect(browser.cookies.get(COOKIE)).not.toBe(old);
    expect((await browser.get(`${ISSUER}/account`)).status).toBe(200);
    expect((await other.browser.get(`${ISSUER}/account`)).status).toBe(303);
    expect((await app.ask('GET', '/account', null, { cookie: `${COOKIE}=${old}` })).status).toBe(303);
    expect((await app.call(tokens.access)).status).toBe(401);
    expect([(await signIn(app)).status, (await signIn(app, FRESH)).status]).toEqual([403, 303]);
  });

  it('SEC-161 is reset by a link that is good once: sessions and grants end, opening it changes nothing', async () => {
    const mail = makeMailbox();
    const app = await appWith(store, { sendEmail: mail.send });
    const { tokens } = await app.signedIn();
    const { browser: thief } = await signIn(app);
    const browser = app.browser();
    const login = await browser.get(`${ISSUER}/login`);
    expect(login.text).toContain('/login/forgot?return_to=');
    const ask = await browser.get(`${ISSUER}/login/forgot`);
    expect(wordsOf(await browser.submit(ask, { username: 'Alice' }))).toContain('If the account exists');
    const message = await mail.next();
    expect(message).toMatchObject({ to: 'alice@example.com', kind: 'password-reset' });
    expect(message.url).toMatch(/^https:\/\/mcp\.example\/login\/reset\?token=[\w-]{43}$/);
    expect(message.text).toContain(message.url ?? 'a link');
    for (let scan = 0; scan < 3; scan++) await expectNothingWritten(app, () => browser.get(message.url ?? '')); // a mail scanner
    const page = await browser.get(message.url ?? '');
    expect((await browser.submit(page, { 'new-password': 'short' })).status).toBe(400);
    const answers = await Promise.all(Array.from({ length: 20 }, () => app.browser().submit(page, { 'new-password': FRESH })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await browser.submit(page, { 'new-password': 'yet another one' })).status).toBe(400);
    expect((await browser.get(message.url ?? '')).status).toBe(400);
    expect([(await thief.get(`${ISSUER}/account`)).status, (await app.call(tokens.access)).status]).toEqual([303, 401]);
    expect([(await signIn(app)).status, (await signIn(app, FRESH)).status]).toEqual([403, 303]);
  });

  it('SEC-161 is not reset by a link that is too old, of an old address, or of before another change', async () => {
    const mail = makeMailbox();
    const app = await appWith(store, { sendEmail: mail.send });
    const { accounts } = app.provider.helpers(app.env);
    const link = async (): Promise<BrowserPage> => {
      const browser = app.browser();
      await browser.submit(await browser.get(`${ISSUER}/login/forgot`), { username: 'alice@EXAMPLE.com' });
      return browser.get((await mail.next()).url ?? '');
    };
    const dead = async (page: BrowserPage): Promise<void> => {
      expect(page.status).toBe(200);
      expect((await app.browser().submit(page, { 'new-password': FRESH })).status).toBe(400);
    };
    let page = await link();
    app.clock.pass(1800);
    await dead(page);
    page = await link();
    await accounts.setEmail(app.aliceId, 'alice@new.example', { verified: true });
    await dead(page);
    await accounts.setEmail(app.aliceId, 'alice@example.com', { verified: true });
    app.clock.pass(3600);
    page = await link();
    await accounts.setPassword(app.aliceId, 'in the meantime');
    await dead(page);
  });

  it('is chosen at a sign-up by invitation, once, with what the invitation carries', async () => {
    const app = await appWith(store, { signUp: 'invited' });
    const { accounts } = app.provider.helpers(app.env);
    expect(wordsOf(await app.browser().get(`${ISSUER}/login/sign-up`))).toContain('need an invitation');
    const { url } = await accounts.invite({ email: 'Carol@example.com', permissions: ['reports'] });
    const page = await app.browser().get(url);
    expect(wordsOf(page)).toContain('carol@example.com');
    const browsers = Array.from({ length: 20 }, () => app.browser());
    const answers = await Promise.all(browsers.map((one) => one.submit(page, { name: 'Carol', 'new-password': FRESH })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    const carol = await accounts.findByUsername('carol@example.com');
    expect(carol).toMatchObject({ email: 'carol@example.com', emailVerified: true, name: 'Carol', permissions: ['reports'] });
    expect((await app.browser().submit(page, { name: 'Mallory', 'new-password': FRESH })).status).toBe(400);
    const late = await accounts.invite({});
    app.clock.pass(7 * 86_400);
    expect((await app.browser().get(late.url)).status).toBe(400);
  });

  it('returns from a sign-up by e-mail to the consent page, and reveals no known addresses', async () => {
    const mail = makeMailbox();
    const app = await appWith(store, { signUp: 'open', sendEmail: mail.send });
    const [client, browser] = [await app.client(), app.browser()];
    const consent = await browser.get(await client.authorizeUrl({ scope: 'read' }));
    const href = /href="(\/login\/sign-up\?[^"]+)"/.exec(consent.text)?.[1]?.replaceAll('&#38;', '&') ?? '';
    const ask = await browser.get(ISSUER + href);
    const free = await browser.submit(ask, { email: 'dave@example.com' });
    const first = await mail.next();
    const taken = await browser.submit(ask, { email: 'alice@example.com' });
    const second = await mail.next();
    expect(wordsOf(taken)).toBe(wordsOf(free));
    expect([first.kind, second.kind, second.to]).toEqual(['verification', 'account-exists', 'alice@example.com']);
    const page = await browser.get(first.url ?? '');
    const signedUp = await browser.submit(page, { name: 'Dave', 'new-password': FRESH });
    expect(signedUp.location).toMatch(/^\/authorize\?/);
    const again = await browser.get(ISSUER + (signedUp.location ?? ''));
    expect(again.text.replaceAll('<wbr />', '').replaceAll('<wbr>', '')).toContain('dave@example.com');
    const tokens = tokensOf(await client.redeem(codeOf(await browser.submit(again, { decision: 'approve' }))));
    expect((await app.call(tokens.access)).access?.scope).toEqual(['read']);
  });
});

describe('passwords', () => {
  it('SEC-161 says the same of unknown names, writes the link by the configured issuer only, and sends few', async () => {
    const mail = makeMailbox();
    const app = await appWith('memory', { sendEmail: mail.send });
    const browser = app.browser();
    const ask = await browser.get(`${ISSUER}/login/forgot`);
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const known = await browser.submit(ask, { username: 'alice' }, headers);
    expect(new URL((await mail.next()).url ?? '').origin).toBe(ISSUER);
    const unknown = await browser.submit(ask, { username: 'nobody' }, headers);
    expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
    for (let at = 0; at < 10; at++) await browser.submit(ask, { username: 'ALICE' });
    await mail.next();
    await mail.next();
    await new Promise((done) => setTimeout(done, 20));
    expect(mail.messages).toHaveLength(3);
  });

  it('refuses a stolen password wherever one is chosen, and every one while the list cannot be asked', async () => {
    let isDown = false;
    const isBreached = (secret: string): boolean => {
      if (isDown) throw new Error('the list is down');
      return secret === 'password123';
    };
    const app = await appWith('memory', { signUp: 'open', isBreached });
    const { browser } = await signIn(app);
    const page = await browser.get(`${ISSUER}/account/password`);
    const refused = await browser.submit(page, { password: ALICE.password, 'new-password': 'password123' });
    expect([refused.status, wordsOf(refused).includes('data breach')]).toEqual([400, true]);
    const form = await app.browser().get(`${ISSUER}/login/sign-up`);
    expect((await app.browser().submit(form, { username: 'erin', name: 'Erin', 'new-password': 'password123' })).status).toBe(400);
    isDown = true;
    expect((await browser.submit(page, { password: ALICE.password, 'new-password': FRESH })).status).toBe(503);
    expect(app.events.find(({ kind }) => kind === 'request.failed')).toMatchObject({ endpoint: 'account/password' });
    expect((await signIn(app)).status).toBe(303);
  });

  it('has no sign-up unless told, and no reset without a way to send', async () => {
    const app = await appWith('memory', {});
    for (const path of ['/login/sign-up', '/login/forgot', '/login/reset']) expect((await app.ask('GET', path)).status).toBe(404);
    await expect(app.provider.helpers(app.env).accounts.invite()).rejects.toThrow(/signUp/);
    expect(() => password({ signUp: 'yes' as 'open' })).toThrow(/`signUp` must be/);
  });

  it('makes no unproven address a name, and takes no name twice', async () => {
    const app = await appWith('memory', { signUp: 'open' });
    const form = await app.browser().get(`${ISSUER}/login/sign-up`);
    const tryOut = async (username: string): Promise<number> =>
      (await app.browser().submit(form, { username, name: '', 'new-password': FRESH })).status;
    expect([
      await tryOut('boss@example.com'),
      await tryOut('ALICE'),
      await tryOut(''),
      await tryOut('frank'),
      await tryOut('Frank'),
    ]).toEqual([400, 409, 400, 303, 409]);
  });

  it('SEC-152 bounds the tries with the present password, by a count of its own', async () => {
    const app = await appWith('memory', {});
    const { browser } = await signIn(app);
    const page = await browser.get(`${ISSUER}/account/password`);
    for (let at = 0; at < 10; at++) expect((await browser.submit(page, { password: 'wrong', 'new-password': FRESH })).status).toBe(403);
    const limited = await browser.submit(page, { password: ALICE.password, 'new-password': FRESH });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '900']);
    expect((await signIn(app)).status).toBe(303);
  });
});
