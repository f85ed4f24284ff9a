import { makeRuntime } from '#under-test';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { makePasskeys } from '../../src/core/users/passkeys.ts';
import { html } from '../../src/lib/html.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { PASSKEY_SCRIPT } from '../../src/logins/passkey-options.ts';
import { password } from '../../src/logins/password.ts';
import type { StepView } from '../../src/model/login.ts';
import type { SecondFactor } from '../../src/model/settings.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeAuthenticator } from '../support/authenticator.ts';
import { answerTo, askedBy, signUpWithPasskey, toNewPasskey, toPasskey, touch } from '../support/passkey-person.ts';

const logins = [password(), passkeys({ signUp: 'open', rpName: 'Acme' })];
let app: App;

describe.each(storeNames)('logins/passkey on %s', (store) => {
  beforeEach(async () => {
    app = await makeApp(store, { logins });
  });

  /** Makes an account with a device that is new, and signs out. */
  async function enrolled(username = 'ada', how: Parameters<typeof makeAuthenticator>[1] = {}): ReturnType<typeof enrol> {
    return enrol(username, how);
  }
  async function enrol(username: string, how: Parameters<typeof makeAuthenticator>[1]) {
    const [client, browser, device] = [await app.client(), app.browser(), makeAuthenticator(ISSUER, how)];
    const page = await browser.submit(await signUpWithPasskey(client, browser, username, device), { decision: 'approve' });
    const tokens = tokensOf(await client.redeem(codeOf(page)));
    return { client, device, tokens };
  }

  it('makes an account with a passkey and nothing else, and signs in with it from any browser', async () => {
    const { client, device, tokens } = await enrolled();
    const { access } = await app.call(tokens.access);
    expect(access?.props).toMatchObject({ claims: { preferred_username: 'ada', sub: access?.userId } });
    const browser = app.browser();
    const page = await toPasskey(client, browser);
    expect(page.status).toBe(200);
    expect(askedBy(page)).toMatchObject({
      how: 'get',
      publicKey: { rpId: 'mcp.example', allowCredentials: [], userVerification: 'required' },
    });
    const again = tokensOf(await client.redeem(codeOf(await touch(browser, page, device))));
    expect((await app.call(again.access)).access?.userId).toBe(access?.userId);
    expect(await app.provider.helpers(app.env).accounts.findByUsername('ada')).toMatchObject({ withoutPassword: true });
  });

  it('is a button of its own beside the password, which Enter does not press, and the first one where it is the only way', async () => {
    const page = await app.browser().get(await (await app.client()).authorizeUrl());
    const buttons = [...page.text.matchAll(/<button[^>]*?name="(\w+)" value="([\w-]+)"/g)].map(([, name, value]) => [name, value]);
    expect(buttons).toEqual([
      ['decision', 'approve'],
      ['with', 'passkey'],
      ['decision', 'deny'],
    ]);
    expect(page.text).not.toContain('type="radio"');
    expect(page.text).toMatch(/<input[^>]*name="login" value="password"/);
    const alone = await makeApp(store, { logins: [passkeys()] });
    const only = await alone.browser().get(await (await alone.client()).authorizeUrl());
    expect(only.text).toMatch(/<button class="main" name="with" value="passkey"/);
    expect(only.text).not.toContain('value="approve"');
  });

  it('asks for what makes a passkey one: found without a name, verified, without attestation', async () => {
    const page = await toNewPasskey(await app.client(), app.browser(), 'ada');
    expect(askedBy(page)).toMatchObject({
      how: 'create',
      publicKey: {
        rp: { id: 'mcp.example', name: 'Acme' },
        user: { name: 'ada', displayName: 'ada' },
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        attestation: 'none',
      },
    });
    expect(askedBy(page).publicKey.challenge).toMatch(/^[\w-]{43}$/);
  });

  it('S-161 takes the place of a password, and of no consent: the next client is asked about all the same', async () => {
    const { client, device } = await enrolled();
    const browser = app.browser();
    expect((await touch(browser, await toPasskey(client, browser), device)).location).toContain('code=');
    const page = await browser.get(await (await app.client()).authorizeUrl());
    expect([page.status, page.location, page.text.includes('value="approve"')]).toEqual([200, null, true]);
  });

  it('signs in no user before the answer of the authenticator (SEC-158)', async () => {
    const [client, browser] = [await app.client(), app.browser()];
    await toPasskey(client, browser);
    expect(browser.cookies.has('__Host-portcullis-session')).toBe(false);
    expect((await browser.get(await client.authorizeUrl())).text).toContain('name="with" value="passkey"');
  });

  it('is two factors in one: a user with a second factor is asked for it after a password, not after a passkey', async () => {
    const view = (): StepView => ({ title: 'Second factor', fields: html``, button: 'Go' });
    const always: SecondFactor = {
      id: 'always',
      ask: async () => ({ kind: 'step', keep: null }),
      steps: { view, prove: async () => ({ kind: 'passed' }) },
    };
    app = await makeApp(store, { logins, secondFactor: always });
    const { client, device } = await enrolled();
    const browser = app.browser();
    expect((await touch(browser, await toPasskey(client, browser), device)).location).toContain('code=');
    const typed = app.browser();
    const asked = await typed.submit(await typed.get(await client.authorizeUrl()), { decision: 'approve', login: 'password', ...ALICE });
    expect([asked.status, asked.text.includes('Second factor')]).toEqual([200, true]);
  });

  it('works on the sign-in page, too', async () => {
    const { device } = await enrolled();
    const browser = app.browser();
    const asked = await browser.submit(await browser.get(`${ISSUER}/login`), { with: 'passkey' });
    const done = await touch(browser, asked, device);
    expect([done.status, done.location]).toEqual([303, '/login']);
    expect((await browser.get(`${ISSUER}/login`)).text).toContain('ada');
  });

  it('takes an answer once: a replay, in the same page or another, gets nothing', async () => {
    const { client, device } = await enrolled();
    const browser = app.browser();
    const page = await toPasskey(client, browser);
    const passkey = await answerTo(page, device);
    const came = await Promise.all([1, 2, 3, 4].map(() => browser.submit(page, { decision: 'go', passkey })));
    expect(new Set(came.map(codeOf)).size).toBe(1); // each gets the same redirect
    const other = app.browser();
    const second = await toPasskey(client, other);
    expect((await other.submit(second, { decision: 'go', passkey })).status).toBe(403);
    expect(app.events).toContainEqual(
      expect.objectContaining({ kind: 'login.failed', login: 'passkey', reason: 'passkey_challenge', userId: expect.any(String) }),
    );
  });

  it('spends the challenge on a wrong answer: the right one after it comes too late', async () => {
    const { client, device } = await enrolled();
    const browser = app.browser();
    const page = await toPasskey(client, browser);
    const right = await answerTo(page, device);
    const wrong = await touch(browser, page, device, { forged: true });
    expect([wrong.status, wrong.text.includes('could not be checked')]).toEqual([403, true]);
    expect((await browser.submit(page, { decision: 'go', passkey: right })).status).toBe(400);
  });

  it('takes no answer after five minutes', async () => {
    const { client, device } = await enrolled();
    const browser = app.browser();
    const page = await toPasskey(client, browser);
    const passkey = await answerTo(page, device);
    app.clock.pass(300);
    expect((await browser.submit(page, { decision: 'go', passkey })).status).toBe(400);
  });

  it('takes no answer from another browser than the one that was asked', async () => {
    const { client, device } = await enrolled();
    const [browser, thief] = [app.browser(), app.browser()];
    const page = await toPasskey(client, browser);
    expect((await thief.submit(page, { decision: 'go', passkey: await answerTo(page, device) })).status).toBe(403);
    expect((await touch(browser, page, device)).location).toContain('code=');
  });

  it('refuses a passkey whose counter goes back, with an event, but accepts passkeys without a counter', async () => {
    const { client, device } = await enrolled('ada', { counts: true });
    const browser = app.browser();
    expect((await touch(browser, await toPasskey(client, browser), device)).location).toContain('code=');
    const other = app.browser();
    const refused = await touch(other, await toPasskey(client, other), device, { counter: 1 });
    expect([refused.status, refused.text.includes('may have been copied')]).toEqual([403, true]);
    expect(app.events).toContainEqual(
      expect.objectContaining({ kind: 'login.failed', login: 'passkey', reason: 'passkey_counter', userId: expect.any(String) }),
    );
    const without = await enrolled('bob');
    for (let count = 0; count < 2; count++) {
      const fresh = app.browser();
      expect((await touch(fresh, await toPasskey(without.client, fresh), without.device)).location).toContain('code=');
    }
  });

  it('knows no passkey of a removed account', async () => {
    const { client, device, tokens } = await enrolled();
    const userId = (await app.call(tokens.access)).access?.userId ?? '';
    await app.provider.helpers(app.env).accounts.remove(userId);
    const browser = app.browser();
    const refused = await touch(browser, await toPasskey(client, browser), device);
    expect([refused.status, refused.text.includes('not registered here')]).toEqual([403, true]);
    expect((await app.call(tokens.access)).status).toBe(401);
  });

  it('opens no session with a passkey that is removed in between, before everything of the account ends (F-31)', async () => {
    const { client, device, tokens } = await enrolled();
    const userId = (await app.call(tokens.access)).access?.userId ?? '';
    const { signIns, signOut } = app.provider.helpers(app.env);
    const write = app.store.write.bind(app.store);
    let isFirst = true;
    app.store.write = async (key, ...rest) => {
      if (isFirst && key.startsWith('session:')) {
        isFirst = false;
        expect(await signIns.removePasskey(userId, device.keys[0]?.id ?? '')).toBe(true);
        await signOut(userId);
      }
      return write(key, ...rest);
    };
    const browser = app.browser();
    const came = await touch(browser, await toPasskey(client, browser), device);
    expect([isFirst, came.location, came.status]).toEqual([false, null, 400]);
    expect((await browser.get(`${ISSUER}/account`)).status).toBe(303);
  });

  it('makes one account of two that want one user name at once, and leaves no passkey of the other', async () => {
    const people = await Promise.all(
      [1, 2, 3].map(async () => ({ client: await app.client(), browser: app.browser(), device: makeAuthenticator(ISSUER) })),
    );
    const pages = await Promise.all(people.map(({ client, browser }) => toNewPasskey(client, browser, 'grace')));
    const came = await Promise.all(people.map(({ browser, device }, at) => touch(browser, pages[at]!, device)));
    expect(came.filter(({ location }) => location?.startsWith('/authorize?'))).toHaveLength(1);
    for (const lost of came.filter(({ location }) => location === null)) expect(lost.text).toContain('This username is taken');
    const loser = people[came.findIndex(({ location }) => location === null)]!;
    const kept = makePasskeys({ store: app.store, secrets: makeSecrets(makeRuntime()), now: app.clock.now, emit: () => {} });
    expect(await kept.find(loser.device.keys[0]!.id)).toBeNull();
    const browser = app.browser();
    expect((await touch(browser, await toPasskey(loser.client, browser), loser.device)).text).toContain('not registered here');
  });

  it('takes no credential id for a second account, and makes none then (SEC-163)', async () => {
    const { device, client } = await enrolled();
    const browser = app.browser();
    const page = await touch(browser, await toNewPasskey(client, browser, 'eve'), makeAuthenticator(ISSUER), { id: device.keys[0]!.id });
    expect([page.status, page.text.includes('already registered')]).toEqual([403, true]);
    expect(await app.provider.helpers(app.env).accounts.findByUsername('eve')).toBeNull();
  });

  it.each([
    ['taken', ALICE.username, 409, 'This username is taken'],
    ['too long', 'x'.repeat(257), 400, 'must have 1 to 256 characters'],
    ['with a line break in it', 'a\nb', 400, 'must have 1 to 256 characters'],
  ])('says so when a user name is %s', async (_what, username, status, text) => {
    const page = await toNewPasskey(await app.client(), app.browser(), username);
    expect([page.status, page.text.includes(text)]).toEqual([status, true]);
  });

  it('bounds how many accounts a network makes', async () => {
    const [client, browser] = [await app.client(), app.browser()];
    for (let count = 0; count < 20; count++) await toNewPasskey(client, browser, `user${count}`);
    expect((await toNewPasskey(client, browser, 'one-more')).status).toBe(429);
  });

  it('makes no account where that is closed', async () => {
    app = await makeApp(store, { logins: [passkeys()] });
    const page = await app.browser().get(await (await app.client()).authorizeUrl());
    expect(page.text).toContain('name="with" value="passkey"');
    expect(page.text).not.toContain('/login/passkey');
    expect((await app.browser().get(`${ISSUER}/login/passkey`)).status).toBe(404);
  });

  it('says what to do if the form has no response, as without a script', async () => {
    const [client, browser] = [await app.client(), app.browser()];
    const page = await toPasskey(client, browser);
    expect(page.text).toMatch(/id="passkey-off">Passkeys need JavaScript/);
    const refused = await browser.submit(page, { decision: 'go' });
    expect([refused.status, refused.text.includes('must support passkeys and allow JavaScript')]).toEqual([403, true]);
  });

  it('lets through the one script by its hash, and nothing else', async () => {
    const page = await toNewPasskey(await app.client(), app.browser(), '<script>alert(1)</script>');
    const hash = btoa(String.fromCharCode(...(await makeRuntime().digest(PASSKEY_SCRIPT))));
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}'`);
    expect(page.headers.get('content-security-policy')).not.toMatch(/script-src[^;]*(self|unsafe|http)/);
    expect(page.text.match(/<script/g)).toHaveLength(1);
    expect(page.text).toContain(`<script>${PASSKEY_SCRIPT}</script>`);
  });
});

describe('logins/passkey at start-up', () => {
  it.each<[string, Parameters<typeof passkeys>[0], string, RegExp]>([
    ['an IPv4 address', {}, 'http://127.0.0.1:8080', /IP address; use http:\/\/localhost:8080/],
    ['an IPv6 address', {}, 'http://[::1]:8080', /IP address; use http:\/\/localhost:8080/],
    ['a public IP address', {}, 'https://192.0.2.7', /give the server a host name/],
    ['a domain that is not ours', { rpId: 'example.org' }, ISSUER, /`rpId` must be the issuer's host mcp\.example/],
    ['half a label', { rpId: 'cp.example' }, ISSUER, /`rpId` must be the issuer's host/],
  ])('refuses %s, and names the fix', (_what, options, issuer, message) => {
    expect(() => passkeys(options).checkIssuer?.(issuer)).toThrow(message);
  });

  it.each<[Parameters<typeof passkeys>[0], RegExp]>([
    [{ rpId: 'https://mcp.example' }, /`rpId` must be a domain/],
    [{ rpId: 'mcp.example:8443' }, /`rpId` must be a domain/],
    [{ rpName: '' }, /`rpName` must be a string/],
    [{ signUp: 'yes' as never }, /`signUp` must be "open" or "closed"/],
  ])('refuses %j', (options, message) => {
    expect(() => passkeys(options)).toThrow(message);
  });

  it('takes the host of the issuer, a domain above it, and localhost with a port', () => {
    for (const [options, issuer] of [
      [{}, ISSUER],
      [{ rpId: 'example' }, ISSUER],
      [{}, 'http://localhost:8080'],
    ] as const)
      // prettier-ignore
      expect(() => passkeys(options).checkIssuer?.(issuer)).not.toThrow();
  });

  it('is told the issuer when the server starts', async () => {
    await expect(makeApp('memory', { issuer: 'https://192.0.2.7', logins })).rejects.toThrow(/IP address/);
  });
});
