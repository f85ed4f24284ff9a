import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { type AccountNames, makeAccountNames, makeEmails } from '../../../src/core/users/new-accounts.ts';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import { type AccountRecord, makeRecords, type Records } from '../../../src/core/records/records.ts';
import type { Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { type Clock, makeClock } from '../../../src/testing/clock.ts';
import { faultyStore } from '../../../src/testing/faulty-store.ts';

const ADA: AccountRecord = {
  v: 1,
  id: 'ada',
  username: 'ada',
  email: 'ada@mail.example',
  emailVerified: true,
  permissions: [],
  stamp: 's',
  createdAt: 1,
};

interface Made {
  readonly clock: Clock;
  readonly inner: Store;
  readonly records: Records;
  readonly fresh: AccountNames;
  idOf(username: string): Promise<string | null>;
  /** The same over a store that dies at its n-th operation. */
  dying(at: number): Promise<unknown>;
}

function make(): Made {
  const clock = makeClock();
  const inner = memoryStore(clock);
  const keys = makeSecrets({ ...makeRuntime(), now: clock.now });
  const over = (store: Store): AccountNames => makeAccountNames(store, keys, makeRecords(store), makeEmails(store, keys), clock.now);
  const records = makeRecords(inner);
  return {
    clock,
    inner,
    records,
    fresh: over(inner),
    idOf: async (username) => records.findAccountId(await keys.hash(username)),
    dying(at) {
      const faulty = faultyStore(inner);
      faulty.plan('kill-after', at);
      return Promise.race([over(faulty.store).open(ADA), faulty.killed]);
    },
  };
}

/** announced, name read, name written. */
const NAMED = 3;

describe('core/users/new-accounts', () => {
  it('an incomplete account reads as absent, and expires by itself', async () => {
    const { records, inner, clock, dying } = make();
    await dying(1);
    expect([await records.findAccount('ada'), (await inner.read('account:ada')) === null]).toEqual([null, false]);
    clock.pass(601);
    expect(await inner.read('account:ada')).toBeNull();
  });

  it('the next reader completes an interrupted account with name and address', async () => {
    for (const at of [1, NAMED, 5]) {
      const { records, fresh, idOf, clock, dying } = make();
      await dying(at);
      expect((await fresh.find('ada'))?.value).toEqual(ADA);
      clock.pass(601);
      expect([(await records.findAccount('ada'))?.value, await idOf('ada')]).toEqual([ADA, 'ada']);
    }
  });

  it('a name without an account is free again', async () => {
    const { fresh, idOf, clock, dying } = make();
    await dying(NAMED);
    expect(await fresh.open({ ...ADA, id: 'other', email: 'other@mail.example' })).toBe('username_taken');
    clock.pass(601);
    expect(await fresh.open({ ...ADA, id: 'third' })).toBe('open');
    expect(await idOf('ada')).toBe('third');
  });

  it('of concurrent accounts with one name exactly one is created, and no other stays', async () => {
    const { fresh, inner } = make();
    const ids = Array.from({ length: 20 }, (_, at) => `a${at}`);
    const opened = await Promise.all(ids.map((id) => fresh.open({ ...ADA, id, email: `${id}@mail.example` })));
    expect(opened.toSorted().slice(0, 2)).toEqual(['open', 'username_taken']);
    const left = await Promise.all(ids.map((id) => inner.read(`account:${id}`)));
    expect(left.filter((one) => one !== null).length).toBe(1);
  });

  it('a taken address leaves neither account nor name', async () => {
    const { fresh, inner, idOf } = make();
    await fresh.open(ADA);
    expect(await fresh.open({ ...ADA, id: 'eve', username: 'eve' })).toBe('email_taken');
    expect([await inner.read('account:eve'), await idOf('eve')]).toEqual([null, null]);
  });

  it('rejects if the store takes longer than an announcement lasts', async () => {
    const { clock, inner, records } = make();
    const keys = makeSecrets({ ...makeRuntime(), now: clock.now });
    const slow: Store = {
      atomic: true,
      write: (...about) => inner.write(...about),
      remove: (...about) => inner.remove(...about),
      list: (...about) => inner.list(...about),
      read(key) {
        clock.pass(601);
        return inner.read(key);
      },
    };
    await expect(makeAccountNames(slow, keys, records, makeEmails(slow, keys), clock.now).open(ADA)).rejects.toThrow('took too long');
    expect(await inner.read('account:ada')).toBeNull();
  });
});
