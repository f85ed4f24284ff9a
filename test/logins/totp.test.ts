import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { emailCode } from '../../src/logins/email-code.ts';
import { totp } from '../../src/logins/totp.ts';
import type { FormLogin } from '../../src/model/login.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { codeOf } from '../../src/testing/oauth-client.ts';
import { en } from '../../src/words/en.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { type Authenticator, authenticatorFor, recoveryIn, setUp } from '../support/totp-app.ts';
import { makeMailbox } from '../support/mailbox.ts';
import { expectPage } from '../support/verdicts.ts';

const SECRET = 'c2VjcmV0IG9mIHRoZSBzZXJ2ZXIsIDMyIGJ5dGVzIGxvbmc';
const OPTIONS: Partial<OAuthProviderOptions> = { secondFactor: totp(), secret: SECRET };

interface Made {
  readonly app: App;
  readonly phone: Authenticator;
  readonly recovery: readonly string[];
}

/** A server on which Alice has set up her phone; its first code is used, the next one good. */
async function make(store = 'memory', more: Partial<OAuthProviderOptions> = {}): Promise<Made> {
  const app = await makeApp(store, { ...OPTIONS, ...more } as Partial<OAuthProviderOptions>);
  const { app: phone, recovery } = await setUp(await signedIn(app), app.clock);
  expect(recovery).toHaveLength(10);
  app.clock.pass(30);
  return { app, phone, recovery };
}

async function signedIn(app: App, browser: Browser = app.browser()): Promise<Browser> {
  const page = await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  expect(page.status).toBe(303);
  return browser;
}

/** The password is right; the page asks for the second factor. */
async function asked(app: App, browser: Browser = app.browser()): Promise<{ browser: Browser; page: BrowserPage }> {
  const page = await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  expect([page.status, page.text.includes('Confirm it’s you')]).toEqual([200, true]);
  return { browser, page };
}

describe('logins/totp', () => {
  it('asks for the code or a recovery code in fields that phones fill in, and requires neither', () => {
    const { fields } = totp().steps.view({ userId: 'alice' }, { ...en, lang: 'en', dir: 'ltr' });
    const inputs = [...String(fields).matchAll(/<input([^>]*)\/>/g)].map(([, attributes = '']) => attributes.trim().split(/\s+/));
    const common = ['type="text"', 'value=""', 'autocapitalize="none"', 'autocorrect="off"', 'spellcheck="false"'];
    expect(inputs.map((attributes) => attributes.filter((one) => !common.includes(one)))).toEqual([
      ['id="totp-code"', 'name="code"', 'autocomplete="one-time-code"', 'inputmode="numeric"', 'autofocus'],
      ['id="totp-recovery"', 'name="recovery"', 'autocomplete="off"'],
    ]);
  });
});

describe.each(storeNames)('logins/totp on %s', (store) => {
  it('is asked after the password, and then issues the code for the selected scopes', async () => {
    const { app, phone } = await make(store);
    const [client, browser] = [await app.client(), app.browser()];
    const consent = await browser.get(await client.authorizeUrl({ scope: 'read write' }));
    const page = await browser.submit(consent, { decision: 'approve', scope: ['read'], ...ALICE });
    expect([page.location, page.text.includes('Confirm it’s you')]).toEqual([null, true]);
    const code = codeOf(await browser.submit(page, { code: await phone.code() }));
    expect((await client.redeem(code)).body).toMatchObject({ scope: 'read' });
  });

  it('SEC-160 takes each code once for each account, over twenty sign-ins at once', async () => {
    const { app, phone } = await make(store);
    const all = [];
    for (let count = 0; count < 20; count++) all.push(await asked(app));
    const code = await phone.code();
    const answers = await Promise.all(all.map(({ browser, page }) => browser.submit(page, { code })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  it('SEC-160 takes each recovery code once, over ten sign-ins at once', async () => {
    const { app, recovery } = await make(store);
    const all = [];
    for (let count = 0; count < 10; count++) all.push(await asked(app));
    const answers = await Promise.all(all.map(({ browser, page }) => browser.submit(page, { recovery: recovery[3] ?? '' })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    const later = await asked(app);
    expect((await later.browser.submit(later.page, { recovery: (recovery[4] ?? '').toUpperCase().replaceAll('-', ' ') })).status).toBe(303);
    expect(app.events.filter((event) => event.kind === 'factor.changed' && event.what === 'recovery_used')).toHaveLength(2);
  });
});

describe('logins/totp', () => {
  it('takes the code of half a minute ago and of the next half minute, and none that is older, later or used (RFC 6238 §5.2)', async () => {
    for (const [offset, status] of [
      [-60, 403],
      [-30, 303],
      [0, 303],
      [30, 303],
      [60, 403],
    ] as const) {
      const { app, phone } = await make();
      app.clock.pass(300);
      const { browser, page } = await asked(app);
      expect([offset, (await browser.submit(page, { code: await phone.code(offset) })).status]).toEqual([offset, status]);
    }
    const { app, phone } = await make();
    const code = await phone.code();
    const [one, two] = [await asked(app), await asked(app)];
    await one.browser.submit(one.page, { code });
    const again = await two.browser.submit(two.page, { code });
    expect([again.status, again.text.includes('was already used')]).toEqual([403, true]);
  });

  it('does not take the code that set it up for a sign-in', async () => {
    const app = await makeApp('memory', OPTIONS);
    const { app: phone } = await setUp(await signedIn(app), app.clock);
    const { browser, page } = await asked(app);
    expect((await browser.submit(page, { code: await phone.code() })).status).toBe(403);
  });

  it('SEC-152 delays a user who tries many codes, in any number of sign-ins, for a limited time', async () => {
    const { app, phone } = await make();
    for (let round = 0; round < 5; round++) {
      const { browser, page } = await asked(app);
      for (let count = 0; count < 2; count++) expect((await browser.submit(page, { code: await phone.wrong() })).status).toBe(403);
    }
    const { browser, page } = await asked(app);
    const limited = await browser.submit(page, { code: await phone.code() });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '900']);
    app.clock.pass(900);
    const later = await asked(app);
    expect((await later.browser.submit(later.page, { code: await phone.code() })).status).toBe(303);
  });

  it('SEC-158 signs in no user by the password alone, and shows no account page', async () => {
    const { app } = await make();
    const { browser } = await asked(app);
    for (const path of ['/account', '/account/totp']) expect((await browser.get(ISSUER + path)).location).toContain('/login?return_to=');
  });

  it('is asked for after a code by e-mail, and after a login of the application, and not after one that is two factors', async () => {
    const mailbox = makeMailbox();
    const own = (id: string, more: object): FormLogin => ({
      id,
      fields: () => html``,
      prove: async () => ({ kind: 'proven', identity: { issuer: 'https://idp.example', subject: 'ada', claims: {} }, ...more }),
    });
    const logins = [emailCode({ sendEmail: mailbox.send, signUp: 'open' }), own('weak', {}), own('strong', { multiFactor: true })];
    const app = await makeApp('memory', { ...OPTIONS, logins });
    const by = async (login: string): Promise<{ browser: Browser; page: BrowserPage }> => {
      const browser = app.browser();
      const page = await browser.submit(await browser.get(`${ISSUER}/login`), { login, email: 'ada@mail.example' });
      return { browser, page: login === 'email' ? await browser.submit(page, { code: await mailbox.codeFor('ada@mail.example') }) : page };
    };
    for (const login of ['email', 'weak']) {
      const { browser, page } = await by(login);
      expect(page.status).toBe(303);
      await setUp(browser, app.clock);
      mailbox.messages.length = 0;
      expect((await by(login)).page.text).toContain('Confirm it’s you');
    }
    expect((await by('strong')).page.status).toBe(303);
  });

  it('answers a code with 503 and an event if the secret is missing, and still accepts recovery codes (F-62, SEC-209)', async () => {
    const clock = makeClock();
    const store = memoryStore({ now: clock.now });
    const first = await appOn(store, clock, OPTIONS);
    const { app: phone, recovery } = await setUp(await signedIn(first), clock);
    clock.pass(30);
    const rotated = await appOn(store, clock, { ...OPTIONS, secret: ['YW5vdGhlciBzZWNyZXQsIDMyIGJ5dGVzIGxvbmcgYXMgd2VsbA', SECRET] });
    const one = await asked(rotated);
    expect((await one.browser.submit(one.page, { code: await phone.code() })).status).toBe(303);
    clock.pass(30);
    const onlyNew = await appOn(store, clock, { ...OPTIONS, secret: 'YW5vdGhlciBzZWNyZXQsIDMyIGJ5dGVzIGxvbmcgYXMgd2VsbA' });
    const two = await asked(onlyNew); // a use under the new secret has sealed it anew
    expect((await two.browser.submit(two.page, { code: await phone.code() })).status).toBe(303);
    clock.pass(30);
    const lost = await appOn(store, clock, { ...OPTIONS, secret: 'YSB0aGlyZCBzZWNyZXQgdGhhdCBpcyBhbHNvIGxvbmcgZW5vdWdo' });
    const three = await asked(lost);
    const page = await three.browser.submit(three.page, { code: await phone.code() });
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '30']);
    const { error } = lost.events.find(({ kind }) => kind === 'request.failed') as unknown as { error: Error };
    expect(error.message).toContain('kind "totp" is sealed under a secret that is not given');
    const back = await asked(onlyNew);
    expect((await back.browser.submit(back.page, { code: await phone.code() })).status).toBe(303); // no step was used up
    expect((await three.browser.submit(three.page, { recovery: recovery[0] ?? '' })).status).toBe(303);
  });

  it('keeps neither secret nor recovery codes readable, and nothing at all of an account that is gone', async () => {
    const clock = makeClock();
    const store = memoryStore({ now: clock.now });
    const app = await appOn(store, clock, OPTIONS);
    const browser = await signedIn(app);
    const offer = await browser.get(`${ISSUER}/account/totp`);
    const secret = /secret=([A-Z2-7]+)/.exec(offer.text)?.[1] ?? '';
    const page = await browser.submit(offer, { decision: 'confirm', code: await authenticatorFor(offer, clock).code() });
    const kept = JSON.stringify(await store.read(`totp:${app.aliceId}`));
    expect(kept).toContain('sealedSecret');
    for (const text of [secret, ...recoveryIn(page), ...recoveryIn(page).map((code) => code.replaceAll('-', ''))])
      expect(kept).not.toContain(text);
    await app.provider.helpers(app.env).accounts.remove(app.aliceId);
    expect(await store.read(`totp:${app.aliceId}`)).toBeNull();
  });

  it('can be removed by the operator for a user who has lost app and recovery codes', async () => {
    const { app } = await make();
    const { accounts } = app.provider.helpers(app.env);
    expect([await accounts.removeSecondFactor(app.aliceId), await accounts.removeSecondFactor(app.aliceId)]).toEqual([true, false]);
    await signedIn(app);
  });

  it('refuses to start without a secret of the server, and says how to give one', async () => {
    await expect(makeApp('memory', { secondFactor: totp() })).rejects.toThrow(
      /secondFactor: totp\(\) needs a key of the server.*PORTCULLIS_SECRET/,
    );
  });

  it('leaves no way in with a step of a second factor that was switched off meanwhile', async () => {
    const { app, phone } = await make();
    const { browser, page } = await asked(app);
    await app.provider.helpers(app.env).accounts.removeSecondFactor(app.aliceId);
    expect((await browser.submit(page, { code: await phone.code() })).status).toBe(403);
    const wholly = await appOn(app.store, app.clock, { secret: SECRET });
    const other = await asked((await make()).app);
    expectPage(await wholly.browser().submit(other.page, { code: '000000' }));
  });
});
