/**
 * Acts on users: find, list, create, disable, sign out, remove, and their ways to sign in. None of them leaves a server without an
 * administrator.
 */
import { changeRecord, has, readPage, readRecord, versioned } from '../model/record.ts';
import { isAccount } from '../core/records/records.ts';
import { publicOf } from '../core/users/new-accounts.ts';
import { isShutOut } from '../core/users/removed-users.ts';
import { findIdentity } from '../core/users/identities.ts';
import { endSessionOf, publicSessionId, sessionsOf } from '../core/users/sessions.ts';
import type { Account, NewAccount } from '../model/account.ts';
import { OAuthError } from '../model/error.ts';
import type { Key, Seconds } from '../model/store.ts';
import { type Acts, type Admin, missing, wrong } from './act.ts';

/** An account without what only the server needs. */
type UserInfo = Omit<Account, 'stamp'>;

/** Acts on users. */
export const users: Acts = {
  users: {
    method: 'GET',
    takes: ['after'],
    async run({ as }, input) {
      const { values, next } = await readPage(as.store, 'accounts:all', isAccount, input.optional('after'));
      return { users: values.map((account) => infoOf(publicOf(account))), next };
    },
  },
  'users/outside': {
    method: 'GET',
    takes: ['after'],
    async run({ as }, input) {
      const { keys, next } = await as.store.list('identities:/all', input.optional('after'));
      return { identities: await identitiesAt(as, keys), next };
    },
  },
  'users/find': {
    method: 'GET',
    takes: ['q'],
    async run({ as, helpers: { accounts } }, input) {
      const q = input.text('q');
      const found = await Promise.all([accounts.find(q), accounts.findByUsername(q), accounts.findByEmail(q)]);
      const own = new Map(found.flatMap((account) => (account ? [[account.id, infoOf(account)]] : [])));
      // Also those of the user with this id: an account may have the id of another user as its name.
      const [named, of] = await Promise.all([as.store.list(`identities:/account/${q.toLowerCase()}`), as.store.list(`identities:${q}`)]);
      const keys = [...new Set([...named.keys, ...of.keys])];
      return { users: [...own.values()], identities: await identitiesAt(as, keys), next: named.next };
    },
  },
  'users/show': {
    method: 'GET',
    takes: ['id'],
    async run(admin, input) {
      const { as } = admin;
      const id = input.text('id');
      const { account, signIns, sessions, disabled } = await lookAt(admin, id);
      return {
        id,
        account: account && infoOf(account),
        disabled,
        ...signIns,
        sessions: await Promise.all(
          sessions.map(async (session) => {
            const { agent, network, createdAt, seenAt = createdAt, provenAt = null } = session;
            return { id: await publicSessionId(as, session), agent, network, createdAt, seenAt, provenAt };
          }),
        ),
      };
    },
  },
  'users/create': {
    method: 'POST',
    takes: ['username', 'password', 'name', 'email', 'emailVerified', 'permissions'],
    async run({ helpers }, input) {
      const password = input.optional('password');
      const [name, email, permissions] = [input.optional('name'), input.optional('email'), input.optionalTexts('permissions')];
      const account: NewAccount = {
        username: input.text('username'),
        ...(password === undefined ? {} : { password }),
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email, emailVerified: input.flag('emailVerified') }),
        ...(permissions === undefined ? {} : { permissions }),
      };
      return { user: infoOf(await helpers.accounts.create(account)) };
    },
  },
  'users/set-password': {
    method: 'POST',
    takes: ['id', 'password'],
    async run(admin, input) {
      const { id } = await accountOf(admin, input.text('id'));
      await admin.helpers.accounts.setPassword(id, input.text('password'));
      return { id };
    },
  },
  'users/set-permissions': {
    method: 'POST',
    takes: ['id', 'permissions'],
    async run(admin, input) {
      const { id } = await accountOf(admin, input.text('id'));
      const permissions = input.texts('permissions');
      const set = (): Promise<void> => admin.helpers.accounts.setPermissions(id, permissions);
      if (!permissions.includes(admin.permission)) await shuttingOut(admin, id, set);
      else if (id === admin.userId) await setOwn(admin, permissions);
      else await set().then(() => stays(admin, id));
      return { id, permissions };
    },
  },
  'users/disable': {
    method: 'POST',
    takes: ['id'],
    run: (admin, input) => out(admin, input.text('id'), (id) => admin.helpers.disableUser(id)),
  },
  'users/enable': {
    method: 'POST',
    takes: ['id'],
    async run(admin, input) {
      const id = input.text('id');
      await checkUser(admin, id);
      if (id === admin.userId) throw conflict('admin_own_account'); // an administrator who was disabled a moment ago may not undo it
      await admin.helpers.enableUser(id);
      await stays(admin, id);
      return { id };
    },
  },
  'users/sign-out': {
    method: 'POST',
    takes: ['id'],
    async run(admin, input) {
      const id = input.text('id');
      await checkUser(admin, id);
      await admin.helpers.signOut(id);
      return { id };
    },
  },
  'users/remove': {
    method: 'POST',
    takes: ['id'],
    run: (admin, input) => out(admin, input.text('id'), (id) => admin.helpers.accounts.remove(id)),
  },
  'users/end-session': {
    method: 'POST',
    takes: ['id', 'session'],
    async run({ as }, input) {
      if (!(await endSessionOf(as, input.text('id'), input.text('session')))) throw missing('session');
      return {};
    },
  },
  'users/remove-identity': {
    method: 'POST',
    takes: ['id', 'identity'],
    async run(admin, input) {
      const identity = input.text('identity');
      return out(admin, input.text('id'), async (id) => {
        if (!(await admin.helpers.signIns.removeIdentity(id, identity))) throw missing('identity');
      });
    },
  },
  'users/remove-passkey': {
    method: 'POST',
    takes: ['id', 'passkey'],
    async run(admin, input) {
      const passkey = input.text('passkey');
      return out(admin, input.text('id'), async (id) => {
        if (!(await admin.helpers.signIns.removePasskey(id, passkey))) throw missing('passkey');
      });
    },
  },
  'users/remove-second-factor': {
    method: 'POST',
    takes: ['id'],
    async run({ helpers }, input) {
      const id = input.text('id');
      if (!(await helpers.signIns.removeSecondFactor(id))) throw missing('second factor');
      return { id };
    },
  },
  'consents/forget': {
    method: 'POST',
    takes: ['user', 'client'],
    async run(admin, input) {
      const { as } = admin;
      const [user, client] = [input.text('user'), input.optional('client')];
      await checkUser(admin, user);
      await (client === undefined ? as.consents.forgetAll(user) : as.consents.forget(user, client));
      return { user };
    },
  },
};

/** What is known of a user. */
async function lookAt({ as, helpers }: Admin, id: string) {
  const [account, signIns, sessions, disabled] = await Promise.all([
    helpers.accounts.find(id),
    helpers.signIns.list(id),
    sessionsOf(as, id),
    isShutOut(as.store, id),
  ]);
  return { account, signIns, sessions, disabled };
}

/**
 * A mistyped id would do nothing and say that it did. Where the application or a former server knows users that have not been here, any id may
 * be one. @throws {OAuthError} for an id that no user has.
 */
async function checkUser(admin: Admin, id: string): Promise<void> {
  const { settings, store } = admin.as;
  if (settings.logins.length === 0 || settings.formerStore) return;
  const { account, signIns, sessions, disabled } = await lookAt(admin, id);
  const traces = [...signIns.identities, ...signIns.passkeys, ...sessions];
  if (account || disabled || traces.length > 0) return;
  if ((await store.list(`user:${id}`)).keys.length === 0) throw missing('user'); // grants and keys
}

async function out(admin: Admin, id: string, work: (id: string) => Promise<void>): Promise<{ id: string }> {
  await checkUser(admin, id);
  await shuttingOut(admin, id, () => work(id));
  return { id };
}

async function accountOf({ helpers }: Admin, id: string): Promise<Account> {
  const account = await helpers.accounts.find(id);
  if (!account) throw wrong('There is no account with this id; users of other sites have none here.');
  return account;
}

async function identitiesAt({ store }: Admin['as'], keys: readonly string[]): Promise<readonly object[]> {
  const found = await Promise.all(keys.map((key) => findIdentity(store, key.slice('identity:'.length))));
  return found.flatMap((one) => {
    if (!one) return [];
    const { v: _v, ...identity } = one.value;
    return [identity];
  });
}

function infoOf({ stamp: _stamp, ...account }: Account): UserInfo {
  return account;
}

const LEAVING: Key = 'admins-leaving:all';
/** Longer than any act takes. */
const ANNOUNCED: Seconds = 600;

type Leaving = { readonly v: 1; readonly users: readonly { readonly id: string; readonly at: Seconds }[] };

/**
 * Runs an act that may take away that a user is an administrator. An administrator cannot shut themselves out, and two who shut each other out at
 * the same moment do not both succeed: each announces whom they shut out in one record first.
 *
 * @throws {OAuthError} 409 for oneself, and for one of two who shut each other out.
 */
export async function shuttingOut<T>(admin: Admin, userId: string, work: () => Promise<T>): Promise<T> {
  if (userId === admin.userId) throw conflict('admin_own_account');
  await change(admin, (users) => {
    if (users.some(({ id }) => id === admin.userId)) throw conflict('admin_last');
    return [...users.filter(({ id }) => id !== userId), { id: userId, at: admin.as.now() }];
  });
  try {
    return await work();
  } catch (error) {
    await stays(admin, userId);
    throw error;
  }
}

/** Takes an announcement back: the user stays, or is an administrator again. */
export async function stays(admin: Admin, userId: string): Promise<void> {
  await change(admin, (users) => users.filter(({ id }) => id !== userId));
}

/** Sets one's own permissions, unless another administrator is taking them away, which is announced before it is written: a write that comes later meets it. */
async function setOwn({ as, userId }: Admin, permissions: readonly string[]): Promise<void> {
  await as.records.changeAccount(userId, async (account) => {
    const leaving = await readRecord(as.store, LEAVING, isLeaving);
    if (leaving?.value.users.some(({ id, at }) => id === userId && as.now() - at < ANNOUNCED)) throw conflict('admin_last');
    return account && { ...account, permissions: [...permissions] };
  });
}

function conflict(reason: 'admin_own_account' | 'admin_last'): OAuthError {
  const hint =
    reason === 'admin_last'
      ? 'Another administrator is removing you at this moment.'
      : 'An administrator cannot do this to their own account; another administrator can.';
  return new OAuthError('access_denied', reason, { status: 409, hint });
}

async function change({ as }: Admin, edit: (users: Leaving['users']) => Leaving['users']): Promise<void> {
  const now = as.now();
  await changeRecord(as, LEAVING, isLeaving, (old) => {
    const users = (old?.users ?? []).filter(({ at }) => now - at < ANNOUNCED);
    return { write: { v: 1, users: edit(users) }, until: now + ANNOUNCED, result: undefined };
  });
}

const isLeaving = (value: unknown): value is Leaving => versioned(value) && has(value, 'users');
