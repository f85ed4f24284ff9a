/** Guessing is slowed, and keeps no owner out (SEC-152): every way in that counts its tries, on every store of both runtimes. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { emailCode } from '../../src/logins/email-code.ts';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { OAuthError } from '../../src/model/error.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeMailbox } from '../support/mailbox.ts';
import { setUp } from '../support/totp-app.ts';

const WRONG = { username: ALICE.username, password: 'wrong horse battery' };
const SECRET = 'a-secret-of-the-server-with-more-than-32-characters';
const from = (network: number): Record<string, string> => ({ 'x-test-address': `198.51.${network >> 8}.${network & 255}` });

async function signIn(
  app: App,
  network: number,
  fields: Record<string, string> = ALICE,
  browser: Browser = app.browser(),
): Promise<BrowserPage> {
  const page = await browser.get(`${ISSUER}/login`, from(network));
  return browser.submit({ ...page, text: '<form action="/login">' }, fields, from(network));
}

describe.each(storeNames)('tries on %s', (store) => {
  it('with a password are ten for one account and network, and none of another network is refused for them (F-35)', async () => {
    const app = await makeApp(store);
    for (let count = 0; count < 10; count++) expect((await signIn(app, 1, WRONG)).status).toBe(403);
    const limited = await signIn(app, 1);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '900']);
    expect((await signIn(app, 2)).status).toBe(303);
    app.clock.pass(900);
    expect((await signIn(app, 1)).status).toBe(303);
  });

  it('of a browser that signed in before are counted separately, in any network (F-35)', async () => {
    const app = await makeApp(store);
    const mine = app.browser();
    expect((await signIn(app, 1, ALICE, mine)).status).toBe(303);
    mine.cookies.delete('__Host-portcullis-session');
    for (let count = 0; count < 11; count++) await signIn(app, 1, WRONG);
    expect((await signIn(app, 1)).status).toBe(429);
    expect((await signIn(app, 1, ALICE, mine)).status).toBe(303);
    for (let count = 0; count < 10; count++) expect((await signIn(app, 3, WRONG, mine)).status).toBe(403);
    expect((await signIn(app, 4, ALICE, mine)).status).toBe(429); // nor can its cookie be used to guess without end
    const other = app.browser();
    const eve = { username: 'eve', password: 'a long passphrase' };
    await app.provider.helpers(app.env).accounts.create(eve);
    await signIn(app, 1, eve, other);
    expect((await signIn(app, 1, ALICE, other)).status).toBe(429); // known for another account
  });

  it('are ten for one account, whatever identifier names it, and do not tell that two name the same one (SEC-152)', async () => {
    const mail = makeMailbox();
    const app = await makeApp(store, { logins: [password(), emailCode({ sendEmail: mail.send })] });
    const email = 'alice@example.com';
    await app.provider.helpers(app.env).accounts.setEmail(app.aliceId, email, { verified: true });
    const by = async (identifier: string, secret: string, network = 1, browser = app.browser()): Promise<number> => {
      const first = await browser.get(`${ISSUER}/login`, from(network));
      const second = await browser.submit(first, { decision: 'sign-in', identifier }, from(network));
      const { status } = await browser.submit(second, { decision: 'go', password: secret }, from(network));
      browser.cookies.delete('__Host-portcullis-session');
      return status;
    };
    const mine = app.browser();
    expect(await by(email, ALICE.password, 1, mine)).toBe(303);
    for (let count = 0; count < 5; count++) expect([await by(email, 'wrong'), await by(ALICE.username, 'wrong')]).toEqual([403, 403]);
    // Neither identifier has been used ten times: the next tries look wrong, as for an address that is not hers.
    const ends = ['login.failed', 'limited', app.aliceId];
    for (const identifier of [email, ALICE.username]) {
      expect(await by(identifier, ALICE.password)).toBe(403);
      const { kind, reason, userId } = app.events.findLast((event) => event.kind === 'login.failed') as never;
      expect([kind, reason, userId]).toEqual(ends);
    }
    for (const identifier of [email, 'eve@example.com']) {
      const answers: number[] = [];
      for (let count = 0; count < 11; count++) answers.push(await by(identifier, 'wrong', identifier === email ? 3 : 4));
      expect(answers).toEqual([...Array.from({ length: 10 }, () => 403), 429]);
    }
    expect([await by(ALICE.username, ALICE.password, 2), await by(email, ALICE.password, 1, mine)]).toEqual([303, 303]);
    expect(await by(ALICE.username, ALICE.password, 1, mine)).toBe(303); // known by the address, known by the name
    app.clock.pass(900);
    expect(await by(ALICE.username, ALICE.password)).toBe(303);
  });

  it('are a hundred for one network on all accounts together, and slow no other network down (SEC-152)', async () => {
    const app = await makeApp(store);
    for (let count = 0; count < 100; count++) expect((await signIn(app, 1, { ...WRONG, username: `user${count}` })).status).toBe(403);
    expect([(await signIn(app, 1)).status, (await signIn(app, 2)).status]).toEqual([429, 303]);
  });

  it('for an e-mailed code or a reset link are counted for each network (F-35)', async () => {
    const mail = makeMailbox();
    const app = await makeApp(store, { logins: [emailCode({ sendEmail: mail.send }), password({ sendEmail: mail.send, signUp: 'open' })] });
    const email = 'alice@example.com';
    await app.provider.helpers(app.env).accounts.setEmail(app.aliceId, email, { verified: true });
    for (let count = 0; count < 6; count++) await signIn(app, 1, { with: 'email', email });
    expect((await signIn(app, 1, { with: 'email', email })).status).toBe(429);
    await app.settled();
    const mine = app.browser();
    const asks = await signIn(app, 2, { with: 'email', email }, mine);
    await app.settled();
    const code = await mail.codeFor(email);
    expect((await mine.submit(asks, { code }, from(2))).status).toBe(303);
    const forgot = async (network: number): Promise<number> => {
      const browser = app.browser();
      const page = await browser.get(`${ISSUER}/login/forgot`, from(network));
      const before = mail.messages.length;
      await browser.submit(page, { username: email }, from(network));
      await app.settled();
      return mail.messages.length - before;
    };
    expect([await forgot(1), await forgot(1), await forgot(1), await forgot(1), await forgot(2)]).toEqual([1, 1, 1, 0, 1]);
  });

  it('with a code of the app are fifty a day for one network, and open another network’s (F-35, SEC-152)', async () => {
    const app = await makeApp(store, { secondFactor: totp(), secret: SECRET });
    const first = app.browser();
    await signIn(app, 9, ALICE, first);
    const { app: phone, recovery } = await setUp(first, app.clock);
    const attempt = async (network: number, field: Record<string, string>): Promise<number> => {
      const browser = app.browser();
      const page = await signIn(app, network, ALICE, browser);
      return (await browser.submit(page, field, from(network))).status;
    };
    for (let quarter = 0; quarter < 5; quarter++) {
      for (let count = 0; count < 10; count++) expect(await attempt(1, { code: await phone.wrong() })).toBe(403);
      expect(await attempt(1, { code: await phone.wrong() })).toBe(429);
      app.clock.pass(900);
    }
    expect(await attempt(1, { code: await phone.code() })).toBe(429); // the day's
    expect(await attempt(1, { recovery: recovery[0] ?? '' })).toBe(303);
    expect(await attempt(2, { code: await phone.code() })).toBe(303);
  });
});

describe('tries that could not be made', () => {
  it('are not counted if the answer was 503 (F-67)', async () => {
    const clock = makeClock();
    const { scrypt, ...machine } = makeRuntime();
    let isBusy = false;
    const app = await appOn(
      memoryStore(clock),
      clock,
      {},
      {
        ...machine,
        now: clock.now,
        scrypt: (secret, salt, cost) => {
          if (isBusy) throw new OAuthError('temporarily_unavailable', 'hashing_busy', { headers: { 'retry-after': '3' } });
          return scrypt!(secret, salt, { ...cost, ln: 4, p: 1 });
        },
      },
    );
    isBusy = true;
    for (let count = 0; count < 110; count++) {
      const answer = await signIn(app, 1, WRONG);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3']);
    }
    isBusy = false;
    for (let count = 0; count < 10; count++) expect((await signIn(app, 1, WRONG)).status).toBe(403);
    expect((await signIn(app, 1)).status).toBe(429);
  });
});

describe('tries on one account from very many networks', () => {
  it('are slowed and never refused (F-35)', async () => {
    const clock = makeClock();
    const pauses: number[] = [];
    const pause = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
    const app = await appOn(memoryStore(clock), clock, {}, { pause });
    for (let network = 0; network < 100; network++) expect((await signIn(app, network, WRONG)).status).toBe(403);
    expect(pauses).toEqual([]);
    for (let network = 100; network < 110; network++) expect((await signIn(app, network, WRONG)).status).toBe(403);
    expect(pauses).toEqual([50, 100, 150, 200, 250, 300, 350, 400, 450, 500]);
    expect((await signIn(app, 200)).status).toBe(303); // the owner, from anywhere
    expect((await signIn(app, 201, WRONG)).status).toBe(403);
    expect(pauses).toHaveLength(11); // who gets in forgets the wrong tries
    for (let network = 300; network < 520; network++) await signIn(app, network, WRONG);
    expect(Math.max(...pauses)).toBe(5000);
  });
});
