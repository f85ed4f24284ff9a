/** Personal access tokens and service keys, from the page or the helper to the guard, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { USE_INTERVAL } from '../../src/core/access-keys.ts';
import { formatKey } from '../../src/model/token.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { existingSession } from '../../src/logins/own-login.ts';
import { upstream, type UpstreamOptions } from '../../src/logins/upstream.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { APP, makeUpstreamApp } from '../support/upstream-app.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { expectChallenge, expectNothingWritten, expectPage, lastReason } from '../support/verdicts.ts';

const PAGE = `${ISSUER}/account/keys`;
const DAY = 86_400;
const asNow: Partial<OAuthProviderOptions> = {
  accessKeys: {},
  permissions: ({ userId }, env) => env.OAUTH_PROVIDER.accounts.permissionsOf(userId),
};

async function signIn(app: App, who: { username: string; password: string } = ALICE): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), who);
  return browser;
}

const keyIn = ({ text }: BrowserPage): string => /<code>(pcl_[\w-]{71})<\/code>/.exec(text)?.[1] ?? 'none';
const newForm = (browser: Browser): Promise<BrowserPage> => browser.get(`${PAGE}?new=1`);
const WANTED = { name: 'Backup', scope: ['read'], ttl: String(30 * DAY), decision: 'make' };

async function makeKey(browser: Browser, fields: Record<string, string | readonly string[]> = {}): Promise<string> {
  const made = await browser.submit(await newForm(browser), { ...WANTED, ...fields });
  expect(made.status, made.text).toBe(200);
  return keyIn(made);
}

/** The verbs of a store, to put others over some of them. */
const through = (inner: App['inner']): App['inner'] => ({
  atomic: true,
  read: (...all) => inner.read(...all),
  write: (...all) => inner.write(...all),
  remove: (...all) => inner.remove(...all),
  list: (...all) => inner.list(...all),
});

/** Presses the first button of the list. */
async function revokeFirst(browser: Browser): Promise<void> {
  const list = await browser.get(PAGE);
  const value = (name: string): string => new RegExp(`name="${name}" value="([^"]+)"`).exec(list.text)?.[1] ?? '';
  const fields = { account: value('account'), key: value('key'), decision: 'revoke' };
  expect((await browser.submit({ ...list, text: '<form action="/account/keys">' }, fields)).status).toBe(303);
}

describe.each(storeNames)('personal access tokens on %s', (store) => {
  it('are made on a page, shown once with the line for the client, and let their user in', async () => {
    const app = await makeApp(store, asNow);
    const browser = await signIn(app);
    const made = await browser.submit(await newForm(browser), WANTED);
    const key = keyIn(made);
    expect(made.text).toContain(`claude mcp add --transport http backup ${RESOURCE} --header "Authorization: Bearer ${key}"`);
    expect(made.headers.get('cache-control')).toContain('no-store');
    const { status, access } = await app.call(key);
    expect([status, access]).toEqual([
      200,
      expect.objectContaining({ userId: app.aliceId, clientId: expect.stringMatching(/^key:/), scope: ['read'], resource: RESOURCE }),
    ]);
    const list = await browser.get(PAGE);
    expect(list.text).toContain('Backup');
    expect(list.text).toContain('Read your notes');
    expect([list.text.includes('pcl_'), (await browser.get(`${ISSUER}/account`)).text.includes('Backup')]).toEqual([false, true]);
  });

  it('are nowhere in the store and in no event', async () => {
    const app = await makeApp(store, asNow);
    const key = await makeKey(await signIn(app));
    await app.call(key);
    await app.call(`${key}x`);
    const all = JSON.stringify([(await app.inner.all?.())?.records ?? [], app.events]);
    expect(all).not.toContain(key);
    expect(all).not.toContain(key.slice(26, -6)); // its secret
  });

  it('are revoked at once, on their page and on that of the connected apps, in every process', async () => {
    const app = await makeApp(store, asNow);
    const other = await appOn(app.inner, app.clock, asNow);
    const browser = await signIn(app);
    const [first, second] = [await makeKey(browser), await makeKey(browser)];
    for (const one of [app, other]) expect([(await one.call(first)).status, (await one.call(second)).status]).toEqual([200, 200]);
    await revokeFirst(browser);
    for (const one of [app, other]) expectChallenge(await one.call(first), 'invalid_token');
    expect(lastReason(other)).toBe('grant_revoked');
    const account = await browser.get(`${ISSUER}/account`);
    const fields = {
      account: /name="account" value="([^"]+)"/.exec(account.text)?.[1] ?? '',
      client: /name="client" value="(key:[^"]+)"/.exec(account.text)?.[1] ?? '',
    };
    await browser.submit({ ...account, text: '<form action="/account">' }, { ...fields, decision: 'disconnect' });
    for (const one of [app, other]) expectChallenge(await one.call(second), 'invalid_token');
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toHaveLength(2);
  });

  it('end with everything else of the user: disconnect all, sign out, a new password, removal', async () => {
    const app = await makeApp(store, asNow);
    const { accounts, signOut } = app.provider.helpers(app.env);
    const ends: readonly ((browser: Browser) => Promise<unknown>)[] = [
      async (browser) => {
        const account = await browser.get(`${ISSUER}/account`);
        const mark = /name="account" value="([^"]+)"/.exec(account.text)?.[1] ?? '';
        await browser.submit({ ...account, text: '<form action="/account">' }, { account: mark, decision: 'disconnect-all' });
      },
      () => signOut(app.aliceId),
      () => accounts.setPassword(app.aliceId, ALICE.password),
      () => accounts.remove(app.aliceId),
    ];
    for (const end of ends) {
      const browser = await signIn(app);
      const key = await makeKey(browser);
      expect((await app.call(key)).status).toBe(200);
      await end(browser);
      expectChallenge(await app.call(key), 'invalid_token');
    }
  });

  it('have the permissions of their user as of now, and none where the server looks up none', async () => {
    const permissionsOf = async (app: App, key: string): Promise<unknown> =>
      ((await app.call(key)).access as { props?: { permissions?: unknown } } | null)?.props?.permissions;
    const app = await makeApp(store, asNow);
    const key = await makeKey(await signIn(app));
    const props = async (): Promise<unknown> =>
      ((await (await app.ask('GET', '/mcp', null, { authorization: `Bearer ${key}` })).json()) as { props: { permissions?: unknown } })
        .props.permissions;
    expect(await props()).toEqual(['admin']);
    await app.provider.helpers(app.env).accounts.setPermissions(app.aliceId, []);
    expect(await props()).toEqual([]);
    const plain = await makeApp(store, { accessKeys: {} });
    expect(await permissionsOf(plain, await makeKey(await signIn(plain)))).toBeUndefined();
  });

  it('say when they were used last, written at most every ten minutes, and end at their time', async () => {
    const app = await makeApp(store, asNow);
    const browser = await signIn(app);
    const key = await makeKey(browser, { ttl: String(7 * DAY) });
    expect((await browser.get(PAGE)).text).toContain('Never used');
    const keys = async (): Promise<readonly { lastUsedAt?: number }[]> =>
      (await app.provider.helpers(app.env).keys.list({ userId: app.aliceId })).keys;
    await app.call(key);
    expect(await keys()).toEqual([expect.objectContaining({ name: 'Backup', kind: 'personal', lastUsedAt: app.clock.now() })]);
    await expectNothingWritten(app, () => app.call(key));
    app.clock.pass(USE_INTERVAL);
    await app.call(key);
    expect((await keys())[0]?.lastUsedAt).toBe(app.clock.now());
    expect((await browser.get(PAGE)).text).toContain('Last used on');
    app.clock.pass(7 * DAY - USE_INTERVAL);
    expectChallenge(await app.call(key), 'invalid_token');
    expect(await keys()).toEqual([]);
  });

  it('are made by one form once, by recent authentication only, and not by a page of another site or another account', async () => {
    const app = await makeApp(store, asNow);
    const browser = await signIn(app);
    const form = await newForm(browser);
    const made = await browser.submit(form, WANTED);
    const twice = await browser.submit(form, WANTED);
    expect([made.status, twice.status, keyIn(twice)]).toEqual([200, 409, 'none']);
    expectPage(await browser.submit(form, WANTED, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }), { status: 403 });
    expect((await browser.submit(form, { ...WANTED, once: 'x', account: 'another' })).status).toBe(409);
    app.clock.pass(601);
    expect([(await newForm(browser)).status, (await browser.submit(form, { ...WANTED, once: 'y' })).location]).toEqual([
      303,
      '/login?return_to=%2Faccount%2Fkeys%3Fnew%3D1&again=1',
    ]);
    expect((await app.provider.helpers(app.env).keys.list('all')).keys).toHaveLength(1);
    const key = keyIn(made);
    const asked = await app.ask('POST', '/account/keys', new URLSearchParams({ ...WANTED, scope: 'read' }), {
      authorization: `Bearer ${key}`,
      origin: ISSUER,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([asked.status, asked.headers.get('location')?.startsWith('/login')]).toEqual([303, true]); // a key makes no key
  });

  it('cannot be revoked by another user', async () => {
    const app = await makeApp(store, asNow);
    await app.provider.helpers(app.env).accounts.create({ username: 'bob', password: 'another horse battery' });
    const key = await makeKey(await signIn(app));
    const bob = await signIn(app, { username: 'bob', password: 'another horse battery' });
    await makeKey(bob);
    const list = await bob.get(PAGE);
    const [{ id } = { id: '' }] = (await app.provider.helpers(app.env).keys.list({ userId: app.aliceId })).keys;
    await bob.submit(list, { decision: 'revoke', key: id });
    expect((await app.call(key)).status).toBe(200);
  });

  it('have at most the selected scopes that the user may grant, and are refused for invalid values', async () => {
    const app = await makeApp(store, {
      ...asNow,
      accessKeys: { maxTTL: 30 * DAY, maxPerUser: 2 },
      requiredScopes: ['read'],
      grantableScopes: () => ['read'],
    });
    const browser = await signIn(app);
    const form = await newForm(browser);
    expect(form.text).not.toContain('value="write"');
    const wrong: readonly Record<string, string | readonly string[]>[] = [
      { name: 'x'.repeat(65) },
      { ttl: '1' },
      { ttl: String(365 * DAY) },
      { ttl: 'Infinity' },
      { resource: 'https://other.example/' },
    ];
    for (const fields of wrong) expect((await browser.submit(form, { ...WANTED, ...fields })).status).toBe(400);
    const key = await makeKey(browser, { scope: ['write', 'nonsense'] });
    expect((await app.call(key)).access?.scope).toEqual(['read']);
    await makeKey(browser);
    expect((await browser.submit(await newForm(browser), WANTED)).status).toBe(409);
  });

  it('are refused as a damaged text before the store is read, and as unknown where no such grant is', async () => {
    const app = await makeApp(store, asNow);
    const key = await makeKey(await signIn(app));
    const reads = app.counts.reads;
    expectChallenge(await app.call(`${key.slice(0, -1)}${key.endsWith('A') ? 'Q' : 'A'}`), 'invalid_token');
    expect([app.counts.reads - reads, lastReason(app)]).toEqual([0, 'access_key_damaged']);
    expectChallenge(await app.call(formatKey('A'.repeat(22), 'b'.repeat(43))), 'invalid_token');
    expect(lastReason(app)).toBe('grant_unknown');
    expectChallenge(await app.call(formatKey(key.slice(4, 26), 'b'.repeat(43))), 'invalid_token');
    expect(lastReason(app)).toBe('token_unknown');
  });

  it('are off unless the option is given, and stop where it is taken away', async () => {
    const app = await makeApp(store, asNow);
    const key = await makeKey(await signIn(app));
    const off = await appOn(app.inner, app.clock);
    const reads = off.counts.reads;
    expectChallenge(await off.call(key), 'invalid_token');
    expect([off.counts.reads - reads, lastReason(off)]).toEqual([0, 'access_keys_off']);
    const browser = await signIn(off);
    expect([(await browser.get(PAGE)).status, (await browser.get(`${ISSUER}/account`)).text.includes('Personal access tokens')]).toEqual([
      404,
      false,
    ]);
    const service = await appOn(app.inner, app.clock, { accessKeys: { personal: false } });
    expectChallenge(await service.call(key), 'invalid_token');
    expect([lastReason(service), (await (await signIn(service)).get(PAGE)).status]).toEqual(['access_keys_off', 404]);
  });

  it('end when the login no longer lets their user in, asked again while they are used (F-42)', async () => {
    const app = await makeUpstreamApp(store, { login: { emails: ['uma@corp.example'] }, options: { accessKeys: {} } });
    const browser = app.browser();
    for (const path of ['/login', '/login?return_to=%2Faccount&again=1']) {
      // the second time the site has to ask
      const gone = await browser.submit(await browser.get(ISSUER + path), { with: 'corp' });
      await browser.get(await app.idp.visit(gone.location ?? ''));
    }
    const key = await makeKey(browser);
    const withLogin = (login: UpstreamOptions): Promise<App> =>
      appOn(app.inner, app.clock, {
        accessKeys: {},
        logins: [upstream(oidc({ ...APP, issuer: app.idp.issuer, id: 'corp', label: 'Corp', fetch: app.idp.fetch }), login)],
      });
    expect((await (await withLogin({ emails: ['uma@corp.example'] })).call(key)).status).toBe(200);
    const strict = await withLogin({ emails: ['other@corp.example'] });
    expect((await strict.call(key)).status).toBe(200); // it was asked less than ten minutes ago
    app.clock.pass(USE_INTERVAL);
    expectChallenge(await strict.call(key), 'invalid_token');
    expect([lastReason(strict), strict.events.filter(({ kind }) => kind === 'grant.ended')]).toEqual([
      'access_withdrawn',
      [expect.objectContaining({ reason: 'access_withdrawn' })],
    ]);
    expectChallenge(await app.call(key), 'invalid_token');
  });

  it('end in the same way where they are only exchanged, or looked up by another server (F-42)', async () => {
    const own = { id: 'gateway', secret: 'a-secret-of-enough-characters-to-pass', authMethod: 'client_secret_post' } as const;
    const type = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const options: Partial<OAuthProviderOptions> = {
      accessKeys: {},
      clients: [{ ...own, grantTypes: [type], introspects: ['/mcp'] }],
      tokenExchange: () => true,
    };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const ask = async (app: App, path: string, fields: Record<string, string>): Promise<Record<string, unknown>> => {
      const body = new URLSearchParams({ client_id: own.id, client_secret: own.secret, ...fields });
      return (await (await app.ask('POST', path, body, form)).json()) as Record<string, unknown>;
    };
    const exchange = (app: App, token: string): ReturnType<typeof ask> =>
      ask(app, '/token', { grant_type: type, subject_token: token, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
    const app = await makeUpstreamApp(store, { login: { emails: ['uma@corp.example'] }, options });
    const login = upstream(oidc({ ...APP, issuer: app.idp.issuer, id: 'corp', label: 'Corp', fetch: app.idp.fetch }), { emails: ['other@corp.example'] }); // prettier-ignore
    const browser = app.browser();
    for (const path of ['/login', '/login?return_to=%2Faccount&again=1']) {
      const gone = await browser.submit(await browser.get(ISSUER + path), { with: 'corp' });
      await browser.get(await app.idp.visit(gone.location ?? ''));
    }
    const [first, second] = [await makeKey(browser), await makeKey(browser)];
    expect([(await exchange(app, first))['token_type'], (await ask(app, '/introspect', { token: second }))['active']]).toEqual([
      'Bearer',
      true,
    ]);
    const strict = await appOn(app.inner, app.clock, { ...options, logins: [login] });
    app.clock.pass(USE_INTERVAL);
    expect([(await exchange(strict, first))['error'], await ask(strict, '/introspect', { token: second })]).toEqual(['invalid_request', { active: false }]); // prettier-ignore
    for (const key of [first, second]) expectChallenge(await app.call(key), 'invalid_token');
  });

  it('are for one resource, or for every route, and for the organization that was chosen', async () => {
    const handler = (_request: Request, _env: unknown, ctx: { auth?: unknown }): Response => Response.json(ctx.auth);
    const two = [
      { id: 'a', name: 'Acme' },
      { id: 'b', name: 'Blue' },
    ];
    const session = existingSession({
      find: () => ({ issuer: 'app', subject: 'u1', claims: { name: 'Uma' }, organizations: two, authenticatedAt: app.clock.now() }),
    });
    const app: App = await makeApp(store, { accessKeys: {}, logins: [session], apiRoute: ['/mcp', '/other'], apiHandler: handler });
    const browser = app.browser();
    const form = await newForm(browser);
    expect(form.text).toContain('Everywhere on this server');
    expect((await browser.submit(form, { ...WANTED, organization: 'c' })).status).toBe(400);
    const narrow = keyIn(await browser.submit(form, { ...WANTED, organization: 'b', resource: `${ISSUER}/other` }));
    const wide = keyIn(await browser.submit(await newForm(browser), { ...WANTED, organization: 'a' }));
    const reach = async (key: string): Promise<readonly number[]> => [(await app.call(key)).status, (await app.call(key, '/other')).status];
    expect([await reach(narrow), await reach(wide)]).toEqual([
      [401, 200],
      [200, 200],
    ]);
    expect(await (await app.ask('GET', '/other', null, { authorization: `Bearer ${narrow}` })).json()).toMatchObject({
      organization: two[1],
      props: { organization: two[1] },
    });
    expect((await browser.get(PAGE)).text).toContain('Blue');
  });

  it('are not created for a user who is signed out at the same moment', async () => {
    const app = await makeApp(store, asNow);
    const signingOut: App['inner'] = {
      ...through(app.inner),
      async write(key, ...rest) {
        const version = await app.inner.write(key, ...rest);
        if (key.startsWith('grant:'))
          for (const session of (await app.inner.list(`sessions:${app.aliceId}`)).keys) await app.inner.remove(session);
        return version;
      },
    };
    const late = await appOn(signingOut, app.clock, asNow);
    const browser = await signIn(late);
    const made = await browser.submit(await newForm(browser), WANTED);
    expect([made.status, made.location, keyIn(made)]).toEqual([303, '/login', 'none']);
    expect((await app.provider.helpers(app.env).keys.list('all')).keys).toEqual([]);
  });

  it('let their user in where the store has no room to note it', async () => {
    const app = await makeApp(store, asNow);
    const key = await makeKey(await signIn(app));
    const full = await appOn({ ...through(app.inner), write: () => Promise.reject(new Error('disk full')) }, app.clock, asNow);
    expect((await full.call(key)).status).toBe(200);
  });
});

describe.each(storeNames)('service keys on %s', (store) => {
  it('belong to the server or an organization, act as a program, and are listed and revoked by their owner', async () => {
    const app = await makeApp(store, asNow);
    const { keys } = app.provider.helpers(app.env);
    const acme = { id: 'acme', name: 'Acme' };
    const own = await keys.create({ name: 'Nightly', scope: ['read'], ttl: 30 * DAY });
    const theirs = await keys.create({ name: 'Sync', scope: ['read', 'write'], ttl: DAY, organization: acme });
    const personal = await makeKey(await signIn(app));
    expect((await app.call(own.key)).access).toMatchObject({ userId: 'client:service:server', program: true, scope: ['read'] });
    expect((await app.call(theirs.key)).access).toMatchObject({ program: true, organization: acme, props: { organization: acme } });
    const names = async (whose: Parameters<typeof keys.list>[0]): Promise<readonly string[]> =>
      (await keys.list(whose)).keys.map(({ name }) => name);
    expect([
      await names('server'),
      await names({ organization: 'acme' }),
      await names({ organization: 'server' }),
      await names({ userId: app.aliceId }),
      (await names('all')).toSorted(),
    ]).toEqual([['Nightly'], ['Sync'], [], ['Backup'], ['Backup', 'Nightly', 'Sync']]);
    expect([await keys.revoke(theirs.info.id), await keys.revoke(theirs.info.id), await keys.revoke('none')]).toEqual([true, false, false]);
    expectChallenge(await app.call(theirs.key), 'invalid_token');
    for (const key of [own.key, personal]) expect((await app.call(key)).status).toBe(200);
  });

  it('survive a move to another store, and not a new epoch', async () => {
    const app = await makeApp(store, asNow);
    const { key } = await app.provider.helpers(app.env).keys.create({ name: 'Nightly', scope: ['read'], ttl: 30 * DAY });
    const moved = await appOn(app.inner, app.clock, asNow);
    expect((await moved.call(key)).status).toBe(200);
    const restored = await appOn(app.inner, app.clock, asNow, {}, { PORTCULLIS_EPOCH: 'after-the-fire' });
    expectChallenge(await restored.call(key), 'invalid_token');
    expect((await restored.provider.helpers(restored.env).keys.list('all')).keys).toEqual([]);
  });
});

describe('service keys', () => {
  it('are refused with what is wrong, and nothing is written', async () => {
    const app = await makeApp('memory', { accessKeys: { maxTTL: 30 * DAY } });
    const { keys } = app.provider.helpers(app.env);
    const good = { name: 'Nightly', scope: ['read'], ttl: DAY };
    const wrong: readonly [object, RegExp][] = [
      [{ name: '' }, /`name`/],
      [{ ttl: 31 * DAY }, /`ttl`.*2592000/],
      [{ ttl: 0.5 }, /`ttl`/],
      [{ scope: ['nonsense'] }, /`scope`.*read, write/],
      [{ scope: 'read' }, /`scope`/],
      [{ resource: 'https://other.example/' }, /`resource` must be one of/],
      [{ resource: 'x' }, /`resource` must be a URL/],
      [{ organization: { id: '', name: 'x' } }, /`organization`/],
      [{ organization: { id: 'x' } }, /`organization`/],
    ];
    await expectNothingWritten(app, async () => {
      for (const [change, message] of wrong) await expect(keys.create({ ...good, ...change } as never)).rejects.toThrow(message);
      for (const whose of [undefined, {}, { userId: '' }, 'everything']) await expect(keys.list(whose as never)).rejects.toThrow(TypeError);
    });
    const off = await makeApp('memory');
    await expect(off.provider.helpers(off.env).keys.create(good)).rejects.toThrow(/accessKeys/);
  });
});
