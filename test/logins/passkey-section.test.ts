import { makeRuntime } from '#under-test';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { makePasskeys } from '../../src/core/users/passkeys.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import type { Passkey } from '../../src/model/passkey.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { type Authenticator, makeAuthenticator } from '../support/authenticator.ts';
import { answerTo, askedBy, signUpWithPasskey, toPasskey, touch } from '../support/passkey-person.ts';

const PATH = '/account/passkeys';
const logins = [password(), passkeys({ signUp: 'open' })];
let app: App;

/** Posts to the section what one of its forms would. */
function post(browser: Browser, fields: Record<string, string>): Promise<BrowserPage> {
  const form = { url: ISSUER + PATH, text: `<form action="${PATH}">`, status: 200, headers: new Headers(), location: null };
  return browser.submit(form, fields);
}

async function alice(): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), { decision: 'sign-in', login: 'password', ...ALICE });
  return browser;
}

/** Someone whose account has nothing but a passkey. */
async function stranger(username: string): Promise<{ browser: Browser; device: Authenticator; id: string }> {
  const [browser, device] = [app.browser(), makeAuthenticator(ISSUER)];
  await signUpWithPasskey(await app.client(), browser, username, device);
  return { browser, device, id: device.keys[0]!.id };
}

async function added(browser: Browser, device: Authenticator, name = 'Phone'): Promise<BrowserPage> {
  const page = await post(browser, { do: 'begin', name });
  return post(browser, await answerFields(page, device));
}

async function answerFields(page: BrowserPage, device: Authenticator): Promise<Record<string, string>> {
  const field = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? '';
  return { do: 'add', challenge: field('challenge'), name: field('name'), passkey: await answerTo(page, device) };
}

describe.each(storeNames)('logins/passkey-section on %s', (store) => {
  beforeEach(async () => {
    app = await makeApp(store, { logins });
  });

  it('adds a passkey to an account with a password, shows it, and lets it sign in without a password', async () => {
    const [browser, device] = [await alice(), makeAuthenticator(ISSUER, { synced: true })];
    expect((await browser.get(`${ISSUER}/account`)).text).toMatch(/href="\/account\/passkeys">Passkeys<\/a><small>None/);
    const done = await added(browser, device);
    expect([done.status, done.location]).toEqual([303, PATH]);
    const page = await browser.get(ISSUER + PATH);
    for (const text of ['<bdi>Phone</bdi>', 'Synced between your devices', 'Added on', 'never used']) expect(page.text).toContain(text);
    expect((await browser.get(`${ISSUER}/account`)).text).toContain('1 passkey');
    const other = app.browser();
    const client = await app.client();
    expect((await touch(other, await toPasskey(client, other), device)).location).toContain('code=');
    expect((await other.get(ISSUER + PATH)).text).toContain('last used on');
  });

  it('asks the device not to make a second passkey for one account', async () => {
    const [browser, device] = [await alice(), makeAuthenticator(ISSUER)];
    await added(browser, device);
    const asked = askedBy(await post(browser, { do: 'begin', name: 'Key' }));
    expect(asked.publicKey['excludeCredentials']).toEqual([
      { type: 'public-key', id: device.keys[0]!.id, transports: ['internal', 'hybrid'] },
    ]);
  });

  it.each(['begin', 'add', 'remove'])('asks for a recent sign-in before it does "%s" (SEC-163)', async (what) => {
    const browser = await alice();
    app.clock.pass(601);
    const page = await post(browser, { do: what, passkey: 'a2V5', name: 'Key' });
    expect([page.status, page.location]).toEqual([303, `/login?return_to=${encodeURIComponent(PATH)}&again=1`]);
  });

  it('needs a signed-in user, and a form of our own', async () => {
    expect((await post(app.browser(), { do: 'begin' })).location).toMatch(/^\/login\?/);
    const browser = await alice();
    const form = { url: ISSUER + PATH, text: `<form action="${PATH}">`, status: 200, headers: new Headers(), location: null };
    expect((await browser.submit(form, { do: 'begin' }, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('takes one answer for a challenge, within five minutes, from the account that it was given to', async () => {
    const [browser, device] = [await alice(), makeAuthenticator(ISSUER)];
    const fields = await answerFields(await post(browser, { do: 'begin', name: 'Phone' }), device);
    const eve = await stranger('eve');
    expect((await post(eve.browser, fields)).status).toBe(400);
    const came = await Promise.all([1, 2, 3].map(() => post(browser, fields)));
    expect(came.filter(({ status }) => status === 303)).toHaveLength(1);
    expect((await post(browser, fields)).text).toContain('took too long or was sent twice');
    const late = await answerFields(await post(browser, { do: 'begin', name: 'Late' }), makeAuthenticator(ISSUER));
    app.clock.pass(300);
    expect((await post(browser, late)).status).toBe(400);
  });

  it('keeps no passkey that is added while the user is signed out everywhere (F-31, F-37)', async () => {
    const { signOut } = app.provider.helpers(app.env);
    const [browser, device] = [await alice(), makeAuthenticator(ISSUER)];
    const fields = await answerFields(await post(browser, { do: 'begin', name: 'Phone' }), device);
    const write = app.inner.write.bind(app.inner);
    app.inner.write = async (key, ...all) => {
      if (key.startsWith('passkey:')) await signOut(app.aliceId, { removeSignIns: true });
      return write(key, ...all);
    };
    const { status, location } = await post(browser, fields);
    expect([status, location]).toEqual([303, `/login?return_to=${encodeURIComponent(PATH)}&again=1`]);
    expect(await app.provider.helpers(app.env).signIns.list(app.aliceId)).toMatchObject({ passkeys: [] });
  });

  it('says 409 and changes nothing when the credential id is already registered (SEC-163)', async () => {
    const eve = await stranger('eve');
    const browser = await alice();
    const page = await post(browser, { do: 'begin', name: 'Mine' });
    const fields = await answerFields(page, makeAuthenticator(ISSUER));
    const stolen = await makeAuthenticator(ISSUER).create(askedBy(page).publicKey.challenge, 'YQ', { id: eve.id });
    const refused = await post(browser, { ...fields, passkey: stolen });
    expect([refused.status, refused.text.includes('already registered')]).toEqual([409, true]);
    const other = app.browser();
    expect((await touch(other, await toPasskey(await app.client(), other), eve.device)).location).toContain('code=');
    expect((await browser.get(`${ISSUER}/account`)).text).toContain('<small>None');
  });

  it('answers 404 and changes nothing for the passkey of another user (SEC-163)', async () => {
    const eve = await stranger('eve');
    const browser = await alice();
    for (const fields of [{ do: 'rename', name: 'Mine' }, { do: 'remove' }, { do: 'remove', sure: 'yes' }] as Record<string, string>[])
      expect((await post(browser, { ...fields, passkey: eve.id })).status).toBe(404);
    expect((await eve.browser.get(ISSUER + PATH)).text).toContain('<bdi>Passkey</bdi>');
  });

  it('renames, within bounds, and shows a name as text', async () => {
    const { browser, id } = await stranger('ada');
    expect((await post(browser, { do: 'rename', passkey: id, name: '  <b>Laptop</b> ' })).status).toBe(303);
    expect((await browser.get(ISSUER + PATH)).text).toContain('<bdi>&#60;b&#62;Laptop&#60;/b&#62;</bdi>');
    for (const name of ['', '   ', 'x'.repeat(65), 'a\u0007b']) {
      const page = await post(browser, { do: 'rename', passkey: id, name });
      expect([page.status, page.text.match(/aria-invalid="true"/g)]).toEqual([400, ['aria-invalid="true"']]);
      expect(page.text).toMatch(/<details\s+open>[^]*aria-invalid="true"\s+aria-describedby="problem"\s+id="passkey-name-0"/);
    }
  });

  it('removes a passkey, which then no longer signs in', async () => {
    const [browser, device] = [await alice(), makeAuthenticator(ISSUER)];
    await added(browser, device);
    expect((await post(browser, { do: 'remove', passkey: device.keys[0]!.id })).location).toBe(PATH);
    const other = app.browser();
    expect((await touch(other, await toPasskey(await app.client(), other), device)).text).toContain('not registered here');
  });

  it('keeps the last way into an account, unless told so in as many words', async () => {
    const { browser, device, id } = await stranger('ada');
    expect((await browser.get(ISSUER + PATH)).text).toContain('Without it you cannot sign in');
    const kept = await post(browser, { do: 'remove', passkey: id });
    expect([kept.status, kept.text.includes('This is your last passkey')]).toEqual([409, true]);
    const second = makeAuthenticator(ISSUER);
    await added(browser, second, 'Second');
    expect((await post(browser, { do: 'remove', passkey: id })).status).toBe(303);
    expect((await post(browser, { do: 'remove', passkey: second.keys[0]!.id, sure: 'yes' })).status).toBe(303);
    expect(device.keys).toHaveLength(1);
  });

  it('keeps one of the last two that two windows remove at once', async () => {
    const { browser, id } = await stranger('ada');
    const second = makeAuthenticator(ISSUER);
    await added(browser, second, 'Second');
    const page = await browser.get(ISSUER + PATH);
    const removals = [id, second.keys[0]!.id].map((passkey) => browser.submit(page, { do: 'remove', passkey }));
    expect((await Promise.all(removals)).map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 409]);
  });

  it('bounds how many an account has', async () => {
    const browser = await alice();
    const records = makePasskeys({ store: app.store, secrets: makeSecrets(makeRuntime()), now: app.clock.now, emit: () => {} });
    const one: Omit<Passkey, 'id'> = { userId: app.aliceId, publicKey: 'aA', counter: 0, transports: [], name: 'K', backupEligible: false, backedUp: false, createdAt: 0 }; // prettier-ignore
    for (let count = 0; count < 20; count++) await records.add({ ...one, id: `a${count}` });
    expect((await post(browser, { do: 'begin', name: 'One more' })).status).toBe(409);
  });

  it('refuses an answer that is bad, in a page that says so (SEC-164)', async () => {
    const browser = await alice();
    for (const passkey of ['', '{', 'x'.repeat(20_000)]) {
      const fields = await answerFields(await post(browser, { do: 'begin', name: 'Phone' }), makeAuthenticator(ISSUER));
      expect((await post(browser, { ...fields, passkey })).status).toBe(400);
    }
  });
});
