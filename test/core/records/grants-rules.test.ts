/** Each way to list and end grants by itself: whose, which, in which order, and what is released. */
import { describe, expect, it, vi } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import * as grants from '../../../src/core/records/grants.ts';
import { isCut } from '../../../src/core/records/former.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { Grant } from '../../../src/model/grant.ts';
import type { Store } from '../../../src/model/store.ts';
import { openGrant } from '../../support/grants.ts';
import { makeServer } from '../../support/server.ts';

/** A server with these grants, whose list has pages of two, and what it releases and forgets. */
async function makeWorld(...more: readonly Partial<Grant>[]) {
  const world = makeServer();
  const { as, clock } = world;
  const now = clock.now();
  for (const [at, one] of more.entries())
    await as.records.openGrant(openGrant({ id: `g${at}`, userId: 'u1', clientId: 'c1', createdAt: now, expiresAt: now + 9000, code: null, refresh: { hash: 'h', wrappedKey: 'w', familyHash: 'f', expiresAt: now + 9000 }, ...one })); // prettier-ignore
  const [released, forgotten]: [unknown[], unknown[]] = [[], []];
  const grantsOf: AuthServer['records']['grantsOf'] = async (user, after) => {
    const { keys } = await as.records.grantsOf(user);
    const at = Number(after ?? 0);
    return { keys: keys.slice(at, at + 2), ...(at + 2 < keys.length && { next: String(at + 2) }) };
  };
  const server = {
    ...as,
    records: { ...as.records, grantsOf },
    consents: { forget: async (...all: string[]) => void forgotten.push(all), forgetAll: async (...all: string[]) => void forgotten.push(all) },
    vault: { release: async (...all: unknown[]) => void released.push(all) },
  } as unknown as AuthServer; // prettier-ignore
  const live = async (): Promise<string[]> => {
    const all = await Promise.all(more.map((one, at) => as.records.findGrant(one.id ?? `g${at}`)));
    return all.flatMap((grant) => (grant && !grant.ended ? [grant.id] : []));
  };
  return { ...world, server, released, forgotten, live };
}
const ref = (...ids: string[]): Partial<Grant> => ({ upstreams: { ids, sealed: 'x' } });
const atOnce = (work: () => Promise<unknown>): void => void work();

describe('core/records/grants', () => {
  it('lists the live grants of a user by pages', async () => {
    const { server, as, clock } = await makeWorld({}, {}, { userId: 'u2' }, { expiresAt: 1_790_000_060 }, {});
    const first = await grants.grantsOfUser(server, 'u1');
    expect([first.grants.map(({ id }) => id), first.next]).toEqual([['g0', 'g1'], '2']);
    const second = await grants.grantsOfUser(server, 'u1', first.next);
    expect([second.grants.map(({ id }) => id), 'next' in second]).toEqual([['g3', 'g4'], false]);
    const gone = { ...server, records: { ...as.records, grantsOf: async () => ({ keys: ['grant:gone', 'grant:g0'] as const }) } };
    expect((await grants.grantsOfUser(gone, 'u1')).grants.map(({ id }) => id)).toEqual(['g0']);
    clock.pass(60);
    await as.records.changeGrant('g4', (grant) => ({ grant: { ...grant, userId: 'u3' }, result: null }));
    expect((await grants.grantsOfUser(server, 'u1', '2')).grants).toEqual([]); // one has expired, one belongs to another user by now
  });

  it('ends a grant with one read of it, and with another where it changed since, on whose newer record it then builds', async () => {
    const { server, as, store } = await makeWorld({}, {});
    const reads: string[] = [];
    const read = store.read.bind(store);
    vi.spyOn(store, 'read').mockImplementation(async (...all) => (reads.push(all[0]), read(...all)));
    expect(await grants.endUserGrant(server, 'u1', 'g0')).toBe(true);
    expect(reads).toEqual(['grant:g0']);
    const forget = async (): Promise<void> => as.records.changeGrant('g1', (grant) => ({ grant: { ...grant, scope: ['new'] }, result: undefined })); // prettier-ignore
    expect(await grants.endUserGrant({ ...server, consents: { ...server.consents, forget } }, null, 'g1')).toBe(true);
    expect(await as.records.findGrant('g1')).toMatchObject({ scope: ['new'], ended: { reason: 'revoked' } });
  });

  it('ends a grant that has moved by the id that it had before', async () => {
    const { server, as, store } = await makeWorld({});
    await store.write('grant:former', { v: 1, movedTo: 'g0', move: 'm' }, 'absent');
    expect(await grants.endUserGrant(server, 'u1', 'former')).toBe(true);
    expect((await as.records.findGrant('g0'))?.ended).toMatchObject({ reason: 'revoked' });
  });

  it('ends a grant for its user only, forgets the consent first, and releases its upstream accounts', async () => {
    const { server, released, forgotten, live, as, clock } = await makeWorld(ref('r1', 'r1', 'r2'), {});
    expect([await grants.endUserGrant(server, 'u2', 'g0'), await grants.endUserGrant(server, 'u1', 'none'), forgotten]).toEqual([false, false, []]); // prettier-ignore
    expect(await grants.endUserGrant(server, 'u1', 'g0')).toBe(true);
    expect([await live(), forgotten, released]).toEqual([['g1'], [['u1', 'c1']], [['u1', ['r1', 'r2']]]]);
    expect((await as.records.findGrant('g0'))?.ended).toEqual({ at: clock.now(), reason: 'revoked' });
    expect([await grants.endUserGrant(server, 'u1', 'g0'), released.length]).toEqual([false, 1]);
    expect([await grants.endUserGrant(server, 'u1', 'g1'), released.at(-1)]).toEqual([true, ['u1', []]]);
  });

  it('disconnects a client: every grant of the user for it, over all pages, and nothing else', async () => {
    const { server, released, forgotten, live } = await makeWorld(ref('r1'), { clientId: 'c2' }, { userId: 'u2' }, ref('r2'), ref('r1'));
    await grants.disconnect(server, 'u1', 'c1', atOnce);
    expect([await live(), forgotten, released]).toEqual([['g1', 'g2'], [['u1', 'c1']], [['u1', ['r1', 'r2']]]]);
  });

  it('disconnects everything of a user', async () => {
    const { server, released, forgotten, live, as } = await makeWorld(ref('r1'), { clientId: 'c2' }, { userId: 'u2' }, ref('r2'));
    await grants.disconnectAll(server, 'u1', atOnce);
    expect((await as.records.findGrant('g0'))?.ended?.reason).toBe('revoked');
    expect([await live(), forgotten, released]).toEqual([['g2'], [['u1']], [['u1', ['r1', 'r2']]]]);
  });

  it('ends earlier grants for the same client and resource, and of a client with a document only those with the same redirect URI', async () => {
    const document = 'https://app.example/client.json';
    const resource = 'https://other.example/mcp';
    const { server, released, live } = await makeWorld(
      ref('r1'),
      { resource },
      { clientId: document, redirectUri: 'https://a.example/cb' },
      { clientId: document, redirectUri: 'https://b.example/cb' },
      { redirectUri: 'https://a.example/cb' },
      {},
    );
    const own = { userId: 'u1', clientId: 'c1', resource: openGrant().resource, redirectUri: 'https://x.example/cb' };
    await grants.disconnectOthers(server, own, 'g5');
    expect([await live(), released]).toEqual([['g1', 'g2', 'g3', 'g5'], [['u1', ['r1']]]]);
    await grants.disconnectOthers(server, { ...own, clientId: document, redirectUri: 'https://a.example/cb' }, 'new');
    expect(await live()).toEqual(['g1', 'g3', 'g5']);
  });

  it('ends with it what the same owner has in a former store, and of a client with a document that stays', async () => {
    const { as } = makeServer({ settings: { formerStore: {} as never } });
    const cuts: unknown[] = [];
    const isCutNow = async (owner: Parameters<typeof isCut>[1][number]) => isCut(as, [owner], as.now());
    const document = 'https://app.example/client.json';
    const own = { resource: 'r', redirectUri: 'https://a.example/cb' };
    await grants.disconnect(as, 'u1', 'c1', atOnce);
    await grants.disconnectOthers(as, { ...own, userId: 'u2', clientId: 'c2' }, 'new');
    await grants.disconnectOthers(as, { ...own, userId: 'u2', clientId: document }, 'new');
    await grants.disconnectAll(as, 'u3', atOnce);
    await grants.endGrants(as, { clientId: 'c4' });
    for (const owner of [{ userId: 'u1', clientId: 'c1' }, { userId: 'u2', clientId: 'c2' }, { userId: 'u2', clientId: document }, { userId: 'u3' }, { clientId: 'c4' }, { userId: 'u1' }, {}])
      cuts.push(await isCutNow(owner));
    expect(cuts).toEqual([true, true, false, true, true, false, false]);
    await grants.endGrants(as, 'all');
    expect(await isCutNow({})).toBe(true);
  }); // prettier-ignore

  it('passes over a grant that expires while grants are ended, and over no other failure', async () => {
    const { server, released } = await makeWorld(ref('r1'), ref('r2'));
    const failing = (error: Error): AuthServer => ({ ...server, records: { ...server.records, changeGrant: () => Promise.reject(error) } });
    await grants.disconnectAll(failing(new OAuthError('invalid_grant', 'grant_unknown')), 'u1', atOnce);
    expect(released).toEqual([['u1', []]]);
    for (const error of [
      new OAuthError('temporarily_unavailable', 'store_down'),
      Object.assign(new Error('x'), { reason: 'grant_unknown' }),
    ])
      await expect(grants.disconnectAll(failing(error), 'u1', atOnce)).rejects.toThrow(error);
  });

  it('lists and ends the grants of a client or of all, where the record decides', async () => {
    const { as, clock, store } = await makeWorld({}, { clientId: 'c2' }, { userId: 'u2' }, {});
    await as.records.changeGrant('g3', (grant) => ({ grant: { ...grant, clientId: 'c9' }, result: null }));
    const idsOf = async (filter: grants.GrantFilter): Promise<string[]> => (await grants.grantsOf(as, filter)).grants.map(({ id }) => id).toSorted(); // prettier-ignore
    expect(await idsOf({ clientId: 'c1' })).toEqual(['g0', 'g2']);
    expect(await idsOf({ userId: 'u1' })).toEqual(['g0', 'g1', 'g3']);
    await store.write('email:g0', { v: 1 }, 'any', {}); // another kind of record
    expect(await idsOf('all')).toEqual(['g0', 'g1', 'g2', 'g3']);
    expect([await grants.endGrants(as, { clientId: 'c1' }), await idsOf('all')]).toEqual([2, ['g1', 'g3']]);
    const few = { ...as, store: { ...store, all: undefined } as unknown as Store };
    await expect(grants.grantsOf(few, 'all')).rejects.toThrow('This store cannot list all its records');
    await as.records.changeGrant('g1', (grant) => ({ grant: { ...grant, userId: 'u9' }, result: null }));
    expect(await idsOf({ userId: 'u1' })).toEqual(['g3']);
    clock.pass(9000);
    expect(await idsOf('all')).toEqual([]);
  });

  it('goes through all pages, empty ones too, and passes the place on', async () => {
    const { as, server } = await makeWorld({}, {}, {});
    const asked: unknown[] = [];
    const pages = [{ records: [{ key: 'session:x', value: 1 }], next: 'a' }, { records: [{ key: 'grant:g0', value: 1 }, { key: 'grant:gone', value: 1 }], next: 'b' }, { records: [{ key: 'grant:g1', value: 1 }] }]; // prettier-ignore
    const all = async (after?: string) => (asked.push(after), pages[asked.length - 1]);
    const paged = { ...server, store: { ...as.store, all } as unknown as Store };
    expect(await grants.endGrants(paged, 'all')).toBe(2);
    expect(asked).toEqual([undefined, 'a', 'b']);
    asked.length = 2;
    expect('next' in (await grants.grantsOf(paged, 'all'))).toBe(false);
    asked.length = 0;
    expect(await grants.grantsOf(paged, 'all')).toEqual({ grants: [], next: 'a' });
  });
});
