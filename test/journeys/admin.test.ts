/** The administration API: who may use it, and what an administrator sees and changes, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { atConsent, makeUpstreamApp, throughCorp } from '../support/upstream-app.ts';
import { expectChallenge, expectNothingWritten, lastReason } from '../support/verdicts.ts';

const ADMIN: Partial<OAuthProviderOptions> = {
  admin: adminApi({ permission: 'admin' }),
  clientPolicy: { newClients: 'allow' },
  accessKeys: {},
};
const BOB = { username: 'bob', password: 'another horse battery' };
type Answer = { readonly status: number; readonly body: Record<string, unknown> };

async function signIn(app: App, who: { username: string; password: string } = ALICE): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), who);
  return browser;
}

const OWN = { origin: ISSUER, 'sec-fetch-site': 'same-origin' };
async function ask(
  app: Pick<App, 'send'>,
  browser: Browser | null,
  name: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const cookie = [...(browser?.cookies ?? [])].map(([key, value]) => `${key}=${value}`).join('; ');
  const all = {
    ...(browser ? { cookie } : {}),
    'sec-fetch-site': 'same-origin',
    ...(body === undefined ? {} : { ...OWN, 'content-type': 'application/json' }),
    ...headers,
  };
  const init = {
    method: body === undefined ? 'GET' : 'POST',
    headers: all,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
  const response = await app.send(new Request(`${ISSUER}/admin/api/${name}`, init));
  const text = await response.text();
  return { status: response.status, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer['body'] };
}

async function withBob(
  store: string,
  more: Partial<OAuthProviderOptions> = {},
): Promise<App & { readonly bobId: string; readonly admin: Browser }> {
  const app = await makeApp(store, { ...ADMIN, ...more } as Partial<OAuthProviderOptions>);
  const bob = await app.provider.helpers(app.env).accounts.create({ ...BOB, name: 'Bob', email: 'bob@acme.example', emailVerified: true });
  return { ...app, bobId: bob.id, admin: await signIn(app) };
}

/** Connects an app for Bob. */
async function bobsTokens(app: App): Promise<{ access: string; clientId: string }> {
  const [client, browser] = [await app.client(), app.browser()];
  const tokens = tokensOf(await client.redeem(await client.signIn(browser, BOB)));
  return { access: tokens.access, clientId: client.id };
}

const reasonOf = async (app: App, answer: Promise<Answer>): Promise<readonly unknown[]> => [(await answer).status, lastReason(app)];

describe.each(storeNames)('the administration API on %s', (store) => {
  it('is not there unless the option is given', async () => {
    const app = await makeApp(store);
    const admin = await signIn(app);
    expect([(await ask(app, admin, 'users')).status, (await ask(app, admin, 'users/disable', { id: 'x' })).status]).toEqual([404, 404]);
  });

  it('opens to a signed-in administrator of this origin with a recent sign-in, and to no one else', async () => {
    const first = await withBob(store);
    // Counts of the first server may be written at any moment, those of this one never.
    const machine = { pause: () => new Promise<void>(() => undefined), waitUntil: () => undefined };
    const { bobId, admin, ...one } = first;
    const app = { ...one, ...(await appOn(first.inner, first.clock, ADMIN, machine)), bobId, admin };
    expect((await ask(app, app.admin, 'users')).status).toBe(200);
    const { access } = await bobsTokens(app);
    const { key } = await app.provider.helpers(app.env).keys.create({ name: 'k', scope: ['read'], ttl: 3600 });
    await expectNothingWritten({ ...app, counts: app.counts } as App, async () => {
      expect(await reasonOf(app, ask(app, null, 'users'))).toEqual([401, 'admin_session_missing']);
      for (const token of [access, key])
        expect(await reasonOf(app, ask(app, null, 'users/disable', { id: app.bobId }, { authorization: `Bearer ${token}` }))).toEqual([
          401,
          'admin_session_missing',
        ]);
      for (const foreign of [
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example', 'sec-fetch-site': '' },
      ])
        expect(await reasonOf(app, ask(app, app.admin, 'users/disable', { id: app.bobId }, foreign))).toEqual([403, 'cross_site']);
      expect(await reasonOf(app, ask(app, app.admin, 'users', undefined, { 'sec-fetch-site': 'cross-site' }))).toEqual([403, 'cross_site']);
    });
    const cookie = [...app.admin.cookies].map(([key, value]) => `${key}=${value}`).join('; '); // and nothing says from which page
    const silent = await app.ask('POST', '/admin/api/users/disable', JSON.stringify({ id: app.bobId }), {
      cookie,
      'content-type': 'application/json',
    });
    expect([silent.status, lastReason(app)]).toEqual([403, 'cross_site']);
    const bob = await signIn(app, BOB);
    expect(await reasonOf(app, ask(app, bob, 'users'))).toEqual([403, 'admin_permission_missing']);
    app.clock.pass(601);
    expect((await ask(app, app.admin, 'users')).status).toBe(200);
    expect(await reasonOf(app, ask(app, app.admin, 'users/disable', { id: app.bobId }))).toEqual([401, 'admin_sign_in_old']);
    app.clock.pass(3000);
    expect(await reasonOf(app, ask(app, app.admin, 'users'))).toEqual([401, 'admin_sign_in_old']);
    expect(app.events.filter(({ kind }) => kind === 'admin.acted')).toHaveLength(2);
  });

  it('answers no page of another origin, not even its preflight, and takes JSON alone', async () => {
    const app = await withBob(store);
    const preflight = await app.ask('OPTIONS', '/admin/api/users/disable', null, {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([405, null]);
    const refused = await app.ask('GET', '/admin/api/users');
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, null]);
    for (const [body, type] of [
      ['id=x', 'application/x-www-form-urlencoded'],
      ['{"id":"x"}', 'text/plain'],
      ['{"id":"x","id":"y"}', 'application/json'],
      ['[]', 'application/json'],
      ['', 'application/json'],
    ] as const)
      expect((await ask(app, app.admin, 'users/disable', body, { 'content-type': type })).status).toBe(400);
    for (const body of [{}, { id: '' }, { id: 7 }, { id: app.bobId, all: true }])
      expect((await ask(app, app.admin, 'users/disable', body)).status).toBe(400);
    expect([(await ask(app, app.admin, 'users?after=1&after=2')).status, (await ask(app, app.admin, 'users?nonsense=1')).status]).toEqual([
      400, 400,
    ]);
    expect((await app.provider.helpers(app.env).accounts.find(app.bobId))?.disabled).toBeUndefined();
  });

  it('takes the permission away with the role, as of now', async () => {
    const app = await withBob(store);
    await app.provider.helpers(app.env).accounts.setPermissions(app.aliceId, ['other']);
    expect((await ask(app, app.admin, 'users')).status).toBe(403);
    const looked = await withBob(store, {
      permissions: ({ userId, props }, env) => (props === null ? [] : env.OAUTH_PROVIDER.accounts.permissionsOf(userId)),
    });
    expect((await ask(looked, looked.admin, 'users')).status).toBe(200);
    await looked.provider.helpers(looked.env).accounts.setPermissions(looked.aliceId, []);
    expect((await ask(looked, looked.admin, 'users')).status).toBe(403);
    const down = await appOn(looked.inner, looked.clock, { ...ADMIN, permissions: () => Promise.reject(new Error('down')) });
    expect((await ask(down, looked.admin, 'users')).status).toBe(503);
  });

  it('finds a user by mail, name or id, and shows sessions, identities and grants', async () => {
    const app = await withBob(store);
    const { clientId } = await bobsTokens(app);
    for (const q of ['bob@acme.example', 'BOB', app.bobId]) {
      const { body } = await ask(app, app.admin, `users/find?${new URLSearchParams({ q })}`);
      expect(body['users']).toEqual([expect.objectContaining({ id: app.bobId, username: 'bob', email: 'bob@acme.example' })]);
    }
    const listed = (await ask(app, app.admin, 'users')).body['users'] as readonly {
      username: string;
      stamp?: string;
      passwordHash?: string;
    }[];
    expect(listed.map(({ username }) => username).toSorted()).toEqual(['alice', 'bob']);
    expect(JSON.stringify(listed)).not.toMatch(/stamp|scrypt|passwordHash/);
    const shown = (await ask(app, app.admin, `users/show?id=${app.bobId}`)).body;
    expect(shown).toMatchObject({
      disabled: false,
      identities: [],
      passkeys: [],
      secondFactor: null,
      sessions: [expect.objectContaining({ network: '192.0.2.0/24' })],
    });
    const mine = (await ask(app, app.admin, `grants?user=${app.bobId}`)).body['grants'];
    expect(mine).toEqual([expect.objectContaining({ clientId, userId: app.bobId, scope: ['read', 'write'] })]);
    expect([
      (await ask(app, app.admin, `grants?user=${app.bobId}&scope=nothing`)).body['grants'],
      (await ask(app, app.admin, `grants?client=${clientId}&scope=read`)).body['grants'],
    ]).toEqual([[], mine]);
  });

  it('finds a user of another site by the name of the account there, and lists all of them', async () => {
    const app = await makeUpstreamApp(store, { options: ADMIN });
    const at = await atConsent(app);
    const tokens = tokensOf(await at.client.redeem(codeOf(await throughCorp(app, at))));
    const userId = (await app.call(tokens.access)).access?.userId;
    const own = await appOn(app.inner, app.clock, ADMIN); // the same server with a login of its own
    const admin = await signIn(own);
    const { body } = await ask(own, admin, 'users/outside');
    const [identity] = body['identities'] as readonly { userId: string; account: string }[];
    expect(identity?.userId).toBe(userId);
    const found = await ask(own, admin, `users/find?${new URLSearchParams({ q: identity?.account.toUpperCase() ?? '' })}`);
    expect(found.body['identities']).toEqual([identity]);
    await ask(own, admin, 'users/disable', { id: userId });
    expectChallenge(await own.call(tokens.access), 'invalid_token');
  });

  it('disables, enables, signs out and removes a user, whose calls end at once', async () => {
    const app = await withBob(store);
    const signs = async (): Promise<number> => {
      const browser = app.browser();
      return (await browser.submit(await browser.get(`${ISSUER}/login`), BOB)).status;
    };
    for (const act of ['users/sign-out', 'users/disable']) {
      const { access } = await bobsTokens(app);
      expect((await ask(app, app.admin, act, { id: app.bobId })).status).toBe(200);
      expectChallenge(await app.call(access), 'invalid_token');
    }
    for (const act of ['users/sign-out', 'users/disable', 'users/enable', 'users/remove'])
      expect(await ask(app, app.admin, act, { id: `${app.bobId}x` })).toMatchObject({ status: 404, body: { error_description: 'There is no such user.' } }); // prettier-ignore
    expect((await ask(app, app.admin, 'consents/forget', { user: 'mistyped' })).status).toBe(404);
    const browser = app.browser();
    const [told, guess] = [await browser.submit(await browser.get(`${ISSUER}/login`), BOB), { ...BOB, password: 'not that of bob' }];
    expect(told.text).toContain('This account is disabled. Ask the operator of this server.');
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', reason: 'user_disabled' });
    const guessed = await browser.submit(await browser.get(`${ISSUER}/login`), guess);
    expect(guessed.text).toContain('Wrong username or password.'); // only a user who proves who they are is told
    expect([await signs(), (await ask(app, app.admin, 'users/enable', { id: app.bobId })).status, await signs()]).toEqual([403, 200, 303]);
    const password = 'a third horse battery';
    expect((await ask(app, app.admin, 'users/set-password', { id: app.bobId, password })).status).toBe(200);
    expect([await signs(), (await ask(app, app.admin, 'users/set-password', { id: app.bobId, password: 'short' })).status]).toEqual([
      403, 400,
    ]);
    expect((await ask(app, app.admin, 'users/set-permissions', { id: app.bobId, permissions: ['reader'] })).status).toBe(200);
    expect(await app.provider.helpers(app.env).accounts.permissionsOf(app.bobId)).toEqual(['reader']);
    expect((await ask(app, app.admin, 'users/remove', { id: app.bobId })).status).toBe(200);
    expect((await ask(app, app.admin, `users/show?id=${app.bobId}`)).body).toMatchObject({ account: null, disabled: true });
    expect((await ask(app, app.admin, 'users/create', { username: 'carol', password, permissions: ['reader'] })).body).toMatchObject({
      user: { username: 'carol', permissions: ['reader'] },
    });
    expect((await ask(app, app.admin, 'users/create', { username: 'carol', password })).status).toBe(400);
    expect((await ask(app, app.admin, 'users/remove-second-factor', { id: app.bobId })).status).toBe(404);
  });

  it('ends one session of a user', async () => {
    const app = await withBob(store);
    const [one, two] = [await signIn(app, BOB), await signIn(app, BOB)];
    const sessions = (await ask(app, app.admin, `users/show?id=${app.bobId}`)).body['sessions'] as readonly { id: string }[];
    expect(sessions).toHaveLength(2);
    expect((await ask(app, app.admin, 'users/end-session', { id: app.bobId, session: sessions[0]?.id })).status).toBe(200);
    const statuses = [(await one.get(`${ISSUER}/account`)).status, (await two.get(`${ISSUER}/account`)).status];
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 303]);
    expect((await ask(app, app.admin, 'users/end-session', { id: app.aliceId, session: sessions[1]?.id })).status).toBe(404);
  });

  it('never leaves the server without an administrator: not by oneself, and not by two at the same moment', async () => {
    const app = await withBob(store);
    const id = app.aliceId;
    for (const [act, body] of [
      ['users/disable', { id }],
      ['users/remove', { id }],
      ['users/set-permissions', { id, permissions: ['x'] }],
      ['users/remove-passkey', { id, passkey: 'x' }],
      ['users/remove-identity', { id, identity: 'x' }],
    ] as const)
      expect(await reasonOf(app, ask(app, app.admin, act, body))).toEqual([409, 'admin_own_account']);
    expect((await ask(app, app.admin, 'users/set-permissions', { id, permissions: ['admin', 'x'] })).status).toBe(200);
    for (let round = 0; round < 3; round++) {
      expect((await ask(app, app.admin, 'users/set-permissions', { id: app.bobId, permissions: ['admin'] })).status).toBe(200);
      const [alice, bob] = [await signIn(app), await signIn(app, BOB)];
      await Promise.all([
        ask(app, alice, 'users/set-permissions', { id: app.bobId, permissions: [] }),
        ask(app, bob, 'users/set-permissions', { id, permissions: [] }),
      ]);
      const { accounts } = app.provider.helpers(app.env);
      const left = (await Promise.all([id, app.bobId].map(async (one) => (await accounts.permissionsOf(one)).includes('admin')))).filter(
        Boolean,
      );
      expect(left.length).toBeGreaterThan(0);
      await accounts.setPermissions(id, ['admin']);
    }
  });

  it('lists, approves, blocks and deletes clients', async () => {
    const app = await withBob(store);
    const { access, clientId } = await bobsTokens(app);
    expect(((await ask(app, app.admin, 'clients')).body['clients'] as readonly { id: string }[]).map(({ id }) => id)).toEqual([clientId]);
    expect((await ask(app, app.admin, 'clients/block', { id: clientId })).body).toEqual({ ended: 1 });
    expectChallenge(await app.call(access), 'invalid_token');
    expect((await ask(app, app.admin, 'clients/by-status?status=blocked')).body['clients']).toEqual([
      expect.objectContaining({ clientId, status: 'blocked' }),
    ]);
    expect((await ask(app, app.admin, `clients/show?id=${clientId}`)).body).toMatchObject({ client: { id: clientId }, status: 'blocked' });
    expect((await ask(app, app.admin, 'clients/approve', { id: clientId })).status).toBe(200);
    expect((await app.call((await bobsTokens(app)).access)).status).toBe(200);
    expect([
      (await ask(app, app.admin, 'clients/reset', { id: clientId })).status,
      (await ask(app, app.admin, 'clients/reset', { id: clientId })).status,
    ]).toEqual([200, 404]);
    expect([
      (await ask(app, app.admin, 'clients/delete', { id: clientId })).status,
      (await ask(app, app.admin, 'clients/delete', { id: clientId })).status,
    ]).toEqual([200, 404]);
    for (const newClients of ['refuse', 'configured']) {
      expect((await ask(app, app.admin, 'clients/set-new', { newClients })).status).toBe(200);
      expect((await ask(app, app.admin, 'clients/policy')).body).toMatchObject({
        newClients: newClients === 'refuse' ? 'refuse' : 'allow',
        policy: { newClients: 'allow' },
      });
    }
    expect((await ask(app, app.admin, 'clients/set-new', { newClients: 'ask' })).status).toBe(400);
    const made = await ask(app, app.admin, 'clients/create', { name: 'Nightly', scope: ['read'] });
    expect(made.body).toMatchObject({ client: { name: 'Nightly' }, secret: expect.any(String) });
    expect((await ask(app, app.admin, 'clients/by-status?status=nonsense')).status).toBe(400);
  });

  it('revokes one grant, all of a user, a client or a scope, and keys', async () => {
    const app = await withBob(store);
    const own = await app.signedIn();
    const ofBob = [await bobsTokens(app), await bobsTokens(app), await bobsTokens(app)];
    const status = async (token = ''): Promise<number> => (await app.call(token)).status;
    const listed = (await ask(app, app.admin, `grants?user=${app.bobId}`)).body['grants'] as readonly { id: string; clientId: string }[];
    const one = listed.find(({ clientId }) => clientId === ofBob[0]?.clientId);
    expect((await ask(app, app.admin, 'grants/revoke', { id: one?.id })).status).toBe(200);
    expect((await ask(app, app.admin, 'grants/revoke', { id: one?.id })).status).toBe(404);
    expect((await ask(app, app.admin, 'grants/revoke-all', { client: ofBob[1]?.clientId })).body['ended']).toBe(1);
    expect([await status(ofBob[0]?.access), await status(ofBob[1]?.access), await status(ofBob[2]?.access)]).toEqual([401, 401, 200]);
    expect((await ask(app, app.admin, 'grants/revoke-all', { user: app.bobId })).body['ended']).toBe(1);
    expect((await ask(app, app.admin, 'grants/revoke-all', {})).status).toBe(400); // never all by mistake
    expect((await ask(app, app.admin, 'grants/revoke-all', { user: 'a', client: 'b' })).status).toBe(400);
    expect(await status(own.tokens.access)).toBe(200);
    expect((await ask(app, app.admin, 'grants/revoke-all', { user: app.aliceId, scope: 'write' })).body['ended']).toBe(1);
    expect(await status(own.tokens.access)).toBe(401);
    const made = (await ask(app, app.admin, 'keys/create', { name: 'Sync', scope: ['read'], ttl: 3600 })).body as {
      key?: string;
      info?: { id: string };
    };
    expect(await status(made.key)).toBe(200);
    expect((await ask(app, app.admin, 'keys?of=server')).body['keys']).toEqual([expect.objectContaining({ name: 'Sync' })]);
    expect((await ask(app, app.admin, 'keys/revoke', { id: made.info?.id })).status).toBe(200);
    expect(await status(made.key)).toBe(401);
    expect(JSON.stringify([(await ask(app, app.admin, 'audit')).body, app.events])).not.toContain(made.key);
  });

  it('keeps every change, with who made it and how it ended, and tells of every act', async () => {
    const app = await withBob(store);
    await ask(app, app.admin, 'users/disable', { id: app.bobId });
    await ask(app, app.admin, 'users/set-password', { id: app.bobId, password: 'secret horse battery' });
    await ask(app, app.admin, 'users/disable', { id: app.aliceId });
    const { body } = await ask(app, app.admin, 'audit');
    const about = { by: app.aliceId, at: app.clock.now() };
    const entries = [
      { ...about, act: 'users/disable', target: app.bobId, outcome: 'done' },
      { ...about, act: 'users/set-password', target: app.bobId, outcome: 'done' },
      { ...about, act: 'users/disable', target: app.aliceId, outcome: 'refused' },
    ];
    expect(body['entries']).toEqual(entries);
    expect(app.events.filter(({ kind }) => kind === 'admin.acted').map((event) => 'act' in event && event.act)).toEqual([
      'users/disable',
      'users/set-password',
      'users/disable',
      'audit',
    ]);
    expect(JSON.stringify([body, app.events])).not.toContain('secret horse battery');
  });

  it('keeps no token that an administrator gives in the place of an id', async () => {
    const app = await withBob(store, { audit: { keep: '90d' } });
    const { access } = await bobsTokens(app);
    const ttl = 86_400;
    const { body } = await ask(app, app.admin, 'keys/create', { name: 'Nightly', scope: [], ttl });
    for (const token of [access, String(body['key']), ` ${access}\n`]) {
      expect((await ask(app, app.admin, 'keys/revoke', { id: token })).status).toBe(404);
      expect((await ask(app, app.admin, 'grants/revoke', { id: token })).status).toBe(404);
    }
    const kept = [await ask(app, app.admin, 'audit'), await ask(app, app.admin, 'audit/entries'), app.events];
    expect(JSON.stringify(kept)).toContain('"keys/revoke"');
    expect(JSON.stringify(kept)).not.toContain(access);
    expect(JSON.stringify(kept)).not.toContain(String(body['key']));
  });

  it('changes nothing that cannot be written to the audit first', async () => {
    const app = await withBob(store);
    const broken: App['inner'] = {
      atomic: true, read: (...all) => app.inner.read(...all), remove: (...all) => app.inner.remove(...all), list: (...all) => app.inner.list(...all),
      write: (key, ...rest) => (key.startsWith('audit:') ? Promise.reject(new Error('disk full')) : app.inner.write(key, ...rest)),
    }; // prettier-ignore
    const full = await appOn(broken, app.clock, ADMIN);
    expect((await ask(full, app.admin, 'users/disable', { id: app.bobId })).status).toBeGreaterThanOrEqual(500);
    expect((await app.provider.helpers(app.env).accounts.find(app.bobId))?.disabled).toBeUndefined();
  });
});

describe('the administration API', () => {
  it('pages through lists, with the cursor of the store', async () => {
    const app = await withBob('memory');
    const { accounts } = app.provider.helpers(app.env);
    for (let at = 0; at < 8; at++) await accounts.create({ username: `user-${at}` });
    const few: App['inner'] = {
      atomic: true, read: (...all) => app.inner.read(...all), remove: (...all) => app.inner.remove(...all), write: (...all) => app.inner.write(...all),
      async list(index, after = '0') {
        const { keys } = await app.inner.list(index);
        const end = Number(after) + 3;
        return { keys: keys.slice(Number(after), end), ...(end < keys.length ? { next: String(end) } : {}) };
      },
    }; // prettier-ignore
    const paged = await appOn(few, app.clock, ADMIN);
    const pages: number[] = [];
    const seen = new Set<string>();
    for (let after: string | undefined = ''; after !== undefined;) {
      const { body }: Answer = await ask(paged, app.admin, `users${after === '' ? '' : `?${new URLSearchParams({ after })}`}`);
      const users = body['users'] as readonly { id: string }[];
      pages.push(users.length);
      for (const { id } of users) seen.add(id);
      after = body['next'] as string | undefined;
    }
    expect([pages, seen.size]).toEqual([[3, 3, 3, 1], 10]);
  });

  it('tells of health and of this server, and sweeps', async () => {
    const app = await withBob('memory');
    expect((await ask(app, app.admin, 'health')).body).toMatchObject({ ok: true });
    expect((await ask(app, app.admin, 'session')).body).toEqual({ userId: app.aliceId, permission: 'admin', tenant: null, issuer: ISSUER });
    expect((await ask(app, app.admin, 'sweep', {})).body).toEqual({ removed: expect.any(Number) });
    const refused = await ask(app, app.admin, 'sweep', { most: -5 });
    expect(refused).toMatchObject({ status: 400, body: { error_description: 'most must be a whole number, 0 or more.' } });
    expect((await ask(app, app.admin, 'consents/forget', { user: app.bobId })).status).toBe(200);
  });

  it('counts by day what happened, for its charts, and writes none of it before an answer', async () => {
    const app = await withBob('memory');
    const before = app.counts.writes;
    await ask(app, null, 'users');
    expect(app.counts.writes).toBe(before);
    await bobsTokens(app);
    const { body } = await ask(app, app.admin, 'measures?days=3');
    expect(body).toMatchObject({
      days: [expect.any(String), expect.any(String), new Date(app.clock.now() * 1000).toISOString().slice(0, 10)],
      counts: { signIns: [0, 0, 2], grantsOpened: [0, 0, 1], refusals: [0, 0, 1], failedSignIns: [0, 0, 0] },
    });
    expect((await ask(app, app.admin, 'measures?days=many')).status).toBe(400);
  });

  it('is one for each tenant, whose administrators are no one in another', async () => {
    const app = await makeApp('memory', { ...ADMIN, tenants: { acme: { issuer: '/acme' }, blue: { issuer: '/blue' } } });
    for (const tenant of ['acme', 'blue']) {
      const { accounts } = app.provider.helpers(app.env, tenant);
      if (!(await accounts.findByUsername('alice'))) await accounts.create({ ...ALICE, permissions: ['admin'] });
    }
    const browser = makeBrowser(app.send);
    await browser.submit(await browser.get(`${ISSUER}/acme/login`), ALICE);
    const get = async (tenant: string): Promise<number> =>
      (await browser.get(`${ISSUER}/${tenant}/admin/api/users`, { 'sec-fetch-site': 'same-origin' })).status;
    expect([await get('acme'), await get('blue'), (await browser.get(`${ISSUER}/admin/api/users`)).status]).toEqual([200, 401, 404]);
  });

  it('needs a permission, and logins', async () => {
    for (const options of [undefined, {}, { permission: '' }, { permission: 7 }])
      expect(() => adminApi(options as never)).toThrow(/`permission`/);
    await expect(makeApp('memory', { admin: { permission: 'admin' } as never })).rejects.toThrow(/`admin` must be what adminApi/);
    await expect(
      makeApp('memory', { ...ADMIN, accessKeys: { personal: false }, logins: [], defaultHandler: () => new Response() }),
    ).rejects.toThrow(/`admin` needs `logins`/);
  });
});
