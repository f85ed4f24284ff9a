import { makeRuntime, makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeAccounts } from '../../../src/core/users/accounts.ts';
import { signOut } from '../../../src/core/users/sign-out.ts';
import { makeAccountNames, makeEmails } from '../../../src/core/users/new-accounts.ts';
import { type Consents, makeConsents } from '../../../src/core/records/consents.ts';
import { makeLinks } from '../../../src/core/users/links.ts';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import { makePasskeys } from '../../../src/core/users/passkeys.ts';
import { makeTotps } from '../../../src/core/users/totp.ts';
import { makeRecords, type Records } from '../../../src/core/records/records.ts';
import type { Accounts } from '../../../src/model/account.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import type { Passkeys } from '../../../src/model/passkey.ts';
import type { ScryptCost } from '../../../src/model/runtime.ts';
import type { Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { openGrant, START } from '../../support/grants.ts';
import { makeServer } from '../../support/server.ts';

interface Made {
  readonly accounts: Accounts;
  readonly records: Records;
  readonly consents: Consents;
  readonly passkeys: Passkeys;
  readonly events: NewEvent[];
  readonly hashed: { password: string; cost: ScryptCost }[];
}

function makeOn(store: Store): Made {
  const machine = makeRuntime();
  const hashed: { password: string; cost: ScryptCost }[] = [];
  const runtime = {
    ...machine,
    now: () => START,
    scrypt: (password: string, salt: Uint8Array<ArrayBuffer>, cost: ScryptCost) => {
      hashed.push({ password, cost });
      return machine.scrypt!(password, salt, { ...cost, ln: 4, p: 1 });
    },
  };
  const [records, secrets] = [makeRecords(store), makeSecrets(runtime)];
  const consents = makeConsents(store, secrets, runtime.now);
  const links = makeLinks({ store, secrets, now: runtime.now });
  const events: NewEvent[] = [];
  const passkeys = makePasskeys({ store, secrets, now: runtime.now, emit: () => {} });
  const emails = makeEmails(store, secrets);
  const totps = makeTotps({ store, secrets, keyring: null, runtime, emit: () => {} });
  const accounts = makeAccounts({
    settings: { formerStore: null },
    store,
    vault,
    records,
    consents,
    secrets,
    runtime,
    passkeys,
    emails,
    newAccounts: makeAccountNames(store, secrets, records, emails, runtime.now),
    totps,
    links,
    signUpUrl: null,
    emit: (event) => void events.push(event),
  });
  return { accounts, records, consents, passkeys, hashed, events };
}
const make = (): Made => makeOn(memoryStore({ now: () => START }));
const ALICE = { username: 'alice', password: 'correct horse' };

const vault = { release: async (): Promise<void> => undefined, releaseAll: async (): Promise<void> => {} }; // no account here has any at another site

describe('core/users/accounts', () => {
  it('hashes with scrypt at N = 2^14, r = 8, p = 5, and never returns the hash', async () => {
    const { accounts, hashed, records } = make();
    const account = await accounts.create({ ...ALICE, name: 'Alice', permissions: ['admin'] });
    expect(account).toEqual({
      id: account.id,
      username: 'alice',
      name: 'Alice',
      permissions: ['admin'],
      stamp: account.stamp,
      createdAt: START,
    });
    expect(hashed.map(({ cost }) => cost)).toEqual([{ ln: 14, r: 8, p: 5 }]);
    expect((await records.findAccount(account.id))?.value.passwordHash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[\w-]{22}\$[\w-]{43}$/);
  });

  it('takes a member that is undefined for one that is not given', async () => {
    const { accounts } = make();
    const account = await accounts.create({ username: 'bob', name: undefined, permissions: undefined });
    expect(account.permissions).toEqual([]);
    expect(account).not.toHaveProperty('name');
  });

  it('creates an account without a password, which no password opens, in the same time, until one is set', async () => {
    const { accounts, hashed } = make();
    const account = await accounts.create({ username: 'bob' }, 'the-id-that-was-asked-for');
    expect(account).toMatchObject({ id: 'the-id-that-was-asked-for', withoutPassword: true });
    expect(hashed).toEqual([]);
    for (const password of ['', 'AAAAAAAA']) expect(await accounts.checkPassword('bob', password)).toBeNull();
    expect(hashed.length).toBe(2);
    await accounts.setPassword(account.id, 'correct horse');
    expect(await accounts.checkPassword('bob', 'correct horse')).not.toHaveProperty('withoutPassword');
    await expect(accounts.create({ username: 'carol' }, account.id)).rejects.toThrow('generated twice');
    expect(await accounts.findByUsername('carol')).toBeNull();
  });

  it('tells the operator of a password that was set, and of none that was not', async () => {
    const { accounts, events } = make();
    const account = await accounts.create(ALICE);
    expect(await accounts.setPassword(account.id, 'another horse', 'not the stamp')).toBeNull();
    expect(events).toEqual([]);
    await accounts.setPassword(account.id, 'another horse');
    expect(events).toEqual([{ kind: 'factor.changed', factor: 'password', userId: account.id, what: 'changed' }]);
  });

  it('removes the passkeys of an account with it', async () => {
    const { accounts, passkeys } = make();
    const { id: userId } = await accounts.create(ALICE);
    const key = { id: 'a2V5', publicKey: 'aA', counter: 0, transports: [], backupEligible: false, backedUp: false };
    await passkeys.add({ ...key, userId, name: 'Phone', createdAt: START });
    await accounts.remove(userId);
    expect(await passkeys.find('a2V5')).toBeNull();
  });

  it('does the same work for a wrong password and an unknown name', async () => {
    const { accounts, hashed } = make();
    await accounts.create(ALICE);
    hashed.length = 0;
    expect([await accounts.checkPassword('alice', 'wrong'), await accounts.checkPassword('nobody', 'wrong')]).toEqual([null, null]);
    expect(hashed[0]).toEqual(hashed[1]);
    expect((await accounts.checkPassword('ALICE ', 'correct horse'))?.username).toBe('alice');
  });

  it('SEC-159 truncates no password, and accepts it in either Unicode form', async () => {
    const { accounts } = make();
    await accounts.create({ username: 'a', password: `${'x'.repeat(80)}1` });
    await accounts.create({ username: 'é', password: 'pâssword-é' });
    expect(await accounts.checkPassword('a', `${'x'.repeat(80)}2`)).toBeNull();
    expect(await accounts.checkPassword('a', 'x'.repeat(80))).toBeNull();
    expect(await accounts.checkPassword('é'.normalize('NFD'), 'pâssword-é'.normalize('NFD'))).not.toBeNull();
  });

  it('assigns a name once, in any spelling and for any number of concurrent requests', async () => {
    for (const { store } of await makeStores(() => START)) {
      const { accounts } = makeOn(store);
      const all = await Promise.allSettled(
        ['Bob', 'bob', ' BOB ', 'ＢＯＢ'].map((username) => accounts.create({ username, password: 'correct horse' })),
      );
      expect(all.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
      expect((await accounts.findByUsername('bOb'))?.username).toBe('bob');
    }
  });

  it.each([
    { username: '' },
    { username: '   ' },
    { username: 'x'.repeat(257) },
    { username: 'a\u0000b' },
    { password: 'short' },
    { password: 'x'.repeat(1025) },
    { password: 'with\0nul' },
  ])('refuses %j in words', async (more) => {
    await expect(make().accounts.create({ ...ALICE, ...more })).rejects.toThrow(TypeError);
  });

  it('SEC-053 ends grants and sessions with the password and with the account, over many pages', async () => {
    const { accounts, records } = make();
    const { id } = await accounts.create(ALICE);
    const fill = async (): Promise<void> => {
      for (let at = 0; at < 250; at++) {
        await records.openGrant(openGrant({ id: `${Math.random()}`, userId: id }));
        await records.openSession(`${Math.random()}`, { v: 1, userId: id, claims: {}, createdAt: START, expiresAt: START + 60 });
      }
    };
    const living = async (): Promise<number> => {
      let count = 0;
      for (let after: string | undefined, more = true; more;) {
        const page = await records.grantsOf(id, after);
        for (const key of page.keys) if (!(await records.findGrant(key.slice(6)))?.ended) count++;
        after = page.next;
        more = after !== undefined;
      }
      return count + (await records.sessionsOf(id)).keys.length;
    };
    await fill();
    expect(await living()).toBeGreaterThan(250);
    await accounts.setPassword(id, 'another horse');
    expect([await living(), await accounts.checkPassword('alice', 'correct horse')]).toEqual([0, null]);
    await fill();
    await accounts.remove(id);
    expect([await living(), await accounts.find(id), await accounts.findByUsername('alice'), await accounts.permissionsOf(id)]).toEqual([
      0,
      null,
      null,
      [],
    ]);
    expect((await accounts.create(ALICE)).id).not.toBe(id);
  });

  it('FLT-04 completes an interrupted sign-out', async () => {
    const { as } = makeServer();
    const { records } = as;
    for (let at = 0; at < 20; at++) await records.openGrant(openGrant({ id: `g${at}`, userId: 'u' }));
    let left = 7;
    const cut: Records = {
      ...records,
      changeGrant: (grant, move) => (left-- > 0 ? records.changeGrant(grant, move) : Promise.reject(new Error('crash'))),
    };
    await expect(signOut({ ...as, records: cut }, 'u', START)).rejects.toThrow('crash');
    await signOut(as, 'u', START);
    for (let at = 0; at < 20; at++) expect((await records.findGrant(`g${at}`))?.ended).not.toBeNull();
  });

  it('changes permissions at once, and only those of an account that is there', async () => {
    const { accounts } = make();
    const { id } = await accounts.create(ALICE);
    await Promise.all([accounts.setPermissions(id, ['a']), accounts.setPassword(id, 'another horse')]);
    expect([await accounts.permissionsOf(id), await accounts.permissionsOf('nobody')]).toEqual([['a'], []]);
    await expect(accounts.setPermissions('nobody', ['a'])).rejects.toThrow('no account');
  });

  it('finds an account only by a verified address, in any spelling, which belongs to one account', async () => {
    const { accounts } = make();
    await accounts.create({ ...ALICE, email: 'ada@mail.example' });
    expect(await accounts.findByEmail('ada@mail.example')).toBeNull();
    const ada = await accounts.create({ username: 'ada', email: 'Ada@mail.example', emailVerified: true });
    expect(await accounts.findByEmail(' ａda@MAIL.example ')).toMatchObject({ id: ada.id, emailVerified: true, withoutPassword: true });
    await expect(accounts.create({ username: 'eve', email: 'ada@mail.example', emailVerified: true })).rejects.toThrow(
      'This e-mail address belongs to another account.',
    );
    expect(await accounts.findByUsername('eve')).toBeNull();
    await expect(accounts.create({ username: 'eve', email: 'ada', emailVerified: true })).rejects.toThrow('one plain address');
  });

  it('frees the address of a removed account, also after an interrupted removal', async () => {
    const { accounts, records } = make();
    const ada = await accounts.create({ username: 'ada', email: 'ada@mail.example', emailVerified: true });
    await accounts.remove(ada.id);
    const again = await accounts.create({ username: 'ada', email: 'ada@mail.example', emailVerified: true });
    await records.removeAccount(again.id); // the process died before the address was free
    expect(await accounts.findByEmail('ada@mail.example')).toBeNull();
    await accounts.create({ username: 'grace', email: 'ada@mail.example', emailVerified: true });
  });
});
