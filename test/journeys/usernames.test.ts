/** What people may call themselves, and whom a name or an address leads to; on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { emailCode } from '../../src/logins/email-code.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeAuthenticator } from '../support/authenticator.ts';
import { makeMailbox } from '../support/mailbox.ts';
import { signUpWithPasskey, toNewPasskey } from '../support/passkey-person.ts';

const mail = makeMailbox();
const logins = [passkeys({ signUp: 'open' }), password({ signUp: 'open', sendEmail: mail.send }), emailCode({ sendEmail: mail.send })];

async function appWith(store: string): Promise<App> {
  mail.messages.length = 0;
  const app = await makeApp(store, { logins });
  await app.provider.helpers(app.env).accounts.setEmail(app.aliceId, 'alice@example.com', { verified: true });
  return app;
}

describe.each(storeNames)('user names on %s', (store) => {
  it('are no unproven address, with a passkey as with a password (F-33)', async () => {
    const app = await appWith(store);
    const [client, { accounts }] = [await app.client(), app.provider.helpers(app.env)];
    for (const name of ['alice@example.com', 'eve@example.com', 'eve\uFF20example.com', 'eve\uFE6Bexample.com']) {
      const answer = await toNewPasskey(client, app.browser(), name);
      expect([answer.status, answer.text.includes('no @')]).toEqual([400, true]);
    }
    expect(await accounts.findByUsername('eve@example.com')).toBeNull();
    const open = await makeApp(store, { logins: [password({ signUp: 'open' })] });
    const form = await open.browser().get(`${ISSUER}/login/sign-up`);
    for (const username of ['eve@example.com', 'eve\uFF20example.com', 'e\u200Bve', '\u3164'])
      expect((await open.browser().submit(form, { username, 'new-password': 'a long passphrase' })).status).toBe(400);
  });

  it('cannot be had in letters that look the same, and lead to the account either way (F-44)', async () => {
    const app = await appWith(store);
    expect((await toNewPasskey(await app.client(), app.browser(), '\u0430lice')).status).toBe(409);
    const { accounts } = app.provider.helpers(app.env);
    expect((await accounts.findByUsername('\u0430lice'))?.id).toBe(app.aliceId);
    await expect(accounts.create({ username: 'al\u0456ce', password: 'a long passphrase' })).rejects.toThrow(/taken/);
    await accounts.remove(app.aliceId);
    const made = await signUpWithPasskey(await app.client(), app.browser(), '\u0430lice', makeAuthenticator(ISSUER));
    expect([made.status, (await accounts.findByUsername('alice'))?.username]).toEqual([200, '\u0430lice']);
  });

  it('rank below a verified address: the reset goes to the account that verified it (F-33)', async () => {
    const app = await appWith(store);
    const { accounts } = app.provider.helpers(app.env);
    await accounts.create({ username: 'alice@example.com', password: 'a long passphrase', email: 'eve@example.com', emailVerified: true });
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login/forgot`), { username: 'Alice@Example.com' });
    await app.settled();
    expect(mail.messages).toMatchObject([{ to: 'alice@example.com', kind: 'password-reset' }]);
  });

  it('get no reset by an unproven address (SEC-161)', async () => {
    const app = await appWith(store);
    const { accounts } = app.provider.helpers(app.env);
    await accounts.setEmail(app.aliceId, 'typo@example.com');
    const browser = app.browser();
    for (const username of [ALICE.username, 'typo@example.com'])
      await browser.submit(await browser.get(`${ISSUER}/login/forgot`), { username });
    await app.settled();
    await accounts.setEmail(app.aliceId, 'alice@example.com', { verified: true });
    await browser.submit(await browser.get(`${ISSUER}/login/forgot`), { username: ALICE.username });
    await app.settled();
    expect(mail.messages.map(({ to }) => to)).toEqual(['alice@example.com']);
  });
});

describe('the message "you have an account"', () => {
  it('leads to the sign-in page, also of a tenant below a path (F-44)', async () => {
    const box = makeMailbox();
    const tenant = { logins: [password({ signUp: 'open', sendEmail: box.send })] };
    const app = await makeApp('memory', { issuer: ISSUER, tenants: { acme: { issuer: `${ISSUER}/acme`, ...tenant } }, logins: [] });
    await app.provider.helpers(app.env, 'acme').accounts.setEmail(app.aliceId, 'alice@example.com', { verified: true });
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/acme/login/sign-up`), { email: 'alice@example.com' });
    const { kind, url = '' } = await box.next();
    expect([kind, new URL(url).pathname]).toEqual(['account-exists', '/acme/login']);
    expect((await browser.get(url)).status).toBe(200);
  });
});
