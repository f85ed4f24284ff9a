/** What operators see and take away of the ways into an account, and what goes with it; on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { makeRecords } from '../../src/core/records/records.ts';
import { login } from '../../src/logins/own-login.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password } from '../../src/logins/password.ts';
import { totp } from '../../src/logins/totp.ts';
import { upstream } from '../../src/logins/upstream.ts';
import type { Key, Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { makeFakeUpstream, type FakeUpstream } from '../../src/testing/fake-upstream.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeAuthenticator } from '../support/authenticator.ts';
import { makeMailbox } from '../support/mailbox.ts';
import { answerTo } from '../support/passkey-person.ts';
import { type Authenticator, setUp } from '../support/totp-app.ts';
import { APP, callbackOf } from '../support/upstream-app.ts';

interface Made extends App {
  readonly idp: FakeUpstream;
  readonly mail: ReturnType<typeof makeMailbox>;
}

async function make(store: string): Promise<Made> {
  let now = (): number => 0;
  const mail = makeMailbox();
  const idp = await makeFakeUpstream({ ...APP, redirectUri: callbackOf('corp'), now: () => now() });
  const corp = upstream(oidc({ ...APP, issuer: idp.issuer, id: 'corp', label: 'Corp', fetch: idp.fetch }), { keepTokens: true });
  const app = await makeApp(store, {
    logins: [password({ sendEmail: mail.send, signUp: 'invited' }), passkeys(), corp],
    secondFactor: totp(),
    secret: 'a-secret-of-the-server-with-more-than-32-characters',
  });
  now = app.clock.now;
  await app.provider.helpers(app.env).accounts.setEmail(app.aliceId, 'alice@example.com', { verified: true });
  return { ...app, idp, mail };
}

const helpersOf = (app: App) => app.provider.helpers(app.env);

/** Signed in as Alice, with an identity, a passkey and a second factor added. */
async function settledIn(app: Made): Promise<Browser> {
  return (await withPhone(app)).browser;
}

async function withPhone(app: Made): Promise<{ browser: Browser; phone: Authenticator }> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  const gone = await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'corp' });
  expect((await browser.get(await app.idp.visit(gone.location ?? ''))).location).toBe('/account/sign-ins');
  const add = await browser.submit(await browser.get(`${ISSUER}/account/passkeys`), { do: 'begin', name: 'Key' });
  const passkey = await answerTo(add, makeAuthenticator(ISSUER));
  expect((await browser.submit(add, { do: 'add', passkey })).status).toBe(303);
  const { app: phone } = await setUp(browser, app.clock);
  return { browser, phone };
}

async function throughCorp(app: Made, browser: Browser): Promise<BrowserPage> {
  const gone = await browser.submit(await browser.get(`${ISSUER}/login`), { with: 'corp' });
  return browser.get(await app.idp.visit(gone.location ?? ''));
}

const markOf = async (browser: Browser): Promise<string | undefined> =>
  /name="account" value="([^"]+)"/.exec((await browser.get(`${ISSUER}/account`)).text)?.[1];

describe.each(storeNames)('the ways into an account on %s', (store) => {
  it('are listed and taken away by operators, one by one, each told as an event (F-31)', async () => {
    const app = await make(store);
    await settledIn(app);
    const { signIns } = helpersOf(app);
    const { identities, passkeys: keys, secondFactor } = await signIns.list(app.aliceId);
    expect(identities).toMatchObject([{ issuer: app.idp.issuer, account: 'uma@corp.example' }]);
    expect([keys.map(({ name }) => name), secondFactor?.recoveryLeft]).toEqual([['Key'], 10]);
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'factor.changed', factor: 'identity', what: 'added' }));
    const [identity = { id: '' }] = identities;
    const [key = { id: '' }] = keys;
    expect([await signIns.removeIdentity('another', identity.id), await signIns.removePasskey('another', key.id)]).toEqual([false, false]);
    expect([await signIns.removeIdentity(app.aliceId, identity.id), await signIns.removeIdentity(app.aliceId, identity.id)]).toEqual([
      true,
      false,
    ]);
    expect([await signIns.removePasskey(app.aliceId, key.id), await signIns.removeSecondFactor(app.aliceId)]).toEqual([true, true]);
    expect(await signIns.list(app.aliceId)).toEqual({ identities: [], passkeys: [], secondFactor: null });
    const removed = app.events.filter((event) => event.kind === 'factor.changed' && event.what === 'removed');
    expect(removed.map((event) => event.kind === 'factor.changed' && event.factor)).toEqual(['identity', 'passkey', 'totp']);
  });

  it('are removed by a sign-out that says so: a joined identity leads to another user afterwards (F-31)', async () => {
    const app = await make(store);
    const browser = await settledIn(app);
    const { signIns, signOut } = helpersOf(app);
    await expect(signOut(app.aliceId, { removeSignIns: ['passwords' as 'passkeys'] })).rejects.toThrow(/`removeSignIns` may name/);
    await signOut(app.aliceId, { removeSignIns: ['identities'] });
    expect((await browser.get(`${ISSUER}/account`)).status).toBe(303);
    expect(await signIns.list(app.aliceId)).toMatchObject({ identities: [], passkeys: [{ name: 'Key' }] });
    await signOut(app.aliceId, { removeSignIns: true });
    expect(await signIns.list(app.aliceId)).toEqual({ identities: [], passkeys: [], secondFactor: null });
    const stranger = app.browser();
    await throughCorp(app, stranger);
    const alice = app.browser();
    await alice.submit(await alice.get(`${ISSUER}/login`), ALICE);
    expect(await markOf(stranger)).not.toBe(await markOf(alice));
  });

  it('name the account at each site, so that an intruder is recognised (F-44)', async () => {
    const app = await make(store);
    const browser = await settledIn(app);
    expect((await browser.get(`${ISSUER}/account/sign-ins`)).text).toContain('<bdi>uma@corp.example</bdi>');
    app.idp.user = { sub: 'u-1', name: 'Alice', preferred_username: 'mallory', email: 'alice@example.com' };
    await throughCorp(app, app.browser());
    expect((await helpersOf(app).signIns.list(app.aliceId)).identities).toMatchObject([{ account: 'mallory' }]);
    app.idp.user = { sub: 'u-1', name: 'Alice' };
    await throughCorp(app, app.browser());
    expect((await helpersOf(app).signIns.list(app.aliceId)).identities).toMatchObject([{ account: 'u-1' }]);
  });

  it('go with the account, all of them, and its id never comes back (F-37)', async () => {
    const app = await make(store);
    const { browser, phone } = await withPhone(app);
    const client = await app.client();
    app.clock.pass(30);
    const asks = await throughCorp(app, browser); // its tokens are kept, and no grant names them
    expect((await browser.submit(asks, { code: await phone.code() })).status).toBe(303);
    const { accounts, listGrants, listUserGrants } = helpersOf(app);
    const plain = app.browser();
    await plain.submit(await plain.get(`${ISSUER}/login`), ALICE);
    await accounts.remove(app.aliceId);
    const left: Key[] = [];
    for (let page = await app.inner.all?.(); page; page = page.next === undefined ? undefined : await app.inner.all?.(page.next))
      left.push(...page.records.filter(({ value }) => JSON.stringify(value).includes(app.aliceId)).map(({ key }) => key));
    expect(left.filter((key) => !/^(step|trip|journey|answered|passkeys-leaving):/.test(key))).toEqual([]);
    expect([(await listUserGrants(app.aliceId)).grants, (await listGrants({ clientId: client.id })).grants]).toEqual([[], []]);
    const back = app.browser();
    await throughCorp(app, back);
    const consent = await back.get(await client.authorizeUrl());
    const tokens = tokensOf(await client.redeem(codeOf(await back.submit(consent, { decision: 'approve' }))));
    expect((await app.call(tokens.access)).access?.userId).not.toBe(app.aliceId);
    await expect(accounts.create({ username: 'alice2', password: ALICE.password }, app.aliceId)).rejects.toThrow(/was removed/);
  });

  it('include none that was being joined while the account went (F-37)', async () => {
    const app = await make(store);
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const gone = await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'corp' });
    const home = await app.idp.visit(gone.location ?? '');
    const { accounts, findUserId } = helpersOf(app);
    await accounts.remove(app.aliceId);
    await browser.get(home);
    expect(await findUserId({ issuer: app.idp.issuer, subject: 'u-1' })).toBeNull();
    // A process that had asked for the session before the removal, and writes only now.
    const stranger = app.browser();
    await throughCorp(app, stranger);
    const hash = await makeSecrets(app.machine).hash(`identity\n${JSON.stringify([app.idp.issuer, 'late'])}`);
    await makeRecords(app.inner).userOf(hash, { userId: app.aliceId, issuer: app.idp.issuer, account: 'late', createdAt: 0 });
    app.idp.user = { sub: 'late' };
    await throughCorp(app, app.browser());
    const id = await findUserId({ issuer: app.idp.issuer, subject: 'late' });
    expect([typeof id, id === app.aliceId]).toEqual(['string', false]);
  });

  it('are shown at a reset by mail, and go with a tick; the second factor stays (F-44)', async () => {
    const app = await make(store);
    await settledIn(app);
    const reset = async (): Promise<BrowserPage> => {
      const browser = app.browser();
      await browser.submit(await browser.get(`${ISSUER}/login/forgot`), { username: 'alice' });
      await app.settled();
      return browser.get(app.mail.messages.at(-1)?.url ?? '');
    };
    const first = await reset();
    expect(first.text).toMatch(/You can also sign in with: <bdi>Key<\/bdi>, <bdi>idp\.example \(uma@corp\.example\)<\/bdi>/);
    const kept = await app.browser().submit(first, { 'new-password': 'a new horse battery' });
    expect([kept.status, kept.text.includes('You can also sign in with')]).toEqual([200, true]);
    const done = await app.browser().submit(await reset(), { 'new-password': 'another horse battery', others: 'remove' });
    expect([done.status, done.text.includes('You can also sign in with')]).toEqual([200, false]);
    expect(await helpersOf(app).signIns.list(app.aliceId)).toMatchObject({
      identities: [],
      passkeys: [],
      secondFactor: { recoveryLeft: 10 },
    });
  });
});

describe('a sign-in at another site that a removal overtakes', () => {
  it('leaves no session of the removed user (F-37)', async () => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    let before: () => Promise<unknown> = async () => {};
    const store: Store = {
      atomic: true,
      read: (...given) => inner.read(...given),
      remove: (...given) => inner.remove(...given),
      list: (...given) => inner.list(...given),
      write: async (key, ...rest) => {
        if (key.startsWith('session:')) await before();
        return inner.write(key, ...rest);
      },
    };
    const own = login({
      id: 'sso',
      label: 'Intranet',
      site: 'https://sso.example',
      begin: ({ redirectUri, state }) => ({ location: `${redirectUri}?state=${state}` }),
      finish: () => ({ issuer: 'https://sso.example', subject: 'ines', claims: { name: 'Ines' } }),
    });
    const app = await appOn(store, clock, { logins: [own] });
    const signIn = async (browser: Browser): Promise<BrowserPage> =>
      browser.get((await browser.submit(await browser.get(`${ISSUER}/login`), { with: 'sso' })).location ?? '');
    expect((await signIn(app.browser())).status).toBe(303);
    const { accounts, findUserId } = helpersOf(app);
    const id = (await findUserId({ issuer: 'https://sso.example', subject: 'ines' })) ?? '';
    before = async () => {
      before = async () => {};
      await accounts.remove(id);
    };
    const late = app.browser();
    await signIn(late);
    expect((await late.get(`${ISSUER}/account`)).status).toBe(303);
    expect((await inner.list(`sessions:${id}`)).keys).toEqual([]);
  });
});
