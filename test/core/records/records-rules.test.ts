/** Each operation by itself: the key that it reads and writes, how long the record lives, which lists name it, and what it takes for none. */
import type { NewEvent } from '../../../src/model/event.ts';
import { describe, expect, it } from 'vitest';
import { lifeOfSession, makeRecords, type Records, type Session } from '../../../src/core/records/records.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { Grant } from '../../../src/model/grant.ts';
import { end } from '../../../src/model/grant.ts';
import { NothingDone, type Json, type Key, type Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { openGrant, START } from '../../support/grants.ts';

const CLIENT = { id: 'c', redirectUris: [], applicationType: 'web', grantTypes: [], authMethod: 'none', createdAt: 1 } as const;
const PENDING = { v: 1, clientId: 'c', redirectUri: 'r', scope: [], resource: 'r', challenge: 'x', browserHash: 'b', expiresAt: START + 60 } as const; // prettier-ignore
const SESSION: Session = { v: 1, userId: 'u', claims: {}, createdAt: START, expiresAt: START + 60 };
const ACCOUNT = { v: 1, id: 'a', username: 'ada', stamp: 's', permissions: [], createdAt: 1 } as const;

function makeWorld(change: (plain: Store, whole: Store) => Partial<Store> = () => ({})) {
  const clock = makeClock(START);
  const inner = memoryStore(clock);
  const plain = { atomic: inner.atomic, read: inner.read.bind(inner), write: inner.write.bind(inner), remove: inner.remove.bind(inner), list: inner.list.bind(inner) } as Store; // prettier-ignore
  const [ended, changed]: [NewEvent[], string[]] = [[], []];
  const records = makeRecords({ ...plain, ...change(plain, inner) }, (event) => void ended.push(event), (id) => void changed.push(id)); // prettier-ignore
  const at = async (key: Key): Promise<Json | undefined> => (await inner.read(key))?.value;
  return { clock, store: inner, records, ended, changed, at };
}
const listed = async (store: Store, index: `${string}:${string}`) => (await store.list(index)).keys;

/** What finds a record, the key that it reads, a good one, and the members that it must have. */
const FINDS: readonly (readonly [find: (records: Records) => Promise<unknown>, key: Key, good: Json, members: readonly string[]])[] = [
  [(records) => records.findGrant('x'), 'grant:x', openGrant() as unknown as Json, ['v', 'id', 'clientId', 'userId', 'access', 'retired', 'lifetimes']],
  [async (records) => (await records.readGrant('x'))?.value ?? null, 'grant:x', openGrant() as unknown as Json, ['v', 'id']],
  [(records) => records.findClient('x'), 'client:x', CLIENT, ['id', 'redirectUris', 'authMethod', 'grantTypes']],
  [(records) => records.findClientStale('x'), 'client:x', CLIENT, ['id']],
  [(records) => records.findDocument('x'), 'document:x', CLIENT, ['id']],
  [(records) => records.findPending('x'), 'pending:x', PENDING, ['v', 'clientId', 'redirectUri', 'challenge', 'browserHash']],
  [(records) => records.findSession('x'), 'session:x', SESSION as unknown as Json, ['v', 'userId', 'claims', 'expiresAt']],
  [async (records) => (await records.findAccount('x'))?.value ?? null, 'account:x', ACCOUNT, ['v', 'id', 'username', 'stamp']],
]; // prettier-ignore

describe('core/records/records, finding', () => {
  it.each(FINDS)('reads a record by its key and shape (%#)', async (find, key, good, members) => {
    const { store, records } = makeWorld();
    expect(await find(records)).toBeNull();
    await store.write(key, good, 'any', {});
    expect(await find(records)).toEqual(good);
    for (const member of members) {
      await store.write(key, { ...(good as object), [member]: undefined } as unknown as Json, 'any', {});
      expect([member, await find(records)]).toEqual([member, null]);
    }
  });

  it('tells the record that a client was read from, of the client that it gave alone', async () => {
    const { store, records } = makeWorld();
    await store.write('client:x', CLIENT, 'any', {});
    const client = await records.findClient('x');
    if (!client) throw new Error('It is stored.');
    expect(records.storedClient(client)).toEqual(await store.read('client:x'));
    expect(records.storedClient({ ...client })).toBeUndefined();
  });

  it('takes a client that is being deleted, and an account that is being made, for none', async () => {
    const { store, records } = makeWorld();
    await store.write('client:x', { ...CLIENT, deletedAt: 1 }, 'any', {});
    await store.write('account:x', { ...ACCOUNT, announced: true }, 'any', {});
    expect([await records.findClient('x'), await records.findAccount('x')]).toEqual([null, null]);
  });

  it('reads a client that may be out of date where the store has one', async () => {
    const reads: unknown[] = [];
    const { records } = makeWorld(() => ({
      readStale: async (key) => (reads.push(key), { value: { ...CLIENT, id: 'stale' }, version: 1 }),
    }));
    expect([(await records.findClientStale('x'))?.id, reads]).toEqual(['stale', ['client:x']]);
    expect(await makeWorld(() => ({ readStale: async () => null })).records.findClientStale('x')).toBeNull();
  });

  it('reads a grant again only if it has changed', async () => {
    const { records, store } = makeWorld((plain) => ({ read: async (key, known) => (known !== undefined && (await plain.read(key))?.version === known.version ? known : plain.read(key)) })); // prettier-ignore
    await records.openGrant(openGrant());
    const known = await records.readGrant('grant');
    expect(await records.readGrant('grant', known ?? undefined)).toBe(known);
    await store.write('grant:grant', { ...openGrant(), usedAt: 7 } as unknown as Json, 'any', {});
    expect((await records.readGrant('grant', known ?? undefined))?.value.usedAt).toBe(7);
    await store.write('grant:grant', 'x', 'any', {});
    expect(await records.readGrant('grant', known ?? undefined)).toBeNull();
  });
});

describe('core/records/records, grants', () => {
  it('are listed by user and client, access keys in a list of their own, and live as long as their tokens', async () => {
    const { records, store, clock, at } = makeWorld();
    expect([await records.openGrant(openGrant()), await records.openGrant(openGrant({ userId: 'other' }))]).toEqual([true, false]);
    await records.openGrant(openGrant({ id: 'key', key: { name: 'n' } } as unknown as Partial<Grant>));
    expect([await listed(store, 'user:user'), await listed(store, 'client:client'), await listed(store, 'keys:all')]).toEqual([['grant:grant', 'grant:key'], ['grant:grant', 'grant:key'], ['grant:key']]); // prettier-ignore
    expect((await records.grantsOf('user')).keys).toEqual(['grant:grant', 'grant:key']);
    expect((await store.all?.())?.records.map(({ index }) => index.length)).toEqual([2, 3]);
    clock.pass(59);
    expect(await at('grant:grant')).toBeDefined();
    clock.pass(1);
    expect(await at('grant:grant')).toBeUndefined();
  });

  it('are changed by a transition, tell each write, and once that they ended', async () => {
    const { records, ended, changed, clock, at } = makeWorld();
    await records.openGrant(openGrant());
    expect(await records.changeGrant('grant', (grant) => ({ grant: { ...grant, usedAt: 7 }, result: 'done' }))).toBe('done');
    expect([ended, changed, (await records.findGrant('grant'))?.usedAt]).toEqual([[], ['grant'], 7]);
    expect(await records.changeGrant('grant', () => ({ result: 'same' }))).toBe('same');
    const ahead = await records.readAhead('grant');
    expect(await records.changeGrant('grant', ({ usedAt }) => ({ result: usedAt }), { known: ahead })).toBe(7);
    expect(await records.readAhead('none')).toBeNull();
    expect(changed).toHaveLength(1);
    const error = new OAuthError('invalid_grant', 'replayed');
    await expect(records.changeGrant('grant', (grant) => ({ grant: end(grant, 'code_replayed', START), error }))).rejects.toBe(error);
    expect([ended, changed.length]).toMatchObject([[{ kind: 'grant.ended', grantId: 'grant', reason: 'code_replayed' }], 2]);
    const own: NewEvent[] = [];
    await records.changeGrant('grant', (grant) => ({ grant, result: null }), { onEnded: (event) => void own.push(event) }); // prettier-ignore
    expect([own, ended.length]).toMatchObject([[{ grantId: 'grant' }], 1]);
    clock.pass(86_399);
    expect(await at('grant:grant')).toBeDefined(); // so that a late caller is told why
    clock.pass(1);
    expect(await at('grant:grant')).toBeUndefined();
  });

  it('are removed where a full store has no room for their end, and only if that is certain and still the same grant', async () => {
    const full = new NothingDone('full');
    const faults: readonly (readonly [Error, boolean])[] = [[full, true], [new Error('wrapped', { cause: full }), true], [new Error('lost'), false], [Object.assign({}, { cause: full }) as never, false]]; // prettier-ignore
    for (const [fault, isRemoved] of faults) {
      let isFull = false;
      const { records, at, changed } = makeWorld((plain) => ({ write: async (...all) => (isFull ? Promise.reject(fault) : plain.write(...all)) }));
      await records.openGrant(openGrant());
      isFull = true;
      const work = records.changeGrant('grant', (grant) => ({ grant: end(grant, 'revoked', START), result: 'ended' }));
      if (isRemoved) expect(await work).toBe('ended');
      else await expect(work).rejects.toBe(fault);
      expect([(await at('grant:grant')) === undefined, changed]).toEqual([isRemoved, ['grant']]);
    }
  }); // prettier-ignore

  it('stay as they are where a full store has no room for a change, or another request changed them', async () => {
    let isFull = false;
    const { records, at, store } = makeWorld((plain) => ({ write: async (...all) => (isFull ? Promise.reject(new NothingDone('full')) : plain.write(...all)) })); // prettier-ignore
    await records.openGrant(openGrant());
    isFull = true;
    await expect(records.changeGrant('grant', (grant) => ({ grant: { ...grant, usedAt: 7 }, result: 0 }))).rejects.toThrow();
    const ending = records.changeGrant('grant', async (grant) => {
      await store.write('grant:grant', { ...openGrant(), usedAt: 9 } as unknown as Json, 'any', {});
      return { grant: end(grant, 'revoked', START), result: 0 };
    });
    await expect(ending).rejects.toThrow();
    expect((await at('grant:grant')) as unknown).toMatchObject({ usedAt: 9, ended: null });
  });
});

describe('core/records/records, the rest', () => {
  it('keeps a document until it is no longer fresh, over the last one', async () => {
    const { records, clock, at } = makeWorld();
    await records.saveDocument('h', CLIENT, START + 60);
    await records.saveDocument('h', { ...CLIENT, id: 'd' }, START + 60);
    expect(await at('document:h')).toEqual({ ...CLIENT, id: 'd' });
    clock.pass(60);
    expect(await at('document:h')).toBeUndefined();
    await records.saveDocument('h', CLIENT, START + 900);
    expect([await records.removeDocument('h'), await records.removeDocument('h'), await at('document:h')]).toEqual([
      true,
      false,
      undefined,
    ]);
  });

  it('keeps a pending authorization until it expires, changes it, and gives it to one caller', async () => {
    const { records, clock, at } = makeWorld();
    await records.openPending('h', PENDING);
    expect(await records.changePending('h', (one) => ({ ...one, expiresAt: START + 90 }))).toEqual({ ...PENDING, expiresAt: START + 90 });
    expect(await records.changePending('none', (one) => one)).toBeNull();
    clock.pass(89);
    expect(await at('pending:h')).toMatchObject({ expiresAt: START + 90 });
    clock.pass(1);
    expect([await at('pending:h'), await records.takePending('h')]).toEqual([undefined, false]);
    await records.openPending('h', { ...PENDING, expiresAt: START + 100 });
    clock.pass(9);
    expect([await records.takePending('h'), await records.takePending('h')]).toEqual([true, false]);
    await records.openPending('h', { ...PENDING, expiresAt: START + 100 });
    clock.pass(1);
    expect(await at('pending:h')).toBeUndefined();
  });

  it('links an identity to the first user, and lists it', async () => {
    const { records, store, at } = makeWorld();
    const candidate = (userId: string) => ({ userId, issuer: 'i', account: 'ada', createdAt: 1 });
    expect(await Promise.all(['u1', 'u2'].map((user) => records.userOf('h', candidate(user))))).toEqual(['u1', 'u1']);
    expect([await records.userOf('h', candidate('u3')), await at('identity:h')]).toEqual(['u1', { v: 1, ...candidate('u1') }]);
    expect([await listed(store, 'identities:u1'), await listed(store, 'identities:u2')]).toEqual([['identity:h'], []]);
    for (const bad of [
      { v: 2, userId: 'u', issuer: 'i' },
      { v: 1, userId: 'u' },
      { v: 1, issuer: 'i' },
    ]) {
      await store.write('identity:h', bad, 'any', {});
      await expect(records.userOf('h', candidate('u3'))).rejects.toThrow('The identity record exists but cannot be read.');
    }
  });

  it('writes nothing for an identity that it knows', async () => {
    const written: Key[] = [];
    const { records } = makeWorld((plain) => ({ write: async (...all) => (written.push(all[0]), plain.write(...all)) }));
    for (const userId of ['u1', 'u1', 'u2']) await records.userOf('h', { userId, issuer: 'i', account: 'ada', createdAt: 1 });
    expect(written).toEqual(['identity:h']);
  });

  it('keeps a session until it ends or is idle too long, lists it, and overwrites none', async () => {
    const { records, store, at, clock } = makeWorld();
    expect(lifeOfSession(SESSION)).toEqual({ until: START + 60, index: ['sessions:u'] });
    expect([lifeOfSession({ ...SESSION, idleUntil: START + 30 }).until, lifeOfSession({ ...SESSION, idleUntil: START + 90 }).until]).toEqual([START + 30, START + 60]); // prettier-ignore
    await records.openSession('h', SESSION);
    await records.openSession('h', { ...SESSION, userId: 'other' });
    expect([await at('session:h'), (await records.sessionsOf('u')).keys, await listed(store, 'sessions:u')]).toEqual([SESSION, ['session:h'], ['session:h']]); // prettier-ignore
    await records.endSession('h');
    expect(await at('session:h')).toBeUndefined();
    await records.openSession('h', SESSION);
    clock.pass(60);
    expect(await at('session:h')).toBeUndefined();
  });

  it('frees a user name for its own account only', async () => {
    const { records, store, at } = makeWorld();
    await store.write('username:h', { v: 1, accountId: 'a' }, 'any', {});
    await records.freeUsername('h', 'b');
    await records.freeUsername('none', 'a');
    expect([await records.findAccountId('h'), await records.findAccountId('none')]).toEqual(['a', null]);
    await records.freeUsername('h', 'a');
    expect(await at('username:h')).toBeUndefined();
  });

  it('changes an account, or leaves it, and removes it', async () => {
    const { records, store, at } = makeWorld();
    expect(await records.changeAccount('a', (account) => account)).toBeNull();
    await store.write('account:a', ACCOUNT, 'any', {});
    expect(await records.changeAccount('a', (account) => account && { ...account, stamp: 't' })).toEqual({ ...ACCOUNT, stamp: 't' });
    expect([await records.changeAccount('a', () => null), await at('account:a')]).toEqual([null, { ...ACCOUNT, stamp: 't' }]);
    await records.removeAccount('a');
    expect(await at('account:a')).toBeUndefined();
    await store.write('totp:x', 1, 'any', {});
    await records.removeKey('totp:x');
    expect(await at('totp:x')).toBeUndefined();
  });

  it('counts attempts in a window, takes one back, never below none, and forgets them', async () => {
    const { records, at, clock } = makeWorld();
    await records.uncount('n');
    expect(await at('limit:n')).toBeUndefined();
    expect(await records.count('n', 60, START)).toEqual({ count: 1, endsAt: START + 60 });
    clock.pass(30);
    expect(await records.count('n', 60, clock.now())).toEqual({ count: 2, endsAt: START + 60 });
    await records.uncount('n');
    expect(await at('limit:n')).toEqual({ v: 1, count: 1, endsAt: START + 60 });
    for (let times = 0; times < 3; times++) await records.uncount('n');
    expect(await at('limit:n')).toEqual({ v: 1, count: 0, endsAt: START + 60 });
    clock.pass(30);
    expect(await at('limit:n')).toBeUndefined();
    await records.count('n', 60, clock.now());
    await records.forgetCount('n');
    expect(await at('limit:n')).toBeUndefined();
  });

  it('opens a new window in place of one that a clock far ahead opened, on stores that count by themselves and on others', async () => {
    const byItself = (_: Store, whole: Store) => ({ increment: (...all: [Key, number]) => (whole.increment as NonNullable<Store['increment']>)(...all) });
    for (const by of [() => ({}), byItself]) {
      const { records, clock } = makeWorld(by);
      clock.pass(365 * 86_400);
      for (let times = 0; times < 9; times++) await records.count('n', 60, clock.now());
      clock.pass(-365 * 86_400);
      for (const count of [1, 1, 2]) expect(await records.count('n', 60, clock.now())).toEqual({ count, endsAt: START + 60 });
      clock.pass(-3600); // by so much clocks of two processes may differ
      expect(await records.count('n', 60, clock.now())).toEqual({ count: 3, endsAt: START + 60 });
      clock.pass(-1);
      expect(await records.count('n', 60, clock.now())).toEqual({ count: 1, endsAt: START - 3541 });
    }
  }); // prettier-ignore

  it('counts where a store counts by itself, and refuses for a second where that count cannot be read (F-22)', async () => {
    const asked: unknown[] = [];
    const counts = [{ count: 7, endsAt: START + 60 }, null];
    const { records, at } = makeWorld(() => ({ increment: async (...all) => (asked.push(all), counts.shift() ?? null) }));
    expect(await records.count('n', 60, START)).toEqual({ count: 7, endsAt: START + 60 });
    await expect(records.count('n', 60, START)).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'limit_unreadable', status: 503, headers: { 'retry-after': '1' } }); // prettier-ignore
    const call = ['limit:n', 60];
    expect([asked, await at('limit:n')]).toEqual([[call, call], undefined]);
  });
});
