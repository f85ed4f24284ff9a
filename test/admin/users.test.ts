/** Acts on users, run without HTTP: what each takes, shows, changes, and what it must never show. */
import { describe, expect, it } from 'vitest';
import type { Admin } from '../../src/admin/act.ts';
import { runAct } from '../../src/admin/run.ts';
import { users } from '../../src/admin/users.ts';
import { listsOfIdentity } from '../../src/core/records/records.ts';
import { publicSessionId } from '../../src/core/users/sessions.ts';
import { makeHelpers } from '../../src/provider/helpers.ts';
import { pagedStore } from '../support/paged-store.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ISSUER } from '../support/app.ts';
import { openGrant } from '../support/grants.ts';
import { makeServer } from '../support/server.ts';

const BOB = { username: 'bob', password: 'another horse battery', name: 'Bob', email: 'bob@acme.example', emailVerified: true };
const KEY = { publicKey: 'AA', counter: 0, transports: [], backupEligible: false, backedUp: false };

/** A server with Alice, who is an administrator, and Bob. @param page keys that a list of the store gives at once. */
async function makeWorld({ page = Infinity, settings = {} as object } = {}) {
  const clock = makeClock();
  const store = pagedStore(clock, page);
  const { as, events } = makeServer({ clock, store, settings });
  const helpers = makeHelpers(as);
  const alice = await as.accounts.create({ username: 'alice', permissions: ['admin'] });
  const bob = await as.accounts.create(BOB);
  const admin: Admin = { as, helpers, userId: alice.id, permission: 'admin' };
  const run = (name: string, all: Record<string, unknown> = {}): Promise<Record<string, unknown>> =>
    runAct(admin, `users/${name}`.replace('users/:', ''), all) as Promise<Record<string, unknown>>;
  const session = (hash: string, userId: string, more: object = {}) =>
    as.records.openSession(hash, { v: 1, userId, claims: {}, createdAt: clock.now(), expiresAt: clock.now() + 5000, ...more });
  const identity = (hash: string, userId: string, account: string) =>
    store.write(`identity:${hash}`, { v: 1, userId, issuer: 'https://corp.example', account, createdAt: 7 }, 'absent', {
      index: listsOfIdentity(userId, account),
    });
  const leaving = async (): Promise<readonly string[]> =>
    ((await store.read('admins-leaving:all'))?.value as { users: { id: string }[] } | undefined)?.users.map(({ id }) => id) ?? [];
  return { as, clock, store, events, helpers, admin, alice, bob, run, session, identity, leaving };
}

const infoOf = ({ stamp: _stamp, ...account }: { readonly stamp: string }): object => account;
const there = { issuer: 'https://corp.example', createdAt: 7 };

describe('admin/users', () => {
  it('has these acts, each with the members that it takes', () => {
    expect(Object.entries(users).map(([name, { method, takes }]) => [method, name, ...takes].join(' '))).toEqual([
      'GET users after',
      'GET users/outside after',
      'GET users/find q',
      'GET users/show id',
      'POST users/create username password name email emailVerified permissions',
      'POST users/set-password id password',
      'POST users/set-permissions id permissions',
      'POST users/disable id',
      'POST users/enable id',
      'POST users/sign-out id',
      'POST users/remove id',
      'POST users/end-session id session',
      'POST users/remove-identity id identity',
      'POST users/remove-passkey id passkey',
      'POST users/remove-second-factor id',
      'POST consents/forget user client',
    ]);
  });

  it('lists the accounts a page at a time, without hash or stamp', async () => {
    const { run, alice, bob, store } = await makeWorld({ page: 2 });
    const carol = await run('create', { username: 'carol' });
    await store.write('account:odd', { v: 2 }, 'absent', { index: ['accounts:all'] });
    const first = await run(':users');
    expect(first['next']).toBe('from 2');
    const second = await run(':users', { after: 'from 2' });
    const listed = [...(first['users'] as object[]), ...(second['users'] as object[])];
    expect(listed.length).toBe(3);
    expect(listed).toEqual(expect.arrayContaining([infoOf(alice), infoOf(bob), carol['user']]));
  });

  it('lists the identities at other sites a page at a time, without the number of their format', async () => {
    const { run, identity, store } = await makeWorld({ page: 2 });
    for (const at of ['1', '2', '3']) await identity(`h${at}`, `u${at}`, `ada${at}`);
    await store.write('identity:h0', { v: 2 } as never, 'absent', { index: ['identities:/all'] });
    const first = await run('outside');
    const second = await run('outside', { after: String(first['next']) });
    const listed = [...(first['identities'] as object[]), ...(second['identities'] as object[])];
    expect(listed).toHaveLength(3);
    expect(listed).toEqual(expect.arrayContaining(['1', '2', '3'].map((at) => ({ ...there, userId: `u${at}`, account: `ada${at}` }))));
    expect([first['next'], second['next']]).toEqual(['from 2', undefined]);
  });

  it('finds an account by id, user name and verified address, once', async () => {
    const { run, bob } = await makeWorld();
    for (const q of [bob.id, 'BOB', 'Bob@acme.example']) expect(await run('find', { q })).toEqual({ users: [infoOf(bob)], identities: [] });
    const same = await run('create', { username: 'carol@acme.example', email: 'carol@acme.example', emailVerified: true });
    expect(await run('find', { q: 'carol@acme.example' })).toEqual({ users: [same['user']], identities: [] });
    expect(await run('find', { q: 'carol' })).toEqual({ users: [], identities: [] });
  });

  it('finds the identities of a user by id and by the name of the account at the other site, each once', async () => {
    const { run, identity } = await makeWorld({ page: 2 });
    await identity('h1', 'u1', 'Ada@corp.example');
    await identity('h2', 'u1', 'ada-2');
    await identity('h3', 'u2', 'u1'); // called there as another user is here
    const ada = { ...there, userId: 'u1', account: 'Ada@corp.example' };
    expect(await run('find', { q: 'ADA@corp.example' })).toEqual({ users: [], identities: [ada] });
    const { identities } = await run('find', { q: 'u1' });
    expect(identities).toHaveLength(3);
    expect(identities).toEqual(expect.arrayContaining([ada, { ...there, userId: 'u1', account: 'ada-2' }, { ...there, userId: 'u2', account: 'u1' }]));
    await identity('h4', 'same', 'same');
    expect((await run('find', { q: 'same' }))['identities']).toEqual([{ ...there, userId: 'same', account: 'same' }]);
    for (const at of ['5', '6', '7']) await identity(`h${at}`, `u${at}`, 'many');
    expect(await run('find', { q: 'many' })).toMatchObject({ identities: [expect.anything(), expect.anything()], next: 'from 2' });
  }); // prettier-ignore

  it('shows what there is of a user, and nothing that would let one in', async () => {
    const { run, as, bob, session, identity, clock } = await makeWorld();
    const now = clock.now();
    const agent = { browser: 'Firefox', system: 'Linux' };
    await session('old', bob.id);
    await session('new', bob.id, { agent, network: '192.0.2.0/24', seenAt: now + 9, provenAt: now + 1, claims: { secret: 's3cret' } });
    await identity('h1', bob.id, 'bob-at-corp');
    await as.passkeys.add({ ...KEY, id: 'cGs', userId: bob.id, name: 'Phone', createdAt: 8 });
    const [first, second] = [await publicSessionId(as, { hash: 'new' }), await publicSessionId(as, { hash: 'old' })];
    expect(await run('show', { id: bob.id })).toEqual({
      id: bob.id,
      account: infoOf(bob),
      disabled: false,
      identities: [{ id: 'h1', ...there, account: 'bob-at-corp' }],
      passkeys: [{ id: 'cGs', name: 'Phone', createdAt: 8, usedAt: null }],
      secondFactor: null,
      sessions: [
        { id: first, agent, network: '192.0.2.0/24', createdAt: now, seenAt: now + 9, provenAt: now + 1 },
        { id: second, agent: undefined, network: undefined, createdAt: now, seenAt: now, provenAt: null },
      ],
    });
    await run('disable', { id: 'outside' });
    const none = { identities: [], passkeys: [], secondFactor: null, sessions: [] };
    expect(await run('show', { id: 'outside' })).toEqual({ id: 'outside', account: null, disabled: true, ...none });
  });

  it('creates an account with what is given, whose address is verified only where that is said', async () => {
    const { run, as, events } = await makeWorld();
    const all = { name: 'Carol', email: 'carol@acme.example', emailVerified: true, permissions: ['reader'] };
    const { user } = (await run('create', { username: 'carol', password: 'one more horse', ...all })) as { user: { id: string } };
    const times = { id: expect.any(String), createdAt: as.now() };
    expect(user).toEqual({ ...times, username: 'carol', ...all });
    expect((await as.accounts.checkPassword('carol', 'one more horse'))?.id).toBe(user.id);
    expect((await run('create', { username: 'dan' }))['user']).toStrictEqual({
      ...times,
      username: 'dan',
      permissions: [],
      withoutPassword: true,
    });
    const { user: eve } = await run('create', { username: 'eve', email: 'eve@acme.example' });
    expect(eve).toEqual({
      ...times,
      username: 'eve',
      permissions: [],
      withoutPassword: true,
      email: 'eve@acme.example',
      emailVerified: false,
    });
    expect(await as.accounts.findByEmail('eve@acme.example')).toBeNull();
    await expect(run('create', { username: 'carol' })).rejects.toMatchObject({ code: 'invalid_request', reason: 'admin_input' });
    await expect(run('create', { name: 'x' })).rejects.toMatchObject({ message: 'username is missing.' });
    expect(JSON.stringify(events)).not.toContain('one more horse');
  });

  it('sets the password of an account, and of no user that has none here', async () => {
    const { run, as, bob, session } = await makeWorld();
    await session('s', bob.id);
    expect(await run('set-password', { id: bob.id, password: 'a third horse battery' })).toEqual({ id: bob.id });
    expect([await as.accounts.checkPassword('bob', BOB.password), (await as.accounts.checkPassword('bob', 'a third horse battery'))?.id]).toEqual([null, bob.id]);
    expect(await as.records.findSession('s')).toBeNull();
    const hint = { code: 'invalid_request', message: 'There is no account with this id; users of other sites have none here.' };
    await expect(run('set-password', { id: 'u1', password: 'a third horse battery' })).rejects.toMatchObject(hint);
    await expect(run('set-permissions', { id: 'u1', permissions: ['admin'] })).rejects.toMatchObject(hint);
  }); // prettier-ignore

  it('sets permissions, announcing an administrator who leaves, and takes that back for one who stays', async () => {
    const { run, as, alice, bob, leaving } = await makeWorld();
    expect(await run('set-permissions', { id: bob.id, permissions: ['admin', 'x'] })).toEqual({ id: bob.id, permissions: ['admin', 'x'] });
    expect([await as.accounts.permissionsOf(bob.id), await leaving()]).toEqual([['admin', 'x'], []]);
    expect(await run('set-permissions', { id: bob.id, permissions: ['x'] })).toEqual({ id: bob.id, permissions: ['x'] });
    expect([await as.accounts.permissionsOf(bob.id), await leaving()]).toEqual([['x'], [bob.id]]);
    await run('set-permissions', { id: bob.id, permissions: ['admin'] });
    expect([await as.accounts.permissionsOf(bob.id), await leaving()]).toEqual([['admin'], []]);
    await expect(run('set-permissions', { id: alice.id, permissions: [] })).rejects.toMatchObject({ reason: 'admin_own_account' });
    expect(await run('set-permissions', { id: alice.id, permissions: ['admin', 'y'] })).toMatchObject({ permissions: ['admin', 'y'] });
  });

  it('lets no administrator who was let in before give back to themselves what another one has just taken', async () => {
    const { run, as, admin, bob, clock, leaving } = await makeWorld();
    const bobs = (name: string, all: object): Promise<unknown> => runAct({ ...admin, userId: bob.id }, name, { id: bob.id, ...all });
    await run('set-permissions', { id: bob.id, permissions: ['admin'] });
    await bobs('users/set-permissions', { permissions: ['admin', 'x'] });
    await run('set-permissions', { id: bob.id, permissions: [] });
    const removing = 'Another administrator is removing you at this moment.';
    await expect(bobs('users/set-permissions', { permissions: ['admin'] })).rejects.toMatchObject({ reason: 'admin_last', status: 409, message: removing }); // prettier-ignore
    expect([await as.accounts.permissionsOf(bob.id), await leaving()]).toEqual([[], [bob.id]]);
    await run('disable', { id: bob.id });
    const own = 'An administrator cannot do this to their own account; another administrator can.';
    await expect(bobs('users/enable', {})).rejects.toMatchObject({ reason: 'admin_own_account', status: 409, message: own });
    expect([(await as.accounts.find(bob.id))?.disabled, await leaving()]).toEqual([true, [bob.id]]);
    clock.pass(300);
    const carol = await as.accounts.create({ username: 'carol', password: 'correct horse battery' });
    await run('disable', { id: carol.id });
    expect(await leaving()).toEqual([bob.id, carol.id]);
    clock.pass(300); // of Bob's announcement nothing came, and Carol's is not about him
    await bobs('users/set-permissions', { permissions: ['admin'] });
    expect(await as.accounts.permissionsOf(bob.id)).toEqual(['admin']);
  });

  it('meets a change of the account between reading and writing, and then reads the announcement again', async () => {
    const { run, as, admin, bob, store } = await makeWorld();
    await run('set-permissions', { id: bob.id, permissions: ['admin'] });
    const { write } = store;
    let isFirst = true;
    store.write = async (key, ...rest) => {
      if (key === `account:${bob.id}` && isFirst) {
        isFirst = false;
        await run('set-permissions', { id: bob.id, permissions: [] });
      }
      return write.call(store, key, ...rest);
    };
    const own = runAct({ ...admin, userId: bob.id }, 'users/set-permissions', { id: bob.id, permissions: ['admin', 'x'] });
    await expect(own).rejects.toMatchObject({ reason: 'admin_last' });
    expect(await as.accounts.permissionsOf(bob.id)).toEqual([]);
  });

  it('disables and enables a user, announcing it, and takes the announcement back', async () => {
    const { run, as, bob, session, leaving } = await makeWorld();
    await session('s', bob.id);
    expect(await run('disable', { id: bob.id })).toEqual({ id: bob.id });
    expect([(await as.accounts.find(bob.id))?.disabled, await as.records.findSession('s'), await leaving()]).toEqual([
      true,
      null,
      [bob.id],
    ]);
    expect((await run('show', { id: bob.id }))['disabled']).toBe(true);
    expect(await run('enable', { id: bob.id })).toEqual({ id: bob.id });
    expect([(await as.accounts.find(bob.id))?.disabled, await leaving()]).toEqual([undefined, []]);
  });

  it('signs a user out, and leaves the account and the announcements alone', async () => {
    const { run, as, bob, session, leaving } = await makeWorld();
    await session('s', bob.id);
    expect(await run('sign-out', { id: bob.id })).toEqual({ id: bob.id });
    expect([await as.records.findSession('s'), await leaving(), await as.accounts.find(bob.id)]).toEqual([null, [], bob]);
  });

  it('removes a user for good, announcing it', async () => {
    const { run, as, alice, bob, leaving } = await makeWorld();
    expect(await run('remove', { id: bob.id })).toEqual({ id: bob.id });
    expect([await as.accounts.find(bob.id), await leaving()]).toEqual([null, [bob.id]]);
    for (const act of ['remove', 'disable'])
      await expect(run(act, { id: alice.id })).rejects.toMatchObject({ reason: 'admin_own_account' });
  });

  it('ends one session, of this user alone', async () => {
    const { run, as, alice, bob, session } = await makeWorld();
    for (const hash of ['one', 'two']) await session(hash, bob.id);
    const id = await publicSessionId(as, { hash: 'one' });
    const unknown = { status: 404, message: 'There is no such session.' };
    await expect(run('end-session', { id: alice.id, session: id })).rejects.toMatchObject(unknown);
    expect(await run('end-session', { id: bob.id, session: id })).toEqual({});
    expect([await as.records.findSession('one'), (await as.records.findSession('two'))?.userId]).toEqual([null, bob.id]);
    await expect(run('end-session', { id: bob.id, session: id })).rejects.toMatchObject(unknown);
  });

  it('removes an identity and a passkey, of this user alone and announced, and a second factor', async () => {
    const { run, as, alice, bob, identity, helpers, leaving } = await makeWorld();
    await identity('h1', bob.id, 'bob-at-corp');
    await as.passkeys.add({ ...KEY, id: 'cGs', userId: bob.id, name: 'Phone', createdAt: 8 });
    for (const [act, all, what] of [['remove-identity', { identity: 'h1' }, 'identity'], ['remove-passkey', { passkey: 'cGs' }, 'passkey']] as const) {
      const unknown = { status: 404, message: `There is no such ${what}.` };
      await expect(run(act, { id: alice.id, ...all })).rejects.toMatchObject({ reason: 'admin_own_account' });
      await expect(run(act, { id: 'u1', ...all })).rejects.toMatchObject(unknown);
      expect(await leaving()).toEqual([]); // nothing was removed
      expect(await run(act, { id: bob.id, ...all })).toEqual({ id: bob.id });
      expect(await leaving()).toEqual([bob.id]);
      await expect(run(act, { id: bob.id, ...all })).rejects.toMatchObject(unknown);
      expect(await leaving()).toEqual([]);
    }
    expect(await helpers.signIns.list(bob.id)).toEqual({ identities: [], passkeys: [], secondFactor: null });
    await expect(run('remove-second-factor', { id: bob.id })).rejects.toMatchObject({ status: 404, message: 'There is no such second factor.' });
    await as.store.write(`totp:${bob.id}`, { v: 1, sealedSecret: 'x', usedStep: 0, recovery: [], createdAt: 1 }, 'absent');
    expect(await run('remove-second-factor', { id: bob.id })).toEqual({ id: bob.id });
    expect(await helpers.signIns.list(bob.id)).toMatchObject({ secondFactor: null });
  }); // prettier-ignore

  it('forgets what a user allowed one app, or every app', async () => {
    const { run, as } = await makeWorld();
    const clients = ['c1', 'c2', 'c3'].map((id) => ({ id, redirectUris: [], grantTypes: [], authMethod: 'none', createdAt: 0 }) as never);
    const target = (client: never, userId = 'u1') => ({ userId, client, redirectUri: 'https://client.example/cb', resource: ISSUER });
    for (const client of clients) await as.consents.keep(target(client), { asked: ['read'], granted: ['read'], remember: true });
    await as.consents.keep(target(clients[0]!, 'u2'), { asked: ['read'], granted: ['read'], remember: true });
    const left = async (): Promise<number[]> => Promise.all(clients.map(async (client) => (await as.consents.find(target(client))).length));
    expect(await left()).toEqual([1, 1, 1]);
    expect(await run(':consents/forget', { user: 'u1', client: 'c2' })).toEqual({ user: 'u1' });
    expect(await left()).toEqual([1, 0, 1]);
    expect(await run(':consents/forget', { user: 'u1' })).toEqual({ user: 'u1' });
    expect(await left()).toEqual([0, 0, 0]);
    expect(await as.consents.find(target(clients[0]!, 'u2'))).toHaveLength(1);
  });

  it('does nothing for an id that no user has, and says so, unless others know users that have not been here', async () => {
    const logins = [{ id: 'door' }];
    const { run, leaving, events } = await makeWorld({ settings: { logins } });
    const acts = [['disable', {}], ['enable', {}], ['sign-out', {}], ['remove', {}], ['remove-identity', { identity: 'x' }], ['remove-passkey', { passkey: 'x' }]] as const;
    for (const [act, more] of acts) await expect(run(act, { id: 'u1', ...more })).rejects.toMatchObject({ status: 404, message: 'There is no such user.' });
    await expect(run(':consents/forget', { user: 'u1' })).rejects.toMatchObject({ status: 404, message: 'There is no such user.' });
    expect([await leaving(), await run('show', { id: 'u1' })]).toEqual([[], expect.objectContaining({ disabled: false })]);
    expect(events.some((event) => 'outcome' in event && event.outcome === 'failed')).toBe(false);
    for (const settings of [{}, { logins, formerStore: {} }]) expect(await (await makeWorld({ settings })).run('enable', { id: 'u1' })).toEqual({ id: 'u1' });
  }); // prettier-ignore

  it('knows a user by any trace: account, mark, identity, passkey, session, grant', async () => {
    const { run, as, bob, store, session, identity } = await makeWorld({ settings: { logins: [{ id: 'door' }] } });
    await identity('h1', 'by-identity', 'ada');
    await as.passkeys.add({ ...KEY, id: 'cGs', userId: 'by-passkey', name: 'Phone', createdAt: 8 });
    await session('s', 'by-session');
    await store.write('removed:by-mark', { v: 1, at: 1, disabled: true }, 'any');
    await as.records.openGrant(openGrant({ userId: 'by-grant' }));
    for (const id of [bob.id, 'by-identity', 'by-passkey', 'by-session', 'by-mark', 'by-grant']) expect([id, await run('enable', { id })]).toEqual([id, { id }]);
  }); // prettier-ignore
});
