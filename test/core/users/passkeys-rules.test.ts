/** Who owns a challenge and a passkey, and what is stored, on each store. */
import { makeRuntime, makeStores } from '#under-test';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import { makePasskeys } from '../../../src/core/users/passkeys.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import { CHALLENGE_TTL, type Passkey, type Passkeys } from '../../../src/model/passkey.ts';
import type { Key, Store } from '../../../src/model/store.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { storeNames } from '../../support/app.ts';
import { storedPasskey } from '../../support/stored-passkey.ts';

const clock = makeClock();
const secrets = makeSecrets(makeRuntime());
let passkeys: Passkeys;
let store: Store;
let events: NewEvent[];

const passkey = (over: Partial<Passkey> = {}): Passkey => storedPasskey({ createdAt: clock.now(), ...over });

const keysOf = async (userId: string): Promise<readonly Key[]> => (await store.list(`passkeys:${userId}`)).keys;

/** What is written while an action runs, the key without its hash. */
async function writtenBy(act: () => Promise<unknown>): Promise<unknown[]> {
  const write = store.write.bind(store);
  const written: unknown[] = [];
  Object.assign(store, {
    write: (...[key, value, when, options]: Parameters<Store['write']>) => {
      written.push([key.replace(/:[\w-]{43}$/, ':HASH'), value, when, options]);
      return write(key, value, when, options);
    },
  });
  await act();
  Object.assign(store, { write });
  return written;
}

describe.each(storeNames)('core/passkeys, rules, on %s', (name) => {
  beforeEach(async () => {
    const found = (await makeStores(clock.now)).find((one) => one.name === name)?.store;
    if (!found) throw new Error('no store');
    store = found;
    events = [];
    passkeys = makePasskeys({ store, secrets, now: clock.now, emit: (event) => void events.push(event) });
  });

  it('takes a challenge for the user it was opened for only, and leaves it open otherwise (SEC-163)', async () => {
    const challenge = await passkeys.openChallenge('ada');
    expect(await passkeys.takeChallenge('eve', challenge)).toBe(false);
    expect(await passkeys.takeChallenge('ada', `${challenge}x`)).toBe(false);
    expect(await passkeys.takeChallenge('ada', await passkeys.openChallenge('eve'))).toBe(false);
    const taken = await Promise.all([1, 2, 3, 4].map(() => passkeys.takeChallenge('ada', challenge)));
    expect(taken.filter(Boolean)).toEqual([true]);
    expect(await passkeys.takeChallenge('ada', challenge)).toBe(false);
  });

  it('takes a challenge until its lifetime is over (SEC-163)', async () => {
    const [early, late] = [await passkeys.openChallenge('ada'), await passkeys.openChallenge('ada')];
    clock.pass(CHALLENGE_TTL - 1);
    expect(await passkeys.takeChallenge('ada', early)).toBe(true);
    clock.pass(2);
    expect(await passkeys.takeChallenge('ada', late)).toBe(false);
  });

  it('takes no challenge of another format, nor one without a user (SEC-163)', async () => {
    for (const value of [{ v: 2, userId: 'ada' }, { v: 1 }]) {
      const challenge = secrets.secret();
      await store.write(`passkey-challenge:${await secrets.hash(challenge)}`, value, 'absent');
      expect(await passkeys.takeChallenge('ada', challenge)).toBe(false);
    }
  });

  it('writes a challenge and a passkey once, each as a kind of its own, and lists the passkey for its owner', async () => {
    const until = clock.now() + CHALLENGE_TTL;
    expect(await writtenBy(() => passkeys.openChallenge('ada'))).toEqual([
      ['passkey-challenge:HASH', { v: 1, userId: 'ada' }, 'absent', { until }],
    ]);
    expect(await writtenBy(() => passkeys.add(passkey()))).toEqual([
      ['passkey:HASH', { v: 1, ...passkey() }, 'absent', { index: ['passkeys:ada'] }],
    ]);
    expect(await keysOf('ada')).toEqual([`passkey:${await secrets.hash('passkey\na2V5')}`]);
  });

  it('says of the passkey of another user that it is gone, and announces no removal (SEC-163)', async () => {
    await passkeys.add(passkey());
    expect(await passkeys.remove('eve', 'a2V5', { keepLast: true })).toBe('gone');
    for (const id of ['ZXZl', 'ZXZlMg']) await passkeys.add(passkey({ id, userId: 'eve' }));
    expect(await passkeys.remove('eve', 'a2V5', { keepLast: true })).toBe('gone');
    expect(await store.read('passkeys-leaving:eve')).toBeNull();
    expect(await passkeys.find('a2V5')).toEqual(passkey());
  });

  it('removes nothing that became the passkey of another user meanwhile, and tells no removal (SEC-163)', async () => {
    await passkeys.add(passkey());
    events = [];
    const read = store.read.bind(store);
    const swap = async (key: Key): ReturnType<Store['read']> => {
      const stored = await read(key);
      Object.assign(store, { read });
      await store.remove(key);
      await passkeys.add(passkey({ userId: 'bob' }));
      return stored;
    };
    Object.assign(store, { read: swap });
    expect(await passkeys.remove('ada', 'a2V5')).toBe('gone');
    expect(await passkeys.find('a2V5')).toEqual(passkey({ userId: 'bob' }));
    expect(events).toEqual([{ kind: 'factor.changed', factor: 'passkey', userId: 'bob', what: 'added' }]);
  });

  it('neither shows nor removes what a list has of another user, or what is gone (SEC-163)', async () => {
    await passkeys.add(passkey());
    await passkeys.add(passkey({ id: 'ZXZl', userId: 'eve' }));
    const [evesKey = 'none:'] = await keysOf('eve');
    const list = store.list.bind(store);
    Object.assign(store, {
      list: async (...all: Parameters<Store['list']>) => ({ keys: [evesKey, 'passkey:none', ...(await list(...all)).keys] }),
    });
    expect(await passkeys.of('ada')).toEqual([passkey()]);
    await passkeys.removeAll('ada');
    expect([await passkeys.find('a2V5'), await passkeys.find('ZXZl')]).toEqual([null, passkey({ id: 'ZXZl', userId: 'eve' })]);
  });

  it('reads a list to its last page, for what it shows and for what it removes', async () => {
    const ids = ['MQ', 'Mg', 'Mw'];
    for (const id of ids) await passkeys.add(passkey({ id }));
    const list = store.list.bind(store);
    const onePerPage = async (index: `${string}:${string}`, after?: string): ReturnType<Store['list']> => {
      const [{ keys }, at] = [await list(index), Number(after ?? 0)];
      return { keys: keys.slice(at, at + 1), ...(at + 1 < keys.length ? { next: String(at + 1) } : {}) };
    };
    Object.assign(store, { list: onePerPage });
    expect((await passkeys.of('ada')).map(({ id }) => id).toSorted()).toEqual(ids);
    await passkeys.removeAll('ada');
    expect(await Promise.all(ids.map((id) => passkeys.find(id)))).toEqual([null, null, null]);
  });

  it('announces a removal once, together with those that still go on', async () => {
    for (const id of ['MQ', 'Mg', 'Mw']) await passkeys.add(passkey({ id }));
    const announced = async (): Promise<unknown> => (await store.read('passkeys-leaving:ada'))?.value;
    expect(await passkeys.remove('ada', 'MQ', { keepLast: true })).toBe('removed');
    const remove = store.remove.bind(store);
    Object.assign(store, { remove: () => Promise.reject(new Error('died')) });
    for (let tries = 0; tries < 2; tries++) {
      await expect(passkeys.remove('ada', 'Mg', { keepLast: true })).rejects.toThrow('died');
      expect(await announced()).toEqual({ v: 1, ids: ['Mg'] });
    }
    Object.assign(store, { remove });
    expect(await passkeys.remove('ada', 'Mg', { keepLast: true })).toBe('removed');
    expect(await passkeys.remove('ada', 'Mw', { keepLast: true })).toBe('last');
  });

  it('removes nothing while it cannot read what is being removed, if one must stay', async () => {
    for (const id of ['MQ', 'Mg']) await passkeys.add(passkey({ id }));
    for (const value of [{ v: 2, ids: [] }, { v: 1 }]) {
      await store.remove('passkeys-leaving:ada');
      await store.write('passkeys-leaving:ada', value, 'absent');
      await expect(passkeys.remove('ada', 'MQ', { keepLast: true })).rejects.toMatchObject({ reason: 'passkeys_leaving_unreadable' });
    }
    expect(await passkeys.of('ada')).toHaveLength(2);
  });

  it('accepts no passkey of another format, nor one that lacks a field', async () => {
    await passkeys.add(passkey());
    const [key = 'none:'] = await keysOf('ada');
    const { publicKey: _gone, ...incomplete } = passkey();
    for (const value of [
      { v: 2, ...passkey() },
      { v: 1, ...incomplete },
    ]) {
      await store.remove(key);
      await store.write(key, value, 'absent', { index: ['passkeys:ada'] });
      expect([await passkeys.find('a2V5'), await passkeys.of('ada')]).toEqual([null, []]);
      expect(await passkeys.use('a2V5', { counter: 1, backedUp: true })).toBe('gone');
      expect(await passkeys.add(passkey({ userId: 'eve' }))).toBe(false);
    }
  });
});
