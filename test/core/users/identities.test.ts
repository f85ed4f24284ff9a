import { describe, expect, it } from 'vitest';
import {
  accountNameOf,
  announceRemoval,
  findIdentity,
  identitiesOf,
  makeLinkedLogins,
  mayRemoveIdentity,
  removeIdentity,
  updateAccountName,
  upstreamEmailOf,
} from '../../../src/core/users/identities.ts';
import type { Identity } from '../../../src/model/identity.ts';
import type { Passkeys } from '../../../src/model/passkey.ts';
import type { Store } from '../../../src/model/store.ts';
import type { Totps } from '../../../src/model/totp.ts';
import { makeServer } from '../../support/server.ts';

const identityOf = (claims: object): Identity => ({ issuer: 'https://idp.example', subject: 'sub-1', claims }) as unknown as Identity;
const record = (userId: string, more: object = {}) => ({ v: 1, userId, issuer: 'https://idp.example', createdAt: 1, ...more });
async function put(store: Store, hash: string, value: object, user = 'u1'): Promise<void> {
  await store.write(`identity:${hash}`, value as never, 'any', { index: [`identities:${user}`] });
}

describe('core/users/identities', () => {
  it('lists the identities of a user, over every page, and none of another user that the list names', async () => {
    const { store } = makeServer();
    await put(store, 'a', record('u1', { account: 'ada', createdAt: 7 }));
    await put(store, 'b', record('u1'));
    await put(store, 'c', record('u2')); // moved meanwhile
    await put(store, 'd', { ...record('u1'), v: 2 });
    const keys = (await store.list('identities:u1')).keys.filter((key) => key.startsWith('identity:'));
    const list: Store['list'] = async (index, after) => {
      expect(index).toBe('identities:u1');
      const at = after === undefined ? 0 : Number(after);
      return { keys: keys.slice(at, at + 1), ...(at + 1 < keys.length && { next: String(at + 1) }) };
    };
    const paged = { read: store.read.bind(store), list } as unknown as Store;
    expect(await identitiesOf({ store: paged }, 'u1')).toEqual([
      { hash: 'a', issuer: 'https://idp.example', account: 'ada', createdAt: 7 },
      { hash: 'b', issuer: 'https://idp.example', account: null, createdAt: 1 },
    ]);
    expect(await identitiesOf({ store }, 'nobody')).toEqual([]);
  });

  it('removes an identity for its user only', async () => {
    const { store } = makeServer();
    await put(store, 'a', record('u1'));
    expect([await removeIdentity({ store }, 'u2', 'a'), await removeIdentity({ store }, 'u1', 'none')]).toEqual([false, false]);
    expect(await findIdentity(store, 'a')).not.toBeNull();
    expect([await removeIdentity({ store }, 'u1', 'a'), await removeIdentity({ store }, 'u1', 'a')]).toEqual([true, false]);
    expect(await findIdentity(store, 'a')).toBeNull();
  });

  it('removes the kinds of linked logins that are named, and no other', async () => {
    const { store } = makeServer();
    const removed: string[] = [];
    const passkeys = { removeAll: async () => void removed.push('passkeys') } as unknown as Passkeys;
    const totps = { remove: async () => removed.push('secondFactor') > 0 } as unknown as Totps;
    const signIns = makeLinkedLogins({ store, passkeys, totps, emit: () => removed.push('identities') });
    for (const kind of ['passkeys', 'secondFactor', 'identities'] as const) {
      await put(store, 'a', record('u1'));
      await signIns.removeAll('u1', [kind]);
      expect(removed.splice(0)).toEqual([kind]);
    }
  });

  it('removes none that another user has got between its read and its removal, and one whose name changed meanwhile', async () => {
    for (const [owner, result] of [
      ['u2', false],
      ['u1', true],
    ] as const) {
      const { store } = makeServer();
      await put(store, 'a', record('u1'));
      let isFirst = true;
      const read: Store['read'] = async (key) => {
        const stored = await store.read(key);
        if (isFirst) await put(store, 'a', record(owner, { account: 'new' }), owner);
        isFirst = false;
        return stored;
      };
      const over = { store: { read, write: store.write.bind(store), remove: store.remove.bind(store) } };
      expect(await removeIdentity(over, 'u1', 'a')).toBe(result);
      expect((await findIdentity(store, 'a'))?.value.userId).toBe(result ? undefined : 'u2');
    }
  });

  it('gives the verified address that was linked first, and nothing that is more or less than one address', async () => {
    const { store } = makeServer();
    for (const [at, odd] of ['a@b.example\nBcc: c@d.example', 'a@b.example, c@d.example', 'ada', ''].entries())
      await put(store, `odd${at}`, record('u1', { account: odd, isEmail: true, createdAt: at }));
    await put(store, 'name', record('u1', { account: 'name@b.example' })); // anyone may call themselves so
    expect(await upstreamEmailOf({ store }, 'u1')).toBeUndefined();
    await put(store, 'later', record('u1', { account: 'later@b.example', isEmail: true, createdAt: 8 }));
    await put(store, 'none', record('u1', { isEmail: true }));
    await put(store, 'first', record('u1', { account: 'first@b.example', isEmail: true, createdAt: 7 }));
    expect(await upstreamEmailOf({ store }, 'u1')).toBe('first@b.example');
  });

  it('updates the name of the account where it has changed, and stays in the list of its user', async () => {
    const { store } = makeServer();
    await put(store, 'a', record('u1'));
    const found = await findIdentity(store, 'a');
    if (!found) throw new Error('It is stored.');
    const options: unknown[] = [];
    const write: Store['write'] = (...all) => (options.push(all[3]), store.write(...all));
    await updateAccountName({ write } as Store, 'a', found, { account: 'ada' });
    expect(options).toEqual([{ index: ['identities:u1', 'identities:/all', 'identities:/account/ada'] }]); // a write replaces the lists of the one before
    const renamed = await findIdentity(store, 'a');
    expect(renamed?.value).toEqual(record('u1', { account: 'ada' }));
    expect((await store.list('identities:u1')).keys).toEqual(['identity:a']);
    await updateAccountName(store, 'a', found, { account: 'grace' }); // by an older read
    await updateAccountName(store, 'a', renamed ?? found, { account: 'ada' });
    expect(await findIdentity(store, 'a')).toEqual(renamed);
    await updateAccountName(store, 'a', renamed ?? found, { account: 'ada', isEmail: true });
    const verified = await findIdentity(store, 'a');
    expect(verified?.value).toEqual(record('u1', { account: 'ada', isEmail: true }));
    await updateAccountName(store, 'a', verified ?? found, { account: 'ada' });
    expect((await findIdentity(store, 'a'))?.value).toEqual(record('u1', { account: 'ada' }));
  });

  it('takes a record of another format for none', async () => {
    const { store } = makeServer();
    for (const bad of [
      { ...record('u1'), v: 2 },
      { v: 1, userId: 'u1', issuer: 'x' },
    ]) {
      await put(store, 'a', bad);
      expect(await findIdentity(store, 'a')).toBeNull();
    }
  });

  it('names an account by a verified address, else by a user name, else by its id, never by a name that can be copied', () => {
    const names: readonly (readonly [claims: object, name: string])[] = [
      [{ email: 'a@b.example', email_verified: true, preferred_username: 'ada' }, 'a@b.example'],
      [{ email: 'a@b.example', email_verified: false, preferred_username: 'ada' }, 'ada'],
      [{ email: 'a@b.example', email_verified: 'true', name: 'Ada' }, 'sub-1'],
      [{ email: '', email_verified: true, preferred_username: '' }, 'sub-1'],
      [{ email: 7, email_verified: true, preferred_username: ['x'] }, 'sub-1'],
      [{ preferred_username: 'x'.repeat(300) }, 'x'.repeat(254)],
    ];
    for (const [claims, name] of names) expect(accountNameOf(identityOf(claims)).account).toBe(name);
    const addresses = names.filter(([claims]) => accountNameOf(identityOf(claims)).isEmail).map(([, name]) => name);
    expect(addresses).toEqual(['a@b.example']);
    const email = `${'x'.repeat(254)}@b.example`;
    expect(accountNameOf(identityOf({ email, email_verified: true }))).toEqual({ account: email.slice(0, 254) });
    const same = { email: 'a@b.example', email_verified: false, preferred_username: 'a@b.example' };
    expect(accountNameOf(identityOf(same))).toEqual({ account: 'a@b.example' }); // anyone may call themselves so
  });

  it('lets none go that would be the last one, counting removals that were announced in ten minutes', async () => {
    const { as, store, clock } = makeServer();
    const key = 'identities-leaving:u1';
    const ids = async (): Promise<unknown> => ((await store.read(key))?.value as { readonly ids?: unknown } | undefined)?.ids;
    const announce = (id: string, ...present: string[]) => announceRemoval(as, key, { id, present: async () => present, now: clock.now() });
    expect([await announce('a', 'a'), await announce('a'), await ids()]).toEqual([false, false, undefined]);
    expect([await announce('a', 'a', 'b', 'c'), await announce('a', 'a', 'b', 'c'), await ids()]).toEqual([true, true, ['a']]);
    expect([await announce('b', 'a', 'b', 'c'), await ids()]).toEqual([true, ['a', 'b']]);
    expect([await announce('c', 'a', 'b', 'c'), await ids()]).toEqual([false, ['a', 'b']]);
    expect([await announce('c', 'b', 'c', 'd'), await ids()]).toEqual([true, ['b', 'c']]); // what is gone is forgotten
    clock.pass(599);
    expect(await announce('d', 'b', 'c', 'd')).toBe(false);
    clock.pass(1);
    expect([await announce('d', 'b', 'c', 'd'), await ids()]).toEqual([true, ['d']]);
    for (const other of [{ v: 2, ids: ['b'] }, { v: 1 }]) {
      await store.write(key, other, 'any', {});
      await expect(announce('c', 'b', 'c')).rejects.toMatchObject({ status: 503 });
      expect((await store.read(key))?.value).toEqual(other);
    }
  });

  it('counts the removals of each user apart', async () => {
    const { as, store, clock } = makeServer();
    for (const user of ['u1', 'u2']) for (const at of [1, 2]) await put(store, `${user}-${at}`, record(user), user);
    const may = (user: string, at: number) => mayRemoveIdentity(as, user, `${user}-${at}`, clock.now());
    expect([await may('u1', 1), await may('u2', 1), await may('u2', 2), await may('u1', 2)]).toEqual([true, true, false, false]);
    expect((await store.read('identities-leaving:u2'))?.value).toEqual({ v: 1, ids: ['u2-1'] });
  });
});
