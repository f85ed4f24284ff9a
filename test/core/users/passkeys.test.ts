import { makeRuntime, makeStores } from '#under-test';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import { makePasskeys } from '../../../src/core/users/passkeys.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import type { Passkey, Passkeys } from '../../../src/model/passkey.ts';
import type { Store } from '../../../src/model/store.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { storeNames } from '../../support/app.ts';
import { storedPasskey } from '../../support/stored-passkey.ts';

const clock = makeClock();
let passkeys: Passkeys;
let store: Store;
let events: NewEvent[];

const passkey = (over: Partial<Passkey> = {}): Passkey => storedPasskey({ createdAt: clock.now(), ...over });

describe.each(storeNames)('core/passkeys on %s', (name) => {
  beforeEach(async () => {
    const found = (await makeStores(clock.now)).find((one) => one.name === name)?.store;
    if (!found) throw new Error('no store');
    store = found;
    passkeys = makePasskeys({ store, secrets: makeSecrets(makeRuntime()), now: clock.now, emit: (event) => void events.push(event) });
    events = [];
  });

  it('keeps several for one account, oldest first', async () => {
    const [old, young] = [passkey(), passkey({ id: 'bmV3', createdAt: clock.now() + 5 })];
    expect([await passkeys.add(young), await passkeys.add(old)]).toEqual([true, true]);
    expect(await passkeys.of('ada')).toEqual([old, young]);
    expect(await passkeys.find('a2V5')).toEqual(old);
    expect(await passkeys.of('bob')).toEqual([]);
  });

  it('registers a credential id once, for any account and of eight concurrent ones (SEC-163)', async () => {
    const added = await Promise.all(
      ['ada', 'bob', 'eve', 'ada', 'bob', 'eve', 'ada', 'bob'].map((userId) => passkeys.add(passkey({ userId }))),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    const owner = (await passkeys.find('a2V5'))?.userId;
    expect(await passkeys.add(passkey({ userId: 'mallory' }))).toBe(false);
    expect((await passkeys.find('a2V5'))?.userId).toBe(owner);
  });

  it('renames and removes only for the owner (SEC-163)', async () => {
    await passkeys.add(passkey());
    expect([await passkeys.rename('eve', 'a2V5', 'Mine'), await passkeys.remove('eve', 'a2V5')]).toEqual([false, 'gone']);
    expect([await passkeys.rename('ada', 'bm9uZQ', 'Mine'), await passkeys.remove('ada', 'bm9uZQ')]).toEqual([false, 'gone']);
    expect(await passkeys.find('a2V5')).toEqual(passkey());
    expect(await passkeys.rename('ada', 'a2V5', 'Laptop')).toBe(true);
    expect((await passkeys.of('ada')).map((one) => one.name)).toEqual(['Laptop']);
    const removed = await Promise.all([1, 2, 3, 4].map(() => passkeys.remove('ada', 'a2V5')));
    expect(removed.toSorted()).toEqual(['gone', 'gone', 'gone', 'removed']);
    expect([await passkeys.find('a2V5'), await passkeys.of('ada')]).toEqual([null, []]);
  });

  it('keeps the last one under concurrent removals, and removes it if allowed', async () => {
    const ids = ['a2V5', 'bmV3', 'b2xk', 'b25l'];
    for (const id of ids) await passkeys.add(passkey({ id }));
    const removed = await Promise.all(ids.map((id) => passkeys.remove('ada', id, { keepLast: true })));
    expect(removed.toSorted()).toEqual(['last', 'removed', 'removed', 'removed']);
    const [last] = await passkeys.of('ada');
    expect(await passkeys.remove('ada', last?.id ?? '', { keepLast: true })).toBe('last');
    expect(await passkeys.remove('ada', last?.id ?? '')).toBe('removed');
    expect(await passkeys.of('ada')).toEqual([]);
  });

  it('counts an interrupted removal as pending for ten minutes', async () => {
    for (const id of ['a2V5', 'bmV3']) await passkeys.add(passkey({ id }));
    const remove = store.remove.bind(store);
    Object.assign(store, { remove: () => Promise.reject(new Error('died')) });
    await expect(passkeys.remove('ada', 'a2V5', { keepLast: true })).rejects.toThrow('died');
    Object.assign(store, { remove });
    expect(await passkeys.remove('ada', 'bmV3', { keepLast: true })).toBe('last');
    clock.pass(601);
    expect(await passkeys.remove('ada', 'bmV3', { keepLast: true })).toBe('removed');
  });

  it('emits an event for each passkey added, renamed or removed, and none otherwise', async () => {
    await passkeys.add(passkey());
    await passkeys.add(passkey());
    await passkeys.rename('ada', 'a2V5', 'Laptop');
    await passkeys.rename('eve', 'a2V5', 'Mine');
    await passkeys.remove('ada', 'a2V5', { keepLast: true });
    await passkeys.remove('ada', 'a2V5');
    await passkeys.remove('ada', 'a2V5');
    const about = { kind: 'factor.changed', factor: 'passkey', userId: 'ada' };
    expect(events).toEqual(['added', 'renamed', 'removed'].map((what) => ({ ...about, what })));
  });

  it('notes when it was used and whether it is backed up', async () => {
    await passkeys.add(passkey());
    clock.pass(60);
    expect(await passkeys.use('a2V5', { counter: 0, backedUp: false })).toBe('used');
    expect(await passkeys.find('a2V5')).toMatchObject({ usedAt: clock.now(), backedUp: false, counter: 0 });
    expect(await passkeys.use('bm9uZQ', { counter: 0, backedUp: false })).toBe('gone');
  });

  it('refuses a counter that does not increase, and stores the highest one (WebAuthn §6.1.1)', async () => {
    await passkeys.add(passkey({ counter: 5 }));
    for (const counter of [5, 4, 0]) expect(await passkeys.use('a2V5', { counter, backedUp: true })).toBe('counter');
    expect(await passkeys.use('a2V5', { counter: 6, backedUp: true })).toBe('used');
    expect((await passkeys.find('a2V5'))?.counter).toBe(6);
  });

  it('accepts one counter value once, for any number of simultaneous requests', async () => {
    await passkeys.add(passkey({ counter: 5 }));
    const uses = await Promise.all(Array.from({ length: 8 }, () => passkeys.use('a2V5', { counter: 6, backedUp: true })));
    expect(uses.filter((outcome) => outcome === 'used')).toHaveLength(1);
    expect(uses.filter((outcome) => outcome === 'counter')).toHaveLength(7);
  });

  it('does not restore by a use a passkey that is removed concurrently', async () => {
    await passkeys.add(passkey());
    await Promise.all([passkeys.use('a2V5', { counter: 0, backedUp: true }), passkeys.remove('ada', 'a2V5')]);
    expect(await passkeys.find('a2V5')).toBeNull();
  });

  it('removes all of an account, and nothing else', async () => {
    for (const id of ['MQ', 'Mg', 'Mw']) await passkeys.add(passkey({ id }));
    await passkeys.add(passkey({ id: 'NA', userId: 'bob' }));
    await passkeys.removeAll('ada');
    await passkeys.removeAll('ada');
    expect([await passkeys.of('ada'), (await passkeys.of('bob')).length]).toEqual([[], 1]);
  });
});
