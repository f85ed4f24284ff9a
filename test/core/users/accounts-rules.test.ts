/** Each rule of accounts by itself: addresses, invitations, stored hashes, what the operator is told. */
import { describe, expect, it, vi } from 'vitest';
import { oneTimeCode, PERIOD } from '../../../src/model/totp.ts';
import { base64url } from '../../../src/lib/bytes.ts';
import { signOut } from '../../../src/core/users/sign-out.ts';
import { OAuthError } from '../../../src/model/error.ts';
import { usernameKey } from '../../../src/model/account.ts';
import type { Store } from '../../../src/model/store.ts';
import type { FormLogin } from '../../../src/model/login.ts';
import type { AccountRecord } from '../../../src/core/records/records.ts';
import { makeServer } from '../../support/server.ts';
import { openGrant } from '../../support/grants.ts';

const ALICE = { username: 'alice', password: 'correct horse' };
const SIGN_UP = { id: 'password', kind: 'form', pages: [{ id: 'sign-up' }] } as unknown as FormLogin;

async function withAlice(more: object = {}) {
  const world = makeServer({ settings: { logins: [SIGN_UP] } });
  const alice = await world.as.accounts.create({ ...ALICE, ...more });
  const record = async (): Promise<AccountRecord | undefined> => (await world.as.records.findAccount(alice.id))?.value;
  return { ...world, accounts: world.as.accounts, alice, record };
}

describe('core/users/accounts, passwords', () => {
  it('tells the operator alone why a password is refused', async () => {
    const { accounts } = await withAlice();
    await accounts.create({ username: 'bob' });
    const told = async (username: string, password: string): Promise<unknown> => {
      const reasons: string[] = [];
      const found = await accounts.checkPassword(username, password, undefined, (reason) => reasons.push(reason));
      return found ? [found.username, ...reasons] : reasons;
    };
    expect(await told('alice', 'correct horse')).toEqual(['alice']);
    expect(await told('alice', 'wrong horse')).toEqual(['password_wrong']);
    expect(await told('bob', 'correct horse')).toEqual(['password_not_set']);
    expect(await told('carol', 'correct horse')).toEqual(['username_unknown']);
    expect(await accounts.checkPassword('carol', 'wrong horse')).toBeNull();
  });

  it('hashes nothing of an attempt that is not allowed, and tells only that, and of which account', async () => {
    const { as, accounts } = await withAlice();
    let hashed = 0;
    const scrypt = as.runtime.scrypt;
    Object.assign(as.runtime, { scrypt: async (...all: Parameters<NonNullable<typeof scrypt>>) => (hashed++, scrypt?.(...all)) });
    const told: unknown[] = [];
    const check = (isAllowed: boolean) => accounts.checkPassword('alice', ALICE.password, undefined, (...why) => told.push(why), async () => isAllowed); // prettier-ignore
    expect([await check(false), hashed, told]).toEqual([null, 0, [['limited', (await accounts.findByUsername('alice'))?.id]]]);
    expect([(await check(true))?.username, hashed]).toEqual(['alice', 1]);
    const unheard = (tell?: (...why: unknown[]) => void) => accounts.checkPassword('mallory', 'x', undefined, tell, async () => false);
    expect([await unheard(), await unheard((...why) => told.push(why)), told.at(-1)]).toEqual([null, null, ['limited', undefined]]);
  });

  it('accepts a hash of any cost that is in PHC form, and says so of one that is not', async () => {
    const { accounts, as, alice, record } = await withAlice();
    const stored = await record();
    const hash = stored?.passwordHash ?? '';
    const put = (passwordHash: string) => as.records.changeAccount(alice.id, (account) => account && { ...account, passwordHash });
    for (const bad of [`x${hash}`, `${hash}$x`, hash.replace('scrypt', 'argon2'), '', '$scrypt$ln=14,r=8,p=5$A$A']) {
      await put(bad);
      await expect(accounts.checkPassword('alice', ALICE.password)).rejects.toThrow('A stored password hash is not in PHC form.');
    }
    const key = await as.runtime.scrypt?.(ALICE.password, new Uint8Array(16), { ln: 9, r: 10, p: 11 });
    await put(`$scrypt$ln=9,r=10,p=11$${'A'.repeat(22)}$${base64url(key ?? new Uint8Array())}`);
    expect(await accounts.checkPassword('alice', ALICE.password)).toMatchObject({ id: alice.id });
  });

  it('says what is missing on a runtime without scrypt', async () => {
    const { as } = makeServer({ machine: { scrypt: undefined } as object });
    await expect(as.accounts.create(ALICE)).rejects.toThrow('This runtime has no scrypt');
  });

  it('refuses a password that is too short or too long, and changes nothing', async () => {
    const { accounts, alice, record } = await withAlice();
    const before = await record();
    for (const password of ['', 'x'.repeat(7), 'x'.repeat(1025)]) {
      await expect(accounts.setPassword(alice.id, password)).rejects.toThrow('A password has 8 to 1,024 characters.');
      await expect(accounts.create({ username: 'bob', password })).rejects.toThrow('A password has 8 to 1,024 characters.');
    }
    expect(await record()).toEqual(before);
  });

  it('sets a password for the account as it was seen, signs out, and for no other (SEC-053)', async () => {
    const { accounts, as, alice, record, events, clock } = await withAlice();
    await as.records.openGrant(openGrant({ userId: alice.id, createdAt: clock.now(), expiresAt: clock.now() + 9000 }));
    expect(await accounts.setPassword(alice.id, 'another horse', 'another stamp')).toBeNull();
    expect((await as.records.findGrant('grant'))?.ended).toBeNull();
    const set = await accounts.setPassword(alice.id, 'another horse', alice.stamp);
    expect([set?.id, set?.stamp === alice.stamp, (await record())?.stamp === set?.stamp]).toEqual([alice.id, false, true]);
    expect((await as.records.findGrant('grant'))?.ended).toEqual({ at: clock.now(), reason: 'user_signed_out' });
    expect(events.map(({ kind }) => kind)).toEqual(['grant.ended', 'factor.changed']);
    await expect(accounts.setPassword('nobody', 'another horse')).rejects.toThrow('There is no account with this id.');
  });
});

describe('core/users/accounts, at the same time', () => {
  it('sets no password for an account that changed after it was seen, and tells of none', async () => {
    const { as, accounts, alice, store, events, record } = await withAlice();
    const list = store.list.bind(store);
    let isChanged = false;
    Object.assign(store, {
      async list(...all: Parameters<Store['list']>) {
        if (!isChanged) {
          isChanged = true;
          await as.records.changeAccount(alice.id, (account) => account && { ...account, stamp: 'newer' });
        }
        return list(...all);
      },
    });
    const before = (await record())?.passwordHash;
    expect(await accounts.setPassword(alice.id, 'another horse', alice.stamp)).toBeNull();
    expect([(await record())?.passwordHash, events.filter(({ kind }) => kind === 'factor.changed')]).toEqual([before, []]);
  });
});

describe('core/users/accounts, seeds', () => {
  it('makes, renews and leaves an account of the configuration', async () => {
    const { as } = makeServer();
    const { accounts } = as;
    expect(await accounts.seed(ALICE)).toBe('made');
    expect(await accounts.seed(ALICE)).toBe('same');
    const account = await accounts.findByUsername('alice');
    const seedOf = async () => (await as.records.findAccount(account?.id ?? ''))?.value.seed;
    const first = await seedOf();
    expect(await accounts.seed({ ...ALICE, password: 'another horse' })).toBe('renewed');
    expect(await accounts.checkPassword('alice', 'another horse')).toMatchObject({ id: account?.id });
    expect(await seedOf()).toEqual({ hash: (await as.records.findAccount(account?.id ?? ''))?.value.passwordHash, former: [first?.hash] });
    expect(await accounts.seed(ALICE)).toBe('stale');
    expect(account).not.toHaveProperty('seed');
    await accounts.create({ username: 'bob', password: 'correct horse' });
    expect(await accounts.seed({ username: 'bob', password: 'correct horse' })).toBe('taken');
    expect(await accounts.seed({ username: 'carol' })).toBe('made');
    expect(await accounts.findByUsername('carol')).toMatchObject({ withoutPassword: true });
  });

  it('fails if another request changes the account meanwhile', async () => {
    const { as } = makeServer();
    await as.accounts.seed(ALICE);
    const id = (await as.accounts.findByUsername('alice'))?.id ?? '';
    const results = await Promise.all([as.accounts.seed({ ...ALICE, password: 'another horse' }), as.accounts.seed({ ...ALICE, password: 'another horse' })]); // prettier-ignore
    expect(results.toSorted()).toEqual(['renewed', 'same']);
    expect((await as.records.findAccount(id))?.value.seed?.former).toHaveLength(1);
  });
});

describe('core/users/accounts, addresses', () => {
  it('keeps an address with what is known of it, changes the stamp, and removes it again', async () => {
    const { accounts, alice, record } = await withAlice();
    await accounts.setEmail(alice.id, 'alice@mail.example');
    const first = await record();
    expect([first?.email, first?.emailVerified, first?.stamp === alice.stamp]).toEqual(['alice@mail.example', false, false]);
    expect(first?.passwordHash).toMatch(/^\$scrypt/);
    expect(await accounts.findByEmail('alice@mail.example')).toBeNull();
    await accounts.setEmail(alice.id, 'alice@mail.example', { verified: true });
    expect([(await record())?.emailVerified, (await accounts.findByEmail('ALICE@mail.example'))?.id]).toEqual([true, alice.id]);
    await accounts.setEmail(alice.id, null, { verified: true });
    expect([await record(), await accounts.findByEmail('alice@mail.example')]).toEqual([expect.not.objectContaining({ email: expect.anything() }), null]); // prettier-ignore
    expect((await record())?.emailVerified).toBeUndefined();
  });

  it('frees the old address with the new one, and when it is no longer verified, and keeps it when only its spelling changes', async () => {
    const { accounts, alice } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    const bob = await accounts.create({ username: 'bob' });
    const isFree = async (address: string): Promise<boolean> => {
      try {
        await accounts.setEmail(bob.id, address, { verified: true });
        await accounts.setEmail(bob.id, null);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ message: 'This e-mail address belongs to another account.' });
        return false;
      }
    };
    expect(await isFree('alice@mail.example')).toBe(false);
    await accounts.setEmail(alice.id, 'ALICE@mail.example', { verified: true });
    expect([await isFree('alice@mail.example'), (await accounts.findByEmail('alice@mail.example'))?.email]).toEqual([false, 'ALICE@mail.example']); // prettier-ignore
    await accounts.setEmail(alice.id, 'ada@mail.example', { verified: true });
    expect([await isFree('alice@mail.example'), await isFree('ada@mail.example')]).toEqual([true, false]);
    await accounts.setEmail(alice.id, 'ada@mail.example');
    expect(await isFree('ada@mail.example')).toBe(true);
  });

  it('keeps no address of the account but its own where two are set at the same moment', async () => {
    const { accounts, alice, record } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    const all = ['alice@mail.example', 'ada@mail.example', 'al@mail.example'];
    await Promise.all(all.slice(1).map((address) => accounts.setEmail(alice.id, address, { verified: true })));
    const left = (await record())?.email;
    const bob = await accounts.create({ username: 'bob' });
    for (const address of all.filter((one) => one !== left)) await accounts.setEmail(bob.id, address, { verified: true });
    expect(all.slice(1)).toContain(left);
    expect((await accounts.findByEmail(left ?? ''))?.id).toBe(alice.id);
    await expect(accounts.setEmail(bob.id, left ?? '', { verified: true })).rejects.toThrow('belongs to another account');
  });

  it('changes nothing for an invalid address, for the address of another account, or without an account', async () => {
    const { accounts, alice, record, store } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    const bob = await accounts.create({ username: 'bob', email: 'bob@mail.example', emailVerified: true });
    const before = await record();
    await expect(accounts.setEmail(alice.id, 'no address')).rejects.toThrow('accounts.setEmail: this is not an e-mail address.');
    await expect(accounts.setEmail(alice.id, 'Bob@mail.example', { verified: true })).rejects.toThrow('belongs to another account');
    expect([await record(), (await accounts.findByEmail('bob@mail.example'))?.id]).toEqual([before, bob.id]);
    await expect(accounts.setEmail('nobody', 'new@mail.example', { verified: true })).rejects.toThrow('There is no account with this id.');
    await expect(accounts.setEmail('nobody', null)).rejects.toThrow('There is no account with this id.');
    expect(await store.read(`email:${await makeServer().as.secrets.hash('new@mail.example')}`)).toBeNull();
    await accounts.setEmail(alice.id, 'bob@mail.example'); // not verified: it is no claim
    expect((await accounts.findByEmail('bob@mail.example'))?.id).toBe(bob.id);
  });

  it('finds no account by an address that is no longer its own', async () => {
    const { accounts, as, alice } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    await as.records.changeAccount(alice.id, (account) => account && { ...account, email: 'ada@mail.example' });
    expect(await accounts.findByEmail('alice@mail.example')).toBeNull();
  });

  it('reads as much for an address that is not known as for one that is, so that time does not tell (F-36)', async () => {
    const { accounts, store } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    const read = vi.spyOn(store, 'read');
    const readsFor = async (email: string): Promise<number> => (
      read.mockClear(),
      await accounts.findByEmail(email),
      read.mock.calls.length
    );
    expect([await readsFor('alice@mail.example'), await readsFor('eve@mail.example')]).toEqual([2, 2]);
  });

  it('frees the address of a removed account when it is looked up', async () => {
    const { accounts, as, alice, store } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    await as.records.removeAccount(alice.id); // the process died before the address was free
    expect(await accounts.findByEmail('alice@mail.example')).toBeNull();
    expect(await store.read(`email:${await as.secrets.hash('alice@mail.example')}`)).toBeNull();
  });

  it('creates an account with the given values only, and none with an undefined value', async () => {
    const { accounts, alice } = await withAlice();
    expect([alice.permissions, alice.email]).toEqual([[], undefined]);
    await expect(accounts.create({ username: 'bob', password: undefined } as never)).rejects.toThrow('The password of "bob" is undefined');
    await expect(accounts.create({ username: 'bob', emailVerified: true })).rejects.toThrow(
      'A verified e-mail address is one plain address',
    );
    await expect(accounts.create({ username: '' })).rejects.toThrow('A user name has 1 to 256 characters');
    expect(await accounts.findByUsername('bob')).toBeNull();
  });

  it('says which of name and address is taken', async () => {
    const { accounts } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    await expect(accounts.create({ username: 'Alice' })).rejects.toThrow('This user name is taken.');
    await expect(accounts.create({ username: 'bob', email: 'alice@mail.example', emailVerified: true })).rejects.toThrow('This e-mail address belongs to another account.'); // prettier-ignore
  });
});

describe('core/users/accounts, invitations', () => {
  it('makes a link to the sign-up page that carries what the account gets, for a week', async () => {
    const { accounts, as, clock } = await withAlice();
    const { url, expiresAt } = await accounts.invite({ email: 'Bob@Mail.example', permissions: ['admin'], name: 'Bob' });
    expect(expiresAt).toBe(clock.now() + 7 * 86_400);
    const { origin, pathname, searchParams } = new URL(url);
    expect([origin, pathname]).toEqual(['https://as.example', '/login/sign-up']);
    const token = searchParams.get('token') ?? '';
    const carries = await as.links.find('invitation', token);
    expect(carries).toEqual({ email: 'bob@mail.example', permissions: ['admin'], name: 'Bob', accountId: expect.stringMatching(/^[\w-]{22}$/) });
    clock.pass(7 * 86_400);
    expect(await as.links.find('invitation', token)).toBeNull();
  }); // prettier-ignore

  it('carries no address and no permission unless they are given, and lives as long as it should', async () => {
    const { accounts, as, clock } = await withAlice();
    const { url, expiresAt } = await accounts.invite({ ttl: 60 });
    expect(expiresAt).toBe(clock.now() + 60);
    const carries = await as.links.find('invitation', new URL(url).searchParams.get('token') ?? '');
    expect(carries).toEqual({ permissions: [], accountId: expect.anything() });
    expect(await accounts.invite()).toMatchObject({ expiresAt: clock.now() + 7 * 86_400 });
  });

  it('is refused where no one could use it', async () => {
    const { accounts } = await withAlice();
    await expect(accounts.invite({ email: 'no address' })).rejects.toThrow('accounts.invite: `email` is not an e-mail address.');
    await expect(makeServer().as.accounts.invite()).rejects.toThrow('accounts.invite: sign-up is off.');
  });
});

describe('core/users/accounts, removal', () => {
  it('frees name and address, ends grants, and uses the id never again', async () => {
    const { accounts, as, alice, clock, store } = await withAlice({ email: 'alice@mail.example', emailVerified: true });
    await as.records.openGrant(openGrant({ userId: alice.id, createdAt: clock.now(), expiresAt: clock.now() + 9000 }));
    await accounts.remove(alice.id);
    expect((await as.records.findGrant('grant'))?.ended).toMatchObject({ reason: 'user_signed_out' });
    expect([await accounts.find(alice.id), await accounts.findByUsername('alice')]).toEqual([null, null]);
    expect(await store.read(`username:${await as.secrets.hash(usernameKey('alice'))}`)).toBeNull();
    expect(await store.read(`email:${await as.secrets.hash('alice@mail.example')}`)).toBeNull();
    await expect(accounts.create(ALICE, alice.id)).rejects.toThrow('The account of this id was removed.');
    expect(await accounts.create(ALICE, 'another-id')).toMatchObject({ id: 'another-id' });
    await accounts.remove(alice.id); // again, as after an interruption
    expect(await accounts.findByUsername('alice')).toMatchObject({ id: 'another-id' });
  });

  it('removes an account without an address or a name of its own', async () => {
    const { accounts, alice } = await withAlice();
    await accounts.remove(alice.id);
    await accounts.remove('nobody');
    expect(await accounts.find(alice.id)).toBeNull();
  });
});

describe('core/users/accounts, sign-out', () => {
  const ref = { ids: ['r1', 'r2'], sealed: 'x' };
  const grants = [openGrant({ id: 'a', upstreams: ref }), openGrant({ id: 'b', upstreams: { ...ref, ids: ['r2', 'r3'] } }), openGrant({ id: 'c' })]; // prettier-ignore

  /** The upstream accounts that are released when one grant cannot be changed. */
  async function released(fault: Error | null): Promise<readonly string[]> {
    const calls: string[] = [];
    const records = {
      sessionsOf: async () => ({ keys: [] }),
      grantsOf: async () => ({ keys: grants.map(({ id }) => `grant:${id}`) }),
      changeGrant: async (id: string, change: (grant: unknown) => { readonly result: unknown }) => {
        if (id === 'b' && fault) throw fault;
        return change(grants.find((one) => one.id === id)).result;
      },
    };
    const parts = { settings: { formerStore: null }, records, consents: { forgetAll: async () => undefined }, vault: { release: async (_user: string, ids: readonly string[]) => void calls.push(...ids) } }; // prettier-ignore
    await signOut(parts as unknown as Parameters<typeof signOut>[0], 'user', 1);
    return calls;
  }

  it('releases the upstream accounts of every grant, each once, and leaves out a grant that has expired by now', async () => {
    expect(await released(null)).toEqual(['r1', 'r2', 'r3']);
    expect(await released(new OAuthError('invalid_grant', 'grant_unknown'))).toEqual(['r1', 'r2']);
    await expect(released(new OAuthError('temporarily_unavailable', 'store_down'))).rejects.toThrow();
    await expect(released(new TypeError('a fault of ours'))).rejects.toThrow('a fault of ours');
  });

  it('removes the second factor of an account', async () => {
    const { accounts, alice, as, clock } = await withAlice();
    const { secret, sealed } = await as.totps.offer(alice.id);
    await as.totps.confirm(alice.id, sealed, await oneTimeCode(secret, Math.floor(clock.now() / PERIOD)));
    expect(await as.totps.statusOf(alice.id)).not.toBeNull();
    await accounts.removeSecondFactor(alice.id);
    expect(await as.totps.statusOf(alice.id)).toBeNull();
  });
});
