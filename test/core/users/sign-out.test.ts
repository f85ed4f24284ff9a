/** Signing a user out everywhere: what ends, in which order, and what an interruption leaves to be done. */
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import { type FormerOwner, isCut } from '../../../src/core/records/former.ts';
import { isShutOut } from '../../../src/core/users/removed-users.ts';
import { disableUser, enableUser, type SignOutParts, signOut } from '../../../src/core/users/sign-out.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { FormerStore } from '../../../src/model/former.ts';
import type { Grant } from '../../../src/model/grant.ts';
import type { Key, Page, Store } from '../../../src/model/store.ts';
import { openGrant } from '../../support/grants.ts';
import { makeServer } from '../../support/server.ts';

/** Five sessions and these grants, in lists of pages of two, and what was done in order. */
async function makeWorld(...more: readonly Partial<Grant>[]) {
  const { as, clock } = makeServer();
  const now = clock.now();
  for (const [at, one] of more.entries())
    await as.records.openGrant(openGrant({ id: `g${at}`, userId: 'u1', createdAt: now, expiresAt: now + 9000, code: null, refresh: { hash: 'h', wrappedKey: 'w', familyHash: 'f', expiresAt: now + 9000 }, ...one })); // prettier-ignore
  const sessionOf = (userId: string) => ({ v: 1 as const, userId, createdAt: now, expiresAt: now + 9000, claims: { sub: userId } });
  for (const at of [0, 1, 2, 3, 4]) await as.records.openSession(`s${at}`, sessionOf('u1'));
  await as.records.openSession('other', sessionOf('u2'));
  const done: string[] = [];
  const inPages =
    (list: (userId: string) => Promise<Page>) =>
    async (userId: string, after?: string): Promise<Page> => {
      const { keys } = await list(userId);
      const from = after === undefined ? 0 : keys.findIndex((key) => key > after);
      const page = from < 0 ? [] : keys.slice(from, from + 2);
      return { keys: page, ...(from >= 0 && from + 2 < keys.length && { next: page.at(-1) ?? '' }) };
    };
  const { records } = as;
  const parts: SignOutParts = {
    ...as,
    records: {
      ...records,
      sessionsOf: inPages((userId) => records.sessionsOf(userId)),
      grantsOf: inPages((userId) => records.grantsOf(userId)),
      removeKey: async (key: Key) => (done.push(key), records.removeKey(key)),
      changeGrant: async (id, ...rest) => (done.push(`grant:${id}`), records.changeGrant(id, ...rest)),
    },
    consents: { ...as.consents, forgetAll: async (userId) => void done.push(`consents ${userId}`) },
    vault: { release: async (userId, ids) => void done.push(`release ${userId} ${ids.join(' ')}`) },
  };
  const endOf = async (id: string) => (await records.findGrant(id))?.ended;
  const isSignedIn = async (hash: string) => (await records.findSession(hash)) !== null;
  return { as, clock, parts, done, endOf, isSignedIn, out: () => signOut(parts, 'u1', clock.now()) };
}
/** Lets everything that can go on go on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
const ref = (...ids: string[]): Partial<Grant> => ({ upstreams: { ids, sealed: 'x' } });

describe('core/users/sign-out', () => {
  it('ends every session, then the consents, then every grant, over all pages, and releases each upstream account once', async () => {
    const { clock, done, endOf, isSignedIn, out } = await makeWorld(ref('r1', 'r2'), { userId: 'u2' }, {}, ref('r2', 'r3'), {}, {});
    await out();
    const sessions = ['session:s0', 'session:s1', 'session:s2', 'session:s3', 'session:s4'];
    // A grant that is stored meanwhile finds its session gone, and ends itself (SEC-053).
    expect(done).toEqual([...sessions, 'consents u1', 'grant:g0', 'grant:g2', 'grant:g3', 'grant:g4', 'grant:g5', 'release u1 r1 r2 r3']);
    for (const id of ['g0', 'g2', 'g3', 'g4', 'g5']) expect(await endOf(id)).toEqual({ reason: 'user_signed_out', at: clock.now() });
    expect([await endOf('g1'), await isSignedIn('s0'), await isSignedIn('s4'), await isSignedIn('other')]).toEqual([
      null,
      false,
      false,
      true,
    ]);
  });

  it('revokes first what the user has in a former store, so that a grant that moves meanwhile is revoked or in the list', async () => {
    const { as, clock, parts } = await makeWorld({});
    const now = clock.now();
    const isRevoked = (owner: FormerOwner, createdAt = now): Promise<boolean> => isCut(as, [owner], createdAt);
    const { sessionsOf, grantsOf } = parts.records;
    const seen: boolean[] = [];
    Object.assign(parts.records, {
      sessionsOf: async (userId: string, after?: string) => (seen.push(await isRevoked({ userId: 'u1' })), sessionsOf(userId, after)),
      grantsOf: async (userId: string, after?: string) => (seen.push(await isRevoked({ userId: 'u1' })), grantsOf(userId, after)),
    });
    await signOut(parts, 'u1', now);
    expect(seen).toEqual([false, false, false, false]); // without a former store nothing is noted
    await signOut({ ...parts, settings: { formerStore: {} as FormerStore } }, 'u1', now);
    expect(seen.slice(4)).toEqual([true, true]); // of sessions, and of grants
    expect([await isRevoked({ userId: 'u1' }, now + 1), await isRevoked({ userId: 'u2' }), await isRevoked({})]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('passes over a grant that has expired meanwhile', async () => {
    const { done, parts, endOf, out } = await makeWorld({}, ref('r1'));
    const { grantsOf } = parts.records;
    Object.assign(parts.records, { grantsOf: async () => ({ keys: ['grant:gone', ...(await grantsOf('u1')).keys] }) });
    await out();
    expect((await endOf('g1'))?.reason).toBe('user_signed_out');
    expect(done.at(-1)).toBe('release u1 r1');
  });

  it('fails where a grant could not be ended, so that it is called again', async () => {
    for (const error of [new Error('down'), new OAuthError('temporarily_unavailable', 'grant_contended'), { reason: 'grant_unknown' }]) {
      const { done, parts, endOf, out } = await makeWorld({});
      const { changeGrant } = parts.records;
      Object.assign(parts.records, { changeGrant: async () => Promise.reject(error) });
      await expect(out()).rejects.toBe(error);
      expect(done.filter((one) => one.startsWith('release'))).toEqual([]);
      Object.assign(parts.records, { changeGrant });
      await out();
      expect((await endOf('g0'))?.reason).toBe('user_signed_out');
    }
  });

  it('keeps mark and account alike where one administrator disables a user and another enables them, in every order of their steps', async () => {
    for (let order = 0; order < 256; order++) {
      for (const isOut of [false, true]) {
        const waiting: (readonly [side: number, go: () => void])[] = [];
        const sideOf = (side: number, store: Store): Store => {
          const turn = (key: Key): Promise<void> | undefined =>
            /^(?:removed|account):/.test(key) ? new Promise<void>((go) => void waiting.push([side, go])) : undefined;
          return {
            atomic: store.atomic,
            list: (...all) => store.list(...all),
            read: async (key, known) => (await turn(key), store.read(key, known)),
            write: async (key, ...rest) => (await turn(key), store.write(key, ...rest)),
            remove: async (key, ...rest) => (await turn(key), store.remove(key, ...rest)),
          };
        };
        const { clock, store, as } = makeServer();
        const { id } = await as.accounts.create({ username: 'una' });
        if (isOut) await disableUser(as, id);
        const [one, other] = [0, 1].map((side) => makeServer({ clock, store: sideOf(side, store), machine: { pause: async () => {} } }).as);
        let open = 2;
        const both = [disableUser(one as AuthServer, id), enableUser(other as AuthServer, id)].map((act) => act.finally(() => open--));
        for (let step = 0; open > 0;) {
          await settled();
          if (waiting.length === 0) await new Promise((go) => void setTimeout(go)); // for what is not done by promises alone
          else {
            const at = waiting.findIndex(([side]) => side === ((order >> step++) & 1));
            waiting.splice(Math.max(0, at), 1)[0]?.[1]();
          }
        }
        await Promise.all(both);
        const [isMarked, account] = [await isShutOut(store, id), await as.accounts.find(id)];
        expect([order, isOut, account?.disabled === true]).toEqual([order, isOut, isMarked]);
      }
    }
  });

  it('ends what was proven for an account with each change of its mark, and with no repetition', async () => {
    const { as } = await makeWorld();
    const { id } = await as.accounts.create({ username: 'una' });
    const stampOf = async () => (await as.records.findAccount(id))?.value.stamp;
    const stamps = [await stampOf()];
    for (const act of [enableUser, disableUser, disableUser, enableUser, enableUser]) {
      await act(as, id);
      stamps.push(await stampOf());
    }
    expect(stamps.map((stamp) => stamps.indexOf(stamp))).toEqual([0, 0, 2, 2, 4, 4]);
    expect(new Set(stamps)).not.toContain(undefined);
  });
});
