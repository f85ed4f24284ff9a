/** The admin page: who gets in, and each act through its form, on every store of both runtimes. */
import { describe, expect, it, vi } from 'vitest';
import { adminApi, adminLanguages } from '../../src/admin/index.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Browser } from '../../src/testing/browser.ts';
import type { Key } from '../../src/model/store.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { german } from '../../src/words/index.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { BOB, CONSOLE, connected, done, makeConsole, open, press, signIn, wordsOf } from '../support/console.ts';
import { expectChallenge, expectNothingWritten, lastReason } from '../support/verdicts.ts';

const PAGES = ['', '/users', '/clients', '/grants', '/keys', '/audit', '/health', '/search'];

/** The store of these tests, which counts, cannot list all that it holds: the page says so beside its filters. */
const ALL_GRANTS = 400;

describe.each(storeNames)('the admin page on %s', (store) => {
  it('is not there unless the option is given', async () => {
    const app = await makeApp(store);
    const admin = await signIn(app);
    expect((await open(admin)).status).toBe(404);
  });

  it('opens to an administrator with a recent sign-in, and leads others to sign in and back', async () => {
    const app = await makeConsole(store);
    for (const path of PAGES) expect([path, (await open(app.admin, path)).status]).toEqual([path, path === '/grants' ? ALL_GRANTS : 200]);
    for (const path of PAGES)
      expect((await open(app.browser(), path)).location).toBe(`/login?return_to=${encodeURIComponent(`/admin${path}`)}`);
    const bob = await signIn(app, BOB);
    const refused = await open(bob, '/users');
    expect([refused.status, lastReason(app)]).toEqual([403, 'admin_permission_missing']);
    expect(refused.text).not.toContain('alice');
    app.clock.pass(3601);
    const old = await open(app.admin, `/user?id=${app.bobId}`);
    expect(old.location).toBe(`/login?return_to=${encodeURIComponent(`/admin/user?id=${app.bobId}`)}&again=1`);
    const back = await app.admin.submit(await app.admin.get(ISSUER + old.location), ALICE);
    expect(back.location).toBe(`/admin/user?id=${app.bobId}`);
    await app.provider.helpers(app.env).accounts.setPermissions(app.aliceId, ['other']);
    expect((await open(app.admin)).status).toBe(403);
  });

  it('changes nothing for a sign-in of more than ten minutes ago, and says so after the next one', async () => {
    const app = await makeConsole(store);
    const page = await open(app.admin, `/user?id=${app.bobId}`);
    app.clock.pass(601);
    const again = await press(app.admin, page, 'users/disable');
    expect(again.location).toBe(`/login?return_to=${encodeURIComponent(`/admin/user?id=${app.bobId}&repeat=1`)}&again=1`);
    expect((await app.provider.helpers(app.env).accounts.find(app.bobId))?.disabled).toBeUndefined();
    const back = await app.admin.submit(await app.admin.get(ISSUER + again.location), ALICE);
    const shown = await app.admin.get(ISSUER + back.location);
    expect(wordsOf(shown.text)).toContain('nothing was changed. Repeat');
    expect(wordsOf((await done(app.admin, shown, 'users/disable')).text)).toContain('Done.');
    expect((await app.provider.helpers(app.env).accounts.find(app.bobId))?.disabled).toBe(true);
  });

  it('takes a form of its own pages alone, and only that of the administrator who is signed in', async () => {
    const { inner, clock, bobId } = await makeConsole(store);
    // Counts of the first server may be written at any moment, those of this one never.
    const machine = { pause: () => new Promise<void>(() => undefined), waitUntil: () => undefined };
    const server = await appOn(inner, clock, CONSOLE, machine);
    const app = { ...server, bobId, admin: await signIn(server) };
    const page = await open(app.admin, `/user?id=${app.bobId}`);
    await expectNothingWritten({ ...app, counts: app.counts } as App, async () => {
      for (const foreign of [
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        { origin: ISSUER, 'sec-fetch-site': 'same-site' },
        { origin: 'null', 'sec-fetch-site': '' },
      ]) {
        expect((await press(app.admin, page, 'users/disable', {}, '', foreign)).status).toBe(403);
        expect(lastReason(app)).toBe('cross_site');
      }
      const embedded = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
      expect((await app.admin.get(`${ISSUER}/admin/users`, embedded)).status).toBe(403);
    });
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await app.admin.get(`${ISSUER}/admin/users`, link)).status).toBe(200);
    const mixed = await press(app.admin, page, 'users/disable', { account: 'another' });
    expect([mixed.status, wordsOf(mixed.text)]).toEqual([409, expect.stringContaining('nothing was changed. Repeat')]);
    for (const act of ['users', 'nonsense', 'constructor'])
      expect((await press(app.admin, page, 'users/disable', { act })).status).toBe(400);
    expect((await press(app.admin, page, 'users/disable', { account: null })).status).toBe(400);
    expect((await app.provider.helpers(app.env).accounts.find(app.bobId))?.disabled).toBeUndefined();
    const policy = page.headers.get('content-security-policy');
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'/,
    );
    expect(page.text).not.toMatch(/<script|style="|onclick/);
  });

  it('finds a user by mail, name or id, an app by name or id, and a grant', async () => {
    const app = await makeConsole(store);
    const { clientId } = await connected(app, 'Cursor of mine');
    const search = async (q: string): Promise<string | null> => (await open(app.admin, `/search?${new URLSearchParams({ q })}`)).location;
    for (const q of ['bob@acme.example', ' BOB ', app.bobId]) expect(await search(q)).toBe(`/admin/user?id=${app.bobId}`);
    for (const q of ['cursor of', clientId]) expect(await search(q)).toBe(`/admin/client?id=${clientId}`);
    const [grant] = (await app.provider.helpers(app.env).listGrants({ userId: app.bobId })).grants;
    const found = await open(app.admin, `/search?q=${grant?.id}`);
    expect(wordsOf(found.text)).toMatch(/Cursor of mine.*Bob/);
    expect(wordsOf((await open(app.admin, '/search?q=nothing')).text)).toContain('Nothing found.');
    for (const path of ['/user', '/client', '/user?id=x', '/client?id=x']) expect((await open(app.admin, path)).status).toBe(404);
  });

  it('shows a user, and disables, enables, signs out, changes and removes them', async () => {
    const app = await makeConsole(store);
    const bob = (): Promise<string> => open(app.admin, `/user?id=${app.bobId}`).then(({ text }) => text);
    const at = (): ReturnType<typeof open> => open(app.admin, `/user?id=${app.bobId}`);
    const { access } = await connected(app);
    expect(wordsOf(await bob())).toMatch(/Bob Active.*bob@acme.example Verified.*Notes.*read write.*Revoke.*Password/);
    expect(await bob()).toContain('value="reader"');
    await done(app.admin, await at(), 'users/end-session');
    await done(app.admin, await at(), 'users/sign-out');
    expectChallenge(await app.call(access), 'invalid_token');
    const second = await connected(app);
    expect(wordsOf((await done(app.admin, await at(), 'users/disable')).text)).toMatch(/Done\..*Bob Disabled/);
    expectChallenge(await app.call(second.access), 'invalid_token');
    expect(wordsOf((await done(app.admin, await at(), 'users/enable')).text)).toContain('Bob Active');
    expect(wordsOf(await bob())).not.toContain('Done.'); // it is said once
    const { accounts } = app.provider.helpers(app.env);
    await done(app.admin, await at(), 'users/set-permissions', { permissions: 'reader, writer' });
    expect(await accounts.permissionsOf(app.bobId)).toEqual(['reader', 'writer']);
    await done(app.admin, await at(), 'users/set-permissions', { permissions: '' });
    expect(await accounts.permissionsOf(app.bobId)).toEqual([]);
    const short = await press(app.admin, await at(), 'users/set-password', { password: 'short' });
    expect([short.status, wordsOf(short.text)]).toEqual([400, expect.stringMatching(/8.*characters/)]);
    expect(short.text).not.toContain('value="short"');
    await done(app.admin, await at(), 'users/set-password', { password: BOB.password });
    await done(app.admin, await at(), 'consents/forget');
    expect(wordsOf((await done(app.admin, await at(), 'users/remove')).text)).toContain('Removed');
    expect(await accounts.find(app.bobId)).toBeNull();
    const made = await done(app.admin, await open(app.admin, '/users'), 'users/create', {
      username: 'carol',
      permissions: 'a b',
      name: '',
    });
    expect([new URL(made.url).pathname, wordsOf(made.text)]).toEqual(['/admin/user', expect.stringContaining('carol Active')]);
    const twice = await press(app.admin, await open(app.admin, '/users'), 'users/create', { username: 'carol' });
    expect([twice.status, wordsOf(twice.text)]).toEqual([400, expect.stringContaining('taken')]);
  });

  it('lets no administrator shut out themselves, and says why', async () => {
    const app = await makeConsole(store);
    const page = await open(app.admin, `/user?id=${app.aliceId}`);
    for (const [act, fields] of [
      ['users/disable', {}],
      ['users/remove', {}],
      ['users/set-permissions', { permissions: 'other' }],
    ] as const) {
      const refused = await press(app.admin, page, act, fields);
      expect([refused.status, wordsOf(refused.text)]).toEqual([409, expect.stringContaining('You cannot do this to your own account')]);
      expect(lastReason(app)).toBe('admin_own_account');
    }
    expect((await open(app.admin)).status).toBe(200);
  });

  it('acts on the state that its page showed, and says what changed otherwise', async () => {
    const app = await makeConsole(store);
    const { clientId } = await connected(app);
    const { accounts, clients } = app.provider.helpers(app.env);
    const [user, client, mode] = [
      await open(app.admin, `/user?id=${app.bobId}`),
      await open(app.admin, `/client?id=${clientId}`),
      await open(app.admin, '/clients'),
    ];
    await accounts.setPermissions(app.bobId, ['writer']);
    await clients.block(clientId);
    await clients.setNewClients('refuse');
    for (const [page, act, fields, what] of [
      [user, 'users/set-permissions', { permissions: 'reader' }, 'Before: Active, reader. Now: Active, writer.'],
      [client, 'clients/approve', {}, 'Before: New. Now: Blocked.'],
      [mode, 'clients/set-new', { newClients: 'approve' }, 'Before: Can be connected. Now: Are refused.'],
    ] as const) {
      const stale = await press(app.admin, page, act, fields);
      expect([stale.status, wordsOf(stale.text)]).toEqual([409, expect.stringContaining(what)]);
    }
    expect(await accounts.permissionsOf(app.bobId)).toEqual(['writer']);
    await done(app.admin, await open(app.admin, `/user?id=${app.bobId}`), 'users/set-permissions', { permissions: 'reader' });
  });

  it('approves no client that has changed since the page was shown, though it waits again (SEC-097)', async () => {
    const app = await makeConsole(store, { clientPolicy: { newClients: 'approve' }, deviceAuthorizationEndpoint: '/device_authorization' });
    const json = { 'content-type': 'application/json' };
    const metadata = { client_name: 'Notes', redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' };
    const made = (await (await app.ask('POST', '/register', JSON.stringify(metadata), json)).json()) as Record<string, string>;
    const { client_id: id = '', registration_access_token: token } = made;
    const client = await registerClient({ send: app.send, issuer: ISSUER, id, redirectUri: 'https://app.example/cb' });
    const asked = async (): Promise<number> => (await app.browser().get(await client.authorizeUrl())).status;
    expect(await asked()).toBe(403);
    const pages = [await open(app.admin), await open(app.admin, `/client?id=${id}`)];
    const body = JSON.stringify({ ...metadata, client_id: id, redirect_uris: ['https://app.example/cb', 'https://evil.example/cb'] });
    await app.ask('PUT', `/register/client?client_id=${id}`, body, { ...json, authorization: `Bearer ${token}` });
    expect(await asked()).toBe(403); // it is on the list again
    for (const page of pages) {
      const stale = await press(app.admin, page, 'clients/approve');
      const what = 'Before: Waiting · Notes · app.example. Now: Waiting · Notes · app.example · evil.example.';
      expect([stale.status, wordsOf(stale.text)]).toEqual([409, expect.stringContaining(what)]);
    }
    expect(await asked()).toBe(403);
    expect(wordsOf((await open(app.admin)).text)).toContain('Notes app.example, evil.example');
    await done(app.admin, await open(app.admin), 'clients/approve');
    expect(await asked()).toBe(200);
  });

  it('approves, blocks, forgets, deletes and makes clients, and switches self-registration', async () => {
    const app = await makeConsole(store, { clientPolicy: { newClients: 'approve' } });
    const client = await app.client({ client_name: 'Cursor' });
    const { browser: bob } = { browser: await signIn(app, BOB) };
    const waiting = await bob.get(await client.authorizeUrl());
    expect(wordsOf(waiting.text)).toContain('waiting for approval');
    expect(wordsOf((await open(app.admin)).text)).toMatch(/Apps waiting for approval.*Cursor.*Approve.*Block/);
    expect(wordsOf((await done(app.admin, await open(app.admin), 'clients/approve')).text)).toContain('Nothing found.');
    expect(wordsOf((await bob.get(await client.authorizeUrl())).text)).toContain('Allow');
    const at = (): ReturnType<typeof open> => open(app.admin, `/client?id=${client.id}`);
    expect(wordsOf((await at()).text)).toMatch(/Cursor Approved.*Requested by Bob/);
    expect(wordsOf((await open(app.admin, '/clients?status=approved')).text)).toContain('Cursor');
    expect(wordsOf((await done(app.admin, await at(), 'clients/block')).text)).toMatch(/Done: 0\..*Cursor Blocked/);
    expect(wordsOf((await done(app.admin, await at(), 'clients/reset')).text)).toContain('Cursor New');
    expect(wordsOf((await done(app.admin, await at(), 'clients/delete')).text)).toMatch(/Done\..*Apps.*Nothing found/);
    expect(await app.provider.helpers(app.env).clients.find(client.id)).toBeNull();
    await done(app.admin, await open(app.admin, '/clients'), 'clients/set-new', { newClients: 'allow' });
    await app.client();
    const form = await open(app.admin, '/clients');
    const fields = { name: 'Nightly', redirectUris: 'https://nightly.example/callback', scope: '' };
    const made = await press(app.admin, form, 'clients/create', fields);
    expect([made.status, wordsOf(made.text)]).toEqual([200, expect.stringMatching(/shown only this once.*client_id.*client_secret/)]);
    const twice = await press(app.admin, form, 'clients/create', fields);
    expect([twice.status, wordsOf(twice.text)]).toEqual([409, expect.stringContaining('already sent')]);
    const wrong = await press(app.admin, await open(app.admin, '/clients'), 'clients/create', { ...fields, redirectUris: 'http://evil' });
    expect([wrong.status, wordsOf(wrong.text)]).toEqual([400, expect.stringContaining('redirect')]);
    expect((await open(app.admin, '/clients?status=nonsense')).status).toBe(400);
  });

  it('takes an id for its user, although an account was given it as its name (F-33)', async () => {
    const app = await makeConsole(store);
    const outside = 'abcdefghijklmnopqrstua';
    await app.store.write('identity:x', { v: 1, userId: outside, issuer: 'https://other.example', account: 'Mallory', createdAt: 1 }, 'absent', { index: [`identities:${outside}`, 'identities:/all'] }); // prettier-ignore
    const { accounts } = app.provider.helpers(app.env);
    await accounts.create({ username: outside, name: 'Decoy' });
    await accounts.create({ username: app.bobId, name: 'Decoy' });
    await connected(app, 'One');
    expect(wordsOf((await open(app.admin, `/grants?user=${app.bobId}`)).text)).toContain('One');
    const found = await open(app.admin, `/search?q=${outside}`);
    expect([found.location, wordsOf(found.text)]).toEqual([null, expect.stringMatching(/Decoy.*Mallory/)]);
    const all = await open(app.admin, `/grants?user=${outside}`);
    expect(all.text).not.toContain('revoke-all');
    expect(all.text).toContain(`value="${outside}"`);
  });

  it('filters grants, revokes one and all that match', async () => {
    const app = await makeConsole(store);
    const own = await app.signedIn();
    const ofBob = [await connected(app, 'One'), await connected(app, 'Two'), await connected(app, 'Three')];
    const status = async (token: string | undefined): Promise<number> => (await app.call(token ?? '')).status;
    expect(wordsOf((await open(app.admin, `/grants?user=${app.bobId}`)).text)).toMatch(/(One|Two|Three).*(One|Two|Three).*(One|Two|Three)/);
    const unused = await open(app.admin, `/grants?user=${app.bobId}&unused=30`);
    expect(wordsOf(unused.text)).toContain('Nothing found.');
    expect(wordsOf((await open(app.admin, '/grants')).text)).toContain('This store cannot list all its records');
    const page = await open(app.admin, `/grants?client=${ofBob[0]?.clientId}`);
    expect(wordsOf((await done(app.admin, page, 'grants/revoke')).text)).toContain('Done.');
    const again = await press(app.admin, page, 'grants/revoke');
    expect([again.status, wordsOf(again.text)]).toEqual([404, expect.stringContaining('no longer there')]);
    expect([await status(ofBob[0]?.access), await status(ofBob[1]?.access)]).toEqual([401, 200]);
    const all = await done(app.admin, await open(app.admin, `/grants?user=${app.bobId}&scope=read`), 'grants/revoke-all');
    expect(wordsOf(all.text)).toContain('Done: 2.');
    expect([await status(ofBob[1]?.access), await status(ofBob[2]?.access), await status(own.tokens.access)]).toEqual([401, 401, 200]);
    expect((await open(app.admin, '/grants')).text).not.toContain('grants/revoke-all'); // never all by mistake
    expect((await open(app.admin, `/grants?user=a&client=b`)).status).toBe(400);
    const tokens = await open(app.admin, '/grants');
    const live = await press(app.admin, tokens, 'tokens/inspect', { token: own.tokens.access });
    expect(wordsOf(live.text)).toMatch(/Inspect a token Status Active Token access Scopes read write .*Alice.*Revoke/);
    await own.client.refresh(own.tokens.refresh);
    const rotated = await press(app.admin, tokens, 'tokens/inspect', { token: own.tokens.refresh });
    expect(wordsOf(rotated.text)).toMatch(/Status Active Token refresh, rotated Scopes read write /);
    const dead = await press(app.admin, tokens, 'tokens/inspect', { token: ofBob[0]?.access ?? '' });
    expect([live.status, dead.status, wordsOf(dead.text)]).toEqual([200, 200, expect.not.stringContaining('Active')]);
    expect(JSON.stringify(app.events) + live.text).not.toContain(own.tokens.access);
  });

  it('makes a service key once and shows it once, and revokes it', async () => {
    const app = await makeConsole(store);
    const form = await open(app.admin, '/keys');
    const fields = { name: 'Sync', scope: ['read'], ttl: String(30 * 86_400), organization: '' };
    expect((await press(app.admin, form, 'keys/create', { ...fields, name: '' })).status).toBe(400); // and the form is still good
    const made = await press(app.admin, form, 'keys/create', fields);
    const key = /pcl_[\w-]{71}/.exec(made.text)?.[0] ?? '';
    expect((await app.call(key)).status).toBe(200);
    const twice = await press(app.admin, form, 'keys/create', fields);
    expect([twice.status, wordsOf(twice.text)]).toEqual([409, expect.stringContaining('already sent')]);
    await press(app.admin, await open(app.admin, '/keys'), 'keys/create', { ...fields, name: 'Theirs', organization: 'acme' });
    const ofAcme = /href="\/admin(\/keys\?organization=[^"]+)"/.exec((await open(app.admin, '/keys')).text)?.[1];
    expect(wordsOf((await open(app.admin, ofAcme)).text)).toMatch(/^(?!.*Sync ).*Theirs /);
    const list = await open(app.admin, '/keys?of=server');
    expect(list.text.match(/>Sync</g)).toHaveLength(1);
    expect(list.text).not.toContain(key);
    await done(app.admin, list, 'keys/revoke');
    expect((await app.call(key)).status).toBe(401);
    expect(JSON.stringify(app.events)).not.toContain(key);
  });

  it('shows the audit of what it did, and of nothing that it refused to try', async () => {
    const app = await makeConsole(store);
    await done(app.admin, await open(app.admin, `/user?id=${app.bobId}`), 'users/disable');
    await press(app.admin, await open(app.admin, `/user?id=${app.aliceId}`), 'users/disable');
    const page = wordsOf((await open(app.admin, '/audit')).text);
    expect(page).toMatch(/users\/disable Alice .* refused .*users\/disable Alice .* done/); // newest first
    const today = new Date(app.clock.now() * 1000).toISOString().slice(0, 10);
    const wanted = `?${new URLSearchParams({ act: 'users/disable', by: 'alice', target: app.bobId, from: today, until: today })}`;
    const filtered = wordsOf((await open(app.admin, `/audit${wanted}`)).text);
    expect([filtered.includes(' done'), filtered.includes('refused')]).toEqual([true, false]);
    for (const other of ['?act=users/enable', '?act=grant.ended', '?by=bob', '?from=2040-01-01', '?until=2001-01-01', `?target=x`])
      expect(wordsOf((await open(app.admin, `/audit${other}`)).text)).toContain('Nothing found.');
    const file = await open(app.admin, `/audit/export${wanted}`);
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="audit.jsonl"');
    expect(
      file.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([{ at: app.clock.now(), act: 'users/disable', by: app.aliceId, target: app.bobId, outcome: 'done' }]);
    expect((await open(app.admin, '/audit/export')).text.trimEnd().split('\n')).toHaveLength(2);
    expect((await open(await signIn(app, ALICE), '/audit/export')).status).toBe(200);
    expect((await open(app.browser(), '/audit/export')).status).toBe(303);
  });

  it('shows and exports the audit log where one is kept', async () => {
    const app = await makeConsole(store, { audit: { keep: '90d' } });
    const { clientId } = await connected(app);
    await done(app.admin, await open(app.admin, `/client?id=${clientId}`), 'clients/block');
    await app.settled();
    await vi.waitFor(async () => expect(wordsOf((await open(app.admin, '/audit')).text)).toMatch(/clients\/block Alice/), {
      timeout: 120_000,
    });
    expect(wordsOf((await open(app.admin, '/audit?by=bob@acme.example')).text)).not.toContain('clients/block');
    const ended = wordsOf((await open(app.admin, '/audit?act=grant.')).text); // a kind of event, or its beginning
    expect([ended.includes('grant.ended'), ended.includes('clients/block')]).toEqual([true, false]);
    const lines = (await open(app.admin, '/audit/export?act=clients/block')).text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ kind: 'admin.acted', act: 'clients/block', target: clientId, outcome: 'done' }),
    ]);
    expect(wordsOf((await open(app.admin, '/audit?verify=1')).text)).toContain('Complete and unchanged');
  });
});

/** The administrator's browser, before another process. */
function sameBrowser({ admin }: { readonly admin: Browser }, there: App): Browser {
  const browser = there.browser();
  for (const [name, value] of admin.cookies) browser.cookies.set(name, value);
  return browser;
}

describe('the admin page', () => {
  it('has nothing of keys or approval on a server without them', async () => {
    const app = await makeApp('memory', { admin: CONSOLE.admin } as never);
    const admin = await signIn(app);
    expect((await open(admin, '/keys')).status).toBe(404);
    const page = await open(admin, '/clients');
    expect([page.status, page.text.includes('clients/set-new'), page.text.includes('/admin/keys')]).toEqual([200, false, false]);
  });

  it('is one for each tenant', async () => {
    const app = await makeApp('memory', { ...CONSOLE, tenants: { acme: { issuer: '/acme' }, blue: { issuer: '/blue' } } } as never);
    const { accounts } = app.provider.helpers(app.env, 'acme');
    if (!(await accounts.findByUsername('alice'))) await accounts.create({ ...ALICE, permissions: ['admin'] });
    const admin = app.browser();
    await admin.submit(await admin.get(`${ISSUER}/acme/login`), ALICE);
    const page = await admin.get(`${ISSUER}/acme/admin/users`);
    expect([page.status, page.text.includes('href="/acme/admin/clients"')]).toEqual([200, true]);
    expect((await admin.get(`${ISSUER}/blue/admin/users`)).location).toMatch(/^\/blue\/login/);
  });

  it('shows no page of what cannot be looked up', async () => {
    const app = await makeConsole('memory');
    const down = await appOn(app.inner, app.clock, { ...CONSOLE, permissions: () => Promise.reject(new Error('down')) } as never);
    const page = await open(sameBrowser(app, down), '/users');
    expect([page.status, page.headers.get('retry-after') !== null, page.text.includes(app.bobId)]).toEqual([503, true, false]);
  });

  it('speaks the language of the visitor where both the pages and the console have it, and else English', async () => {
    const admin = (languages = {}): Partial<OAuthProviderOptions> => ({
      ...CONSOLE,
      admin: adminApi({ permission: 'admin', languages }),
      pages: { languages: [german] },
    });
    const words = async (options: Partial<OAuthProviderOptions>): Promise<string> => {
      const app = await makeApp('memory', options);
      return (await (await signIn(app)).get(`${ISSUER}/admin`, { 'accept-language': 'de' })).text;
    };
    const [both, one] = [await words(admin(adminLanguages)), await words(admin())];
    expect([both.includes('lang="de"'), wordsOf(both)]).toEqual([true, expect.stringMatching(/Übersicht.*Ihr Konto/)]);
    expect([one.includes('lang="en"'), wordsOf(one)]).toEqual([true, expect.stringMatching(/Overview.*Your account/)]);
  });

  it('looks on through pages of the store, and goes on where a long act stopped', async () => {
    const app = await makeConsole('memory');
    const { browser, client } = { browser: await signIn(app, BOB), client: await app.client({ client_name: 'Notes' }) };
    for (let at = 0; at < 23; at++) {
      const { id } = at === 22 ? client : await app.client({ client_name: `App ${at}` });
      await app.provider.helpers(app.env).clients.approve(id);
    }
    const tokens = tokensOf(await client.redeem(await client.signIn(browser, BOB)));
    const listed = new Map<string, readonly Key[]>();
    const few: App['inner'] = {
      atomic: true, read: (...all) => app.inner.read(...all), remove: (...all) => app.inner.remove(...all), write: (...all) => app.inner.write(...all),
      async list(index, after = '') {
        if (after === '' || !listed.has(index)) listed.set(index, [...(await app.inner.list(index)).keys].filter((key) => !key.startsWith('grant:')));
        const [keys, at] = [listed.get(index) ?? [], Number(after)];
        const grants = index.startsWith('user:') ? (await app.inner.list(index)).keys : [];
        const all = index.startsWith('user:') ? [...Array<Key>(21).fill('grant:nothing'), ...grants] : keys;
        return { keys: all.slice(at, at + 1), ...(at + 1 < all.length ? { next: String(at + 1) } : {}) };
      },
    }; // prettier-ignore
    const paged = await appOn(few, app.clock, CONSOLE);
    const admin = sameBrowser(app, paged);
    const first = await open(admin, `/grants?user=${app.bobId}&scope=read`);
    expect(wordsOf(first.text)).toMatch(/Nothing found.*More/); // ten pages of the store without one
    const stopped = await done(admin, first, 'grants/revoke-all');
    expect([new URL(stopped.url).searchParams.get('after'), wordsOf(stopped.text)]).toEqual([
      '20',
      expect.stringContaining('Done: 0. There is more'),
    ]);
    expect((await app.call(tokens.access)).status).toBe(200);
    const ended = await done(admin, stopped, 'grants/revoke-all');
    expect([new URL(ended.url).searchParams.get('after'), wordsOf(ended.text)]).toEqual([
      null,
      expect.stringMatching(/Done: 1\. (?!There)/),
    ]);
    expect((await app.call(tokens.access)).status).toBe(401);
    const clients = await open(admin, '/clients?status=approved');
    expect(wordsOf(clients.text)).toMatch(/App 0 .*More/);
    expect(clients.text).toContain('href="/admin/clients?status=approved&#38;after=1"');
    expect(wordsOf((await open(admin, '/clients?status=approved&after=1')).text)).toContain('App 1 ');
  });

  it('lists the grants of all users on a store that can list all that it holds', async () => {
    const app = await makeConsole('memory');
    const { clientId } = await connected(app, 'Notes');
    const cookie = [...app.admin.cookies].map(([key, value]) => `${key}=${value}`).join('; ');
    const request = new Request(`${ISSUER}/admin/grants`, { headers: { cookie, 'sec-fetch-mode': 'navigate' } });
    const page = await app.provider.fetch(request, { ...app.env, PORTCULLIS: app.inner }, { waitUntil: () => undefined });
    const text = await page.text();
    expect([page.status, text.includes(`/admin/client?id=${clientId}`), wordsOf(text)]).toEqual([
      200,
      true,
      expect.stringMatching(/Notes Bob read write/),
    ]);
  });

  it('draws what the server counted, and says it in a table', async () => {
    const app = await makeConsole('memory');
    await connected(app);
    const page = await open(app.admin, '?days=7');
    expect(page.text.match(/<svg viewBox="0 0 300 56"/g)).toHaveLength(11);
    expect(page.text.match(/<rect/g)).toHaveLength(7 * 11);
    const words = wordsOf(page.text);
    expect(words).toMatch(/Sign-ins 2 .*New grants 1 .*As a table.*Sep 21 1 2 0 1 0/);
    expect(page.text).toContain('<a href="/admin?days=7"  aria-current="page"');
    expect((await open(app.admin, '?days=5')).text.match(/<rect/g)).toHaveLength(30 * 11);
  });

  it('escapes what users and clients call themselves', async () => {
    const app = await makeConsole('memory');
    const { clientId } = await connected(app, '<img src=x onerror=alert(1)>');
    for (const path of ['/clients', '/grants', `/user?id=${app.bobId}`, '/search?q=<img', `/client?id=${clientId}`]) {
      const { text } = await open(app.admin, path);
      expect(text).not.toContain('<img src=x');
      expect(/<title>(.*?)<\/title>/s.exec(text)?.[1] ?? '').not.toContain('bdi');
    }
  });
});
