import { makeRuntime, makeStores } from '#under-test';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeKeys } from '../../src/core/keys.ts';
import { makePasskeys } from '../../src/core/passkeys.ts';
import type { Passkey, Passkeys } from '../../src/model/passkey.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { storeNames } from '../support/app.ts';

const clock = makeClock();
let passkeys: Passkeys;

const passkey = (over: Partial<Passkey> = {}): Passkey => ({
  id: 'a2V5',
  userId: 'ada',
  publicKey: 'cHVibGlj',
  counter: 0,
  transports: ['internal'],
  name: 'Phone',
  backupEligible: true,
  backedUp: true,
  createdAt: clock.now(),
  ...over,
});

describe.each(storeNames)('core/passkeys on %s', (name) => {
  beforeEach(async () => {
    const store = (await makeStores(clock.now)).find((one) => one.name === name)?.store;
    if (!store) throw new Error('no store');
    passkeys = makePasskeys({ store, keys: makeKeys(makeRuntime()), now: clock.now });
  });

  it('keeps several for one account, oldest first', async () => {
    const [old, young] = [passkey(), passkey({ id: 'bmV3', createdAt: clock.now() + 5 })];
    expect([await passkeys.add(young), await passkeys.add(old)]).toEqual([true, true]);
    expect(await passkeys.of('ada')).toEqual([old, young]);
    expect(await passkeys.find('a2V5')).toEqual(old);
    expect(await passkeys.of('bob')).toEqual([]);
  });

  it('takes no credential id twice, whoever comes with it, and of eight at once one (SEC-163)', async () => {
    const added = await Promise.all(
      ['ada', 'bob', 'eve', 'ada', 'bob', 'eve', 'ada', 'bob'].map((userId) => passkeys.add(passkey({ userId }))),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    const owner = (await passkeys.find('a2V5'))?.userId;
    expect(await passkeys.add(passkey({ userId: 'mallory' }))).toBe(false);
    expect((await passkeys.find('a2V5'))?.userId).toBe(owner);
  });

  it('renames and removes for nobody but the owner (SEC-163)', async () => {
    await passkeys.add(passkey());
    expect([await passkeys.rename('eve', 'a2V5', 'Mine'), await passkeys.remove('eve', 'a2V5')]).toEqual([false, false]);
    expect([await passkeys.rename('ada', 'bm9uZQ', 'Mine'), await passkeys.remove('ada', 'bm9uZQ')]).toEqual([false, false]);
    expect(await passkeys.find('a2V5')).toEqual(passkey());
    expect(await passkeys.rename('ada', 'a2V5', 'Laptop')).toBe(true);
    expect((await passkeys.of('ada')).map((one) => one.name)).toEqual(['Laptop']);
    const removed = await Promise.all([1, 2, 3, 4].map(() => passkeys.remove('ada', 'a2V5')));
    expect(removed.filter(Boolean)).toHaveLength(1);
    expect([await passkeys.find('a2V5'), await passkeys.of('ada')]).toEqual([null, []]);
  });

  it('notes when it was used and whether it is backed up', async () => {
    await passkeys.add(passkey());
    clock.pass(60);
    expect(await passkeys.use('a2V5', { counter: 0, backedUp: false })).toBe('used');
    expect(await passkeys.find('a2V5')).toMatchObject({ usedAt: clock.now(), backedUp: false, counter: 0 });
    expect(await passkeys.use('bm9uZQ', { counter: 0, backedUp: false })).toBe('gone');
  });

  it('refuses a counter that stands still, goes back or stops counting, and keeps the higher one (WebAuthn §6.1.1)', async () => {
    await passkeys.add(passkey({ counter: 5 }));
    for (const counter of [5, 4, 0]) expect(await passkeys.use('a2V5', { counter, backedUp: true })).toBe('counter');
    expect(await passkeys.use('a2V5', { counter: 6, backedUp: true })).toBe('used');
    expect((await passkeys.find('a2V5'))?.counter).toBe(6);
  });

  it('lets one counter value through once, however many come at once', async () => {
    await passkeys.add(passkey({ counter: 5 }));
    const uses = await Promise.all(Array.from({ length: 8 }, () => passkeys.use('a2V5', { counter: 6, backedUp: true })));
    expect(uses.filter((outcome) => outcome === 'used')).toHaveLength(1);
    expect(uses.filter((outcome) => outcome === 'counter')).toHaveLength(7);
  });

  it('does not bring back by a use what is removed meanwhile', async () => {
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
